"""Source excerpts: lines of a file with carets and labels under the places that matter."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nndsl.source import Source, Span

TAB_WIDTH = 4
LINE_WIDTH = 140
_LEFT_CONTEXT = 40


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to underline, with what to write under it: carets for the primary, dashes for the others."""

    span: Span
    text: str
    primary: bool


@dataclass(frozen=True, slots=True)
class _Stroke:
    """The part of a mark on one line, in cells of the display."""

    start: int
    end: int
    text: str
    primary: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an excerpt: `number` of a source line, or None; `kind` says how to paint it."""

    number: int | None
    text: str
    kind: str  # "source", "primary", "secondary" or "gap"


def excerpt(source: Source, marks: Sequence[Mark]) -> Iterator[Row]:
    """The marked lines of one file in order, each followed by its underlines."""
    by_line: dict[int, list[tuple[Mark, int, int]]] = {}
    for mark in marks:
        for line, start, end in _line_parts(mark.span):
            by_line.setdefault(line, []).append((mark, start, end))
    previous = None
    for line in sorted(by_line):
        if previous is not None and line > previous + 1:
            yield Row(None, "...", "gap")
        previous = line
        yield from _marked_line(source.line(line), line, by_line[line])


def _line_parts(span: Span) -> Iterator[tuple[int, int, int]]:
    """Line, first and last column of a span; of one over several lines, its first and its last line."""
    source = span.source
    first, start = source.line_column(span.start)
    last, end = source.line_column(max(span.end, span.start))
    if end == 1 and last > first:  # it ends with a line break
        last -= 1
        end = len(source.line(last)) + 1
    if first == last:
        yield first, start, end
        return
    yield first, start, len(source.line(first)) + 1
    text = source.line(last)
    yield last, len(text) - len(text.lstrip()) + 1, end


def _marked_line(text: str, number: int, parts: Sequence[tuple[Mark, int, int]]) -> Iterator[Row]:
    cells, columns = _laid_out(text)
    strokes = []
    for mark, start, end in parts:
        continued = number != _last_line(mark)
        begin, stop = columns[min(start, len(columns)) - 1], columns[min(end, len(columns)) - 1]
        label = "" if continued else mark.text
        strokes.append(_Stroke(begin, max(stop, begin + 1), label, mark.primary))
    cells, strokes = _cropped(cells, strokes)
    yield Row(number, "".join(cells), "source")
    yield from _underlines(strokes)


def _last_line(mark: Mark) -> int:
    return max(line for line, _, _ in _line_parts(mark.span))


def _laid_out(text: str) -> tuple[list[str], list[int]]:
    """The line in cells of the display, and the cell where each character (and the line's end) begins.

    The second cell of a wide character is empty.
    """
    cells: list[str] = []
    columns = [0]
    for char in text:
        category = unicodedata.category(char)
        if char == "\t":
            cells.extend(" " * (TAB_WIDTH - len(cells) % TAB_WIDTH))
        elif category in ("Mn", "Me") and cells:  # takes no room of its own
            cells[-1] += char
        elif category in ("Cc", "Cf", "Cs"):  # would be obeyed by a terminal, or is not seen
            cells.append("\N{REPLACEMENT CHARACTER}")
        else:
            cells.append(char)
            if unicodedata.east_asian_width(char) in "WF":
                cells.append("")
        columns.append(len(cells))
    return cells, columns


def _cropped(cells: list[str], strokes: list[_Stroke]) -> tuple[list[str], list[_Stroke]]:
    """A window of a very long line that shows where its first mark begins."""
    if len(cells) <= LINE_WIDTH:
        return cells, strokes
    first = min(strokes, key=lambda stroke: (not stroke.primary, stroke.start))
    left = max(0, min(first.start - _LEFT_CONTEXT, len(cells) - LINE_WIDTH))
    right = left + LINE_WIDTH
    window = cells[left:right]
    if left:
        window[0] = "…"
    if right < len(cells):
        window[-1] = "…"
    kept = [
        replace(stroke, start=max(stroke.start - left, 0), end=min(stroke.end - left, LINE_WIDTH + 1))
        for stroke in strokes
        if stroke.end > left and stroke.start <= right
    ]
    return window, kept


def _underlines(strokes: Sequence[_Stroke]) -> Iterator[Row]:
    """The row of carets and dashes, then a row for each label that found no room beside it."""
    ordered = sorted(strokes, key=lambda stroke: (stroke.start, stroke.primary))
    cells = [" "] * max(stroke.end for stroke in ordered)
    for stroke in sorted(ordered, key=lambda stroke: stroke.primary):
        cells[stroke.start : stroke.end] = ("^" if stroke.primary else "-") * (stroke.end - stroke.start)
    waiting = [stroke for stroke in ordered if stroke.text]
    rightmost = max(ordered, key=lambda stroke: stroke.end)
    line = "".join(cells)
    if waiting and waiting[-1] is rightmost:
        line = f"{line} {waiting.pop().text}"
    yield Row(None, line, _kind(any(stroke.primary for stroke in ordered)))
    if waiting:
        yield Row(None, _pillars(waiting), _kind(False))
    while waiting:
        stroke = waiting.pop()
        yield Row(None, _pillars(waiting).ljust(stroke.start) + stroke.text, _kind(stroke.primary))


def _pillars(strokes: Sequence[_Stroke]) -> str:
    row = ""
    for stroke in strokes:
        row = row.ljust(stroke.start) + ("|" if len(row) <= stroke.start else "")
    return row


def _kind(primary: bool) -> str:
    return "primary" if primary else "secondary"
