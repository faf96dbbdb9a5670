"""A spec with the blocks that it imports written into it, so that it can be kept by itself."""

from __future__ import annotations

from collections.abc import Iterator

from nndsl.semantics.files import beside
from nndsl.source import Source
from nndsl.syntax import tree
from nndsl.syntax.parser import parse


def self_contained(spec: tree.Spec) -> str:
    """The text of a checked spec in which every import gives way to the blocks of that file."""
    text = spec.source.text
    seen = {spec.source.name}
    parts, end = [], 0
    for item in spec.items:
        if isinstance(item, tree.Import):
            parts += [text[end : item.span.start], *_blocks(item, spec.source, seen)]
            end = item.span.end
    return "".join([*parts, text[end:]])


def _blocks(item: tree.Import, importing: Source, seen: set[str]) -> Iterator[str]:
    """What an imported file, and those that it imports in turn, adds; a file adds itself only once."""
    source = beside(item.path.value, importing)
    if source is None or source.name in seen:
        return
    seen.add(source.name)
    yield f"# from {item.path.value}\n"
    for part in parse(source, library=True).items:
        match part:
            case tree.Import():
                yield from _blocks(part, source, seen)
            case tree.Block() | tree.Use():
                yield f"{part.span.text}\n"
