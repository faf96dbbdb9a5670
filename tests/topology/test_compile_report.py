"""What `nndsl compile` prints fits a hundred columns and shows the figures of the lecture."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from test_counting import SPECS

from nndsl.compiler import compile
from nndsl.source import Source

WIDTH = 100
NAMES = sorted(path.stem for path in SPECS.glob("*.nn"))


def printed(spec: str | Source) -> str:
    text = io.StringIO()
    network = compile(SPECS / f"{spec}.nn" if isinstance(spec, str) else spec)
    Console(width=WIDTH, color_system=None, file=text).print(network.report())
    return text.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_fits_the_terminal(name: str) -> None:
    lines = printed(name).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert not any("…" in line for line in lines)


def test_lecture_figures() -> None:
    text = printed("lecture_cnn")
    for figure in ("[4] over 196x196", "[4] over 98x98", "[7] over 96x96", "[7] over 48x48"):
        assert figure in text
    assert "25 a map" in text
    assert "36 a map" in text


def test_lenet_numbers() -> None:
    """61,706 numbers, as this variant of LeNet-5 (all c2 maps see all s1 maps) is widely reported to have."""
    assert "61,706" in printed("lenet")


def test_what_cannot_run_is_said() -> None:
    text = printed(Source("<test>", "network D { input x over (r, c)  output y = argmin(x over (r, c)) }"))
    assert "cannot be run yet" in text
    assert "E0809" in text
