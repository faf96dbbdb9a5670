"""Rows of unequal length -> arrays as long as the longest, and how long each row is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from nndsl.data.convert import Classes, DType, Origin, convert
from nndsl.data.examples import Array
from nndsl.data.formats import memory_for_data_bytes
from nndsl.data.sequences import is_text, lengths_of, padded, padded_bytes
from nndsl.data.table import Column, Ragged
from nndsl.data.vocabulary import encoded, vocabulary
from nndsl.diagnostics.catalogue import data as mistakes
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.semantics.model import Value
from nndsl.source import Span
from nndsl.types import Domain, IndexSet, SetKind, length_key

MISSING = -1
"""The class number of a place that has none."""


def convert_rows(
    value: Value, rows: Ragged, origin: Origin, dtype: DType, classes: Classes | None = None
) -> tuple[Array, Classes | None]:
    """The padded array of a value over a sequence, as `Examples` describes it, and the words of its classes.

    A text without known classes makes its own. Raises NNDSLError as `convert` does, and before taking more
    memory than there is for data.
    """
    items = rows.values[: rows.starts[-1]]
    if is_text(rows):
        met: Classes | None = classes or vocabulary(items, value.type.units[-1])
        assert met is not None
        coded, strange = encoded(Ragged(items, rows.starts), met)
        if strange is not None:
            raise NNDSLError([_unknown(value, strange, len(met), origin)])
    else:
        place = replace(value, type=replace(value.type, space=value.type.space[1:]))
        converted, met = convert(place, items, origin, dtype, classes)
        coded = Ragged(converted, rows.starts)
    _refuse_beyond_memory(value, coded, origin)
    return pad_rows(value, coded), met


def pad_rows(value: Value, rows: Ragged) -> Array:
    """The padded array of a value over a sequence; classes are missing beyond the end of a row."""
    return padded(rows, MISSING if value.type.domain is Domain.ONEHOT else None)


def lengths_of_sequences(
    values: Iterable[Value], columns: Mapping[str, Column], spans: Mapping[str, Span] | None = None
) -> dict[str, Array]:
    """How long each row is over each sequence, by the name under which a network asks for it.

    Raises NNDSLError where two values over one sequence differ in a row; `spans` are where they are bound.
    """
    found: dict[str, tuple[Value, Array]] = {}
    for value in values:
        for number, axis in enumerate(value.type.space):
            if axis.set.kind is SetKind.SEQUENCE and value.name in columns:
                lengths = _lengths(columns[value.name], number)
                first, expected = found.setdefault(length_key(axis.set.name), (value, lengths))
                rows = min(len(lengths), len(expected))
                if (lengths[:rows] != expected[:rows]).any():
                    span = (spans or {}).get(value.name)
                    raise NNDSLError([_different(axis.set, value, lengths, first, expected, span)])
    return {name: lengths for name, (_, lengths) in found.items()}


def _lengths(column: Column, number: int) -> Array:
    """How long the rows of a column are along one axis of their index space."""
    if isinstance(column, Ragged):
        places = lengths_of(column) if not number else np.full(len(column), column.values.shape[number])
        return places.astype(np.int32)
    return np.full(len(column), column.shape[1 + number], np.int32)


def _different(
    along: IndexSet, value: Value, lengths: Array, first: Value, expected: Array, span: Span | None
) -> mistakes.SequencesDiffer:
    rows = min(len(lengths), len(expected))
    row = int(np.argmax(lengths[:rows] != expected[:rows]))
    return mistakes.SequencesDiffer(
        name=value.name,
        declared=value.span,
        span=span,
        other=first.name,
        sequence=along.name,
        row=row + 1,
        length=int(lengths[row]),
        other_length=int(expected[row]),
    )


def _refuse_beyond_memory(value: Value, rows: Ragged, origin: Origin) -> None:
    needed, available = padded_bytes(rows, rows.values.dtype.itemsize), memory_for_data_bytes()
    if needed > available:
        mistake = mistakes.SequencesTooLong(
            name=value.name,
            rows=len(rows),
            longest=int(lengths_of(rows).max()),
            needed_bytes=needed,
            available_bytes=available,
            declared=value.span,
            span=origin.span,
        )
        raise NNDSLError([mistake])


def _unknown(value: Value, symbol: str, known: int, origin: Origin) -> mistakes.UnknownSymbol:
    return mistakes.UnknownSymbol(
        name=value.name, symbol=symbol, known=known, declared=value.span, span=origin.span
    )
