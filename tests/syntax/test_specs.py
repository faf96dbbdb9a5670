"""The gallery: every spec parses, stands in canonical layout, and says the same when printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from nndsl.source import Source
from nndsl.syntax.format import format_spec
from nndsl.syntax.parser import parse

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.nn")) + sorted((ROOT / "nndsl" / "std").glob("*.nn"))


def test_there_are_specs() -> None:
    assert len(SPECS) >= 23


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_is_canonical(path: Path) -> None:
    source = Source.from_path(path)
    assert format_spec(parse(source, library=True)) == source.text


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_layout_is_not_meaning(path: Path) -> None:
    """Newlines mean nothing: all on one line, without comments, is the same tree."""
    spec = parse(Source.from_path(path), library=True)
    code = spec.source.text
    for comment in reversed(spec.comments):
        code = code[: comment.span.start] + code[comment.span.end :]
    squeezed = parse(Source("one line", " ".join(code.split())), library=True)
    assert squeezed == spec
    assert parse(Source("formatted", format_spec(squeezed)), library=True) == spec


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_spans_are_places(path: Path) -> None:
    """The text at a statement's span is that statement."""
    spec = parse(Source.from_path(path), library=True)
    for item in spec.items:
        for statement in getattr(item, "body", ()):
            text = f"network N {{ {statement.span.text} }}"
            assert parse(Source("part", text)).items[0].body == (statement,)
