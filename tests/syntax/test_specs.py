"""The gallery: every spec parses, stands in canonical layout, and says the same when printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from nndsl.source import Source
from nndsl.syntax.format import format_spec
from nndsl.syntax.parser import parse

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.nn"))


def test_there_are_specs() -> None:
    assert len(SPECS) >= 23


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_is_canonical(path: Path) -> None:
    source = Source.from_path(path)
    assert format_spec(parse(source)) == source.text


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_layout_is_not_meaning(path: Path) -> None:
    """Newlines mean nothing: all on one line, without comments, is the same tree."""
    spec = parse(Source.from_path(path))
    code = spec.source.text
    for comment in reversed(spec.comments):
        code = code[: comment.span.start] + code[comment.span.end :]
    squeezed = parse(Source("one line", " ".join(code.split())))
    assert squeezed == spec
    assert parse(Source("formatted", format_spec(squeezed))) == spec


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_spans_are_places(path: Path) -> None:
    """The text at a statement's span is that statement."""
    spec = parse(Source.from_path(path))
    for item in spec.items:
        for statement in getattr(item, "body", ()):
            text = f"network N {{ {statement.span.text} }}"
            assert parse(Source("part", text)).items[0].body == (statement,)
