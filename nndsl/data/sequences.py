"""Sequences of unequal length: shifted, marked, cut into windows, and padded to arrays.

A row of text has one symbol a place: its characters, or what `tokens` makes of it. Where values over one
sequence are shifted against each other, `next(x)` or `previous(x)`, each keeps the places at which all of
them have something. A text gets the mark `</s>` before its beginning and after its end there, so that with
`x = text, y = next(text)` the row `emma` becomes

    x    </s>  e  m  m  a
    y    e     m  m  a  </s>

A text that is cut into windows is running text, and gets no marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nndsl.data.examples import Array
from nndsl.data.table import Ragged
from nndsl.semantics import model
from nndsl.types import IndexSet, SetKind

MARK = "</s>"
"""Stands before the beginning and after the end of a text."""

IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[{IDEOGRAPHS}]|[^\W{IDEOGRAPHS}]+(?:['’][^\W{IDEOGRAPHS}]+)*|[^\w\s]|_")


@dataclass(frozen=True, slots=True)
class Sequences:
    """Rows of unequal length, taken `shift` places on. `source` is the expression without the shift."""

    rows: Ragged
    source: model.ColumnExpression
    shift: int = 0

    @property
    def is_text(self) -> bool:
        return is_text(self.rows)


def is_text(rows: Ragged) -> bool:
    """Whether the rows are of symbols, and not of numbers."""
    return bool(rows.values.dtype.kind == "U")


def sequence_of(value: model.Value) -> IndexSet | None:
    """The sequence that the index space of an input or target begins with."""
    space = value.type.space
    return space[0].set if space and space[0].set.kind is SetKind.SEQUENCE else None


def unshifted(expression: model.ColumnExpression) -> tuple[model.ColumnExpression, int]:
    """An expression without the `next` and `previous` around it, and how many places on they take it."""
    match expression:
        case model.Transform(function="next" | "previous" as function, arguments=(inner,)):
            source, shift = unshifted(inner)
            return source, shift + (1 if function == "next" else -1)
        case _:
            return expression, 0


def words(texts: Iterable[str]) -> Ragged:
    """The words of each text; of scripts that part no words, the characters; and all other signs."""
    return ragged([_TOKEN.findall(text) for text in texts])


def characters(texts: Iterable[str]) -> Ragged:
    """The characters of each text."""
    strings = list(texts)
    values = np.array(list("".join(strings)), dtype="U1")
    return Ragged(values, starts_of([len(text) for text in strings]))


def ragged(rows: list[list[str]]) -> Ragged:
    return Ragged(
        np.array([symbol for row in rows for symbol in row], dtype="U"), starts_of(list(map(len, rows)))
    )


def starts_of(lengths: Sequence[int] | Array) -> Array:
    """Where rows of these lengths begin, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(np.asarray(lengths, np.int64))]).astype(np.int64)


def lengths_of(rows: Ragged) -> Array:
    return np.diff(rows.starts)


def aligned(found: Mapping[str, Sequences], marked: bool) -> dict[str, Ragged]:
    """The rows of all values over one sequence, at the places that all of them have.

    Texts are `marked` at both ends, if any value is shifted.
    """
    shifts = [0, *(sequences.shift for sequences in found.values())]
    first, last = min(shifts), max(shifts)
    result = {}
    for name, sequences in found.items():
        rows = sequences.rows
        if marked and first != last and sequences.is_text:
            rows = with_marks(rows)
        result[name] = trimmed(rows, sequences.shift - first, last - sequences.shift)
    return result


def with_marks(rows: Ragged) -> Ragged:
    """Each row between two marks."""
    starts = rows.starts + 2 * np.arange(len(rows.starts))
    values = np.full(starts[-1], MARK, dtype=np.promote_types(rows.values.dtype, f"U{len(MARK)}"))
    values[places(starts[:-1] + 1, lengths_of(rows))] = rows.values
    return Ragged(values, starts)


def trimmed(rows: Ragged, before: int, after: int) -> Ragged:
    """Each row without so many places at its ends."""
    if not before and not after:
        return rows
    lengths = np.maximum(lengths_of(rows) - before - after, 0)
    return Ragged(rows.values[places(rows.starts[:-1] + before, lengths)], starts_of(lengths))


def places(first: Array, counts: Array) -> Array:
    """Runs of so many numbers, each from its first, one after the other."""
    runs = starts_of(counts)
    found: Array = np.arange(runs[-1]) + np.repeat(first - runs[:-1], counts)
    return found


def windows(rows: Ragged, size: int) -> tuple[Ragged, Array]:
    """Each row in pieces of `size` places, of which the last may be shorter; and whose row each piece is."""
    counts = -(-lengths_of(rows) // size)
    owner = np.repeat(np.arange(len(rows)), counts)
    first = rows.starts[owner] + size * (np.arange(len(owner)) - starts_of(counts)[owner])
    return replace(rows, starts=np.append(first, rows.starts[-1])), owner


def selected(rows: Ragged, chosen: Array) -> Array:
    """The values of some rows, one row after the other."""
    return rows.values[places(rows.starts[chosen], lengths_of(rows)[chosen])]


def padded_bytes(rows: Ragged, width_bytes: int) -> int:
    """How much memory the padded array takes."""
    longest = int(lengths_of(rows).max(initial=0))
    return len(rows) * longest * width_bytes * int(np.prod(rows.values.shape[1:]))


def padded(rows: Ragged, fill: int | None = None) -> Array:
    """All rows as long as the longest. Shape: (rows, longest, …).

    Beyond its end a row is `fill`, or its last value again, of which a layer makes nothing worse than of the
    row's own (zeros for a row of no length).
    """
    lengths = lengths_of(rows)
    longest = int(lengths.max(initial=0))
    inside = np.arange(longest) < lengths[:, None]
    result = np.zeros((*inside.shape, *rows.values.shape[1:]), rows.values.dtype)
    if fill is not None:
        result[...] = fill
        result[inside] = rows.values
    else:
        has = lengths > 0
        nearest = np.minimum(np.arange(longest), lengths[has][:, None] - 1)
        result[has] = rows.values[rows.starts[:-1][has][:, None] + nearest]
    return result
