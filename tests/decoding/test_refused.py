"""Networks that cannot generate are refused before they are trained, with the place and the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nndsl.compiler import compile
from nndsl.diagnostics.report import render
from nndsl.source import Source

HERE = Path(__file__).parent


@pytest.mark.parametrize("path", sorted(HERE.glob("*.nn")), ids=lambda path: path.stem)
def test_refusals(path: Path, golden: Callable[[Path, str], None]) -> None:
    network = compile(Source(path.name, path.read_text(encoding="utf-8")))
    golden(path.with_suffix(".txt"), render(network.refused) + "\n")
