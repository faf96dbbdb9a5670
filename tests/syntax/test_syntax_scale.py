"""Thousands of layers: no recursion over them."""

from __future__ import annotations

from nndsl.source import Source
from nndsl.syntax.format import format_spec
from nndsl.syntax.parser import parse
from nndsl.syntax.recovery.recover import syntax_errors


def _layers(count: int) -> str:
    lines = [f"  layer h{i}[16] = relu(full(h{i - 1}) + bias)  # {i}" for i in range(1, count + 1)]
    return "\n".join(["network Deep {", "  input h0[16]", *lines, "}", ""])


def test_two_thousand_layers() -> None:
    source = Source("deep", _layers(2000))
    spec = parse(source)
    formatted = format_spec(spec)
    assert parse(Source("formatted", formatted)) == spec


def test_many_mistakes_are_told() -> None:
    """Twenty mistakes in a long file; more are not told."""
    text = _layers(2000)
    for number in range(50, 2000, 100):
        text = text.replace(f"layer h{number}[16]", f"layer h{number}[16")
    assert len(syntax_errors(Source("deep", text))) == 20
