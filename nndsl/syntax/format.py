"""The canonical layout of a spec: `nndsl fmt`.

Two blanks a level; a declaration a line; `=` aligned in runs of layers; comments and single blank
lines kept. Formatting twice changes nothing, and the tree of the text is the tree that was printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nndsl.syntax.layout import laid_out
from nndsl.syntax.statements import INDENT, Unit, item_units
from nndsl.syntax.tree import Comment, Spec

_BLANK_LINE = re.compile(r"\n[ \t\r\f]*\n")
_SPREAD = 6  # how far heads may differ in width and still be aligned
_COMMENT_GAP = 2


@dataclass(frozen=True, slots=True)
class _Entry:
    """One unit or comment of the output, with the comment that trails it."""

    unit: Unit
    blank_before: bool
    is_comment: bool = False
    trailing: str = ""


def format_spec(spec: Spec) -> str:
    """The spec's text in canonical layout."""
    entries = _with_comments(spec)
    lines: list[tuple[str, str]] = []
    for index, (entry, text) in enumerate(zip(entries, _texts(entries), strict=True)):
        if index and _needs_blank(entries[index - 1], entry):
            lines.append(("", ""))
        *before, last = text.split("\n")
        lines += [(line, "") for line in before]
        lines.append((last, entry.trailing))
    return "".join(f"{line}\n" for line in _with_trailing(lines))


# --- units and comments in order ---------------------------------------------------


def _with_comments(spec: Spec) -> list[_Entry]:
    """Units and comments in the order of the source; a comment inside a unit goes before it."""
    entries: list[_Entry] = []
    waiting = list(reversed(spec.comments))
    text = spec.source.text
    end = 0
    for unit in (unit for item in spec.items for unit in item_units(item)):
        while waiting and waiting[-1].span.start < unit.end:
            comment = waiting.pop()
            if comment.span.start < unit.start and _trails(comment, entries, text, end):
                entries[-1] = replace(entries[-1], trailing=comment.text)
                end = comment.span.end
                continue
            depth = unit.depth + unit.closes
            place = min(comment.span.start, unit.start)
            entries.append(_own_line(comment, depth, _blank_between(text, end, place)))
            end = min(comment.span.end, unit.start)
        entries.append(_Entry(unit, _blank_between(text, end, unit.start)))
        end = unit.end
    for comment in reversed(waiting):
        if _trails(comment, entries, text, end):
            entries[-1] = replace(entries[-1], trailing=comment.text)
        else:
            entries.append(_own_line(comment, 0, _blank_between(text, end, comment.span.start)))
        end = comment.span.end
    return entries


def _trails(comment: Comment, entries: Sequence[_Entry], text: str, end: int) -> bool:
    """Whether the comment follows the last unit on its line."""
    return bool(entries) and not comment.own_line and "\n" not in text[end : comment.span.start]


def _own_line(comment: Comment, depth: int, blank: bool) -> _Entry:
    unit = Unit(depth, comment.text, comment.span.start, comment.span.end)
    return _Entry(unit, blank, is_comment=True)


def _blank_between(text: str, start: int, end: int) -> bool:
    return _BLANK_LINE.search(text, start, end) is not None


def _needs_blank(before: _Entry, entry: _Entry) -> bool:
    if before.unit.depth == 0 and before.unit.closes:
        return True
    if entry.unit.begins_item and not before.is_comment:
        return True
    opens = entry.unit.depth > before.unit.depth
    return entry.blank_before and not opens and not entry.unit.closes


# --- alignment ---------------------------------------------------------------------


def _texts(entries: Sequence[_Entry]) -> Iterator[str]:
    """The text of each entry, with the heads of neighbouring definitions equally wide."""
    widths = _head_widths(entries)
    for entry, width in zip(entries, widths, strict=True):
        margin = INDENT * entry.unit.depth
        head = entry.unit.head.ljust(width)
        yield " " * margin + laid_out((head, entry.unit.doc), margin)


def _head_widths(entries: Sequence[_Entry]) -> list[int]:
    widths: list[int] = []
    run: list[int] = []
    for index, entry in enumerate(entries):
        head = len(entry.unit.head)
        joins = bool(run) and head > 0 and not entry.blank_before
        joins = joins and max(*run, head) - min(*run, head) <= _SPREAD
        joins = joins and entries[index - 1].unit.depth == entry.unit.depth
        if not joins:
            widths += [max(run)] * len(run) if run else []
            run = []
        if head:
            run.append(head)
        else:
            widths.append(0)
    return widths + ([max(run)] * len(run) if run else [])


def _with_trailing(lines: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The lines with their trailing comments, which stand in one column in consecutive lines."""
    for index, (line, comment) in enumerate(lines):
        if not comment:
            yield line
            continue
        first = last = index
        while first > 0 and lines[first - 1][1]:
            first -= 1
        while last + 1 < len(lines) and lines[last + 1][1]:
            last += 1
        width = max(len(other) for other, _ in lines[first : last + 1])
        yield line.ljust(width + _COMMENT_GAP) + comment
