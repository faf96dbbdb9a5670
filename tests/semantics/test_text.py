"""What `--emit model` prints, spec by spec."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nndsl.semantics.text import print_model
from tests.semantics.checking import SPECS, model_of

MODELS = Path(__file__).parent / "models"


@pytest.mark.parametrize("name", sorted(path.stem for path in SPECS.glob("*.nn")))
def test_printed_models(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(MODELS / f"{name}.txt", print_model(model_of(name)))


def test_checking_twice_gives_the_same_text() -> None:
    assert print_model(model_of("transformer")) == print_model(model_of("transformer"))
