"""Text that fits a width: documents with possible line breaks, laid out in one pass.

After Wadler, "A prettier printer" (2003): a `Group` stands on one line if it fits, else all its own
`Line`s break.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WIDTH = 110


@dataclass(frozen=True, slots=True)
class Line:
    """A place to break; `flat` is what stands there otherwise."""

    flat: str = " "


@dataclass(frozen=True, slots=True)
class Group:
    parts: tuple[Doc, ...]


@dataclass(frozen=True, slots=True)
class Nest:
    """Its lines stand deeper by `indent`."""

    indent: int
    parts: tuple[Doc, ...]


Doc = str | Line | Group | Nest | tuple["Doc", ...]


def joined(separator: Doc, docs: Sequence[Doc]) -> tuple[Doc, ...]:
    parts: list[Doc] = []
    for doc in docs:
        if parts:
            parts.append(separator)
        parts.append(doc)
    return tuple(parts)


def laid_out(doc: Doc, indent: int = 0, width: int = WIDTH) -> str:
    """The document as text that begins in column `indent`, without the first line's indentation."""
    pieces: list[str] = []
    column = indent
    waiting: list[tuple[int, bool, Doc]] = [(indent, True, Group((doc,)))]
    while waiting:
        margin, flat, current = waiting.pop()
        match current:
            case str():
                pieces.append(current)
                column += len(current)
            case Line() if flat:
                pieces.append(current.flat)
                column += len(current.flat)
            case Line():
                pieces.append("\n" + " " * margin)
                column = margin
            case Group():
                flat = _fits(current, waiting, width - column)
                waiting.extend((margin, flat, part) for part in reversed(current.parts))
            case Nest():
                waiting.extend((margin + current.indent, flat, part) for part in reversed(current.parts))
            case tuple():
                waiting.extend((margin, flat, part) for part in reversed(current))
    return "".join(pieces)


def _fits(group: Group, waiting: Sequence[tuple[int, bool, Doc]], room: int) -> bool:
    """Whether the group, and what follows it on its line, fits into the room."""
    room -= flat_width(group.parts, room)
    following = _up_to_break(waiting)
    while room >= 0 and (doc := next(following, None)) is not None:
        room -= flat_width(doc)
    return room >= 0


def _up_to_break(waiting: Sequence[tuple[int, bool, Doc]]) -> Iterator[Doc]:
    """What follows on the line: all up to the next `Line` that breaks."""
    unread = len(waiting)
    following: list[tuple[bool, Doc]] = []
    while following or unread:
        if not following:
            unread -= 1
            following.append(waiting[unread][1:])
        flat, doc = following.pop()
        match doc:
            case Line() if not flat:
                return
            case str() | Line():
                yield doc
            case Group(parts):
                following.extend((False, part) for part in reversed(parts))
            case Nest(_, parts) | (*parts,):
                following.extend((flat, part) for part in reversed(parts))


def flat_width(doc: Doc, enough: int | None = None) -> int:
    """How wide the document is on one line; counting stops beyond `enough`."""
    width = 0
    waiting: list[Doc] = [doc]
    while waiting and (enough is None or width <= enough):
        match waiting.pop():
            case str() as text:
                width += len(text)
            case Line(flat):
                width += len(flat)
            case Group(parts) | Nest(_, parts):
                waiting.extend(reversed(parts))
            case tuple() as parts:
                waiting.extend(reversed(parts))
    return width


def flat_text(doc: Doc) -> str:
    """The document on one line, however long."""
    return laid_out(doc, width=flat_width(doc))
