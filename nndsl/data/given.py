"""Arrays given from Python -> examples."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from nndsl.data.convert import Classes, DType, Origin, convert
from nndsl.data.examples import Array, Examples, Parts
from nndsl.data.graph_given import given_graphs
from nndsl.data.padding import convert_rows, lengths_of_sequences
from nndsl.data.sequences import characters, sequence_of, starts_of
from nndsl.data.split import split
from nndsl.data.table import Column, Ragged
from nndsl.data.windows import in_windows, window_of
from nndsl.diagnostics.catalogue import data as mistakes
from nndsl.diagnostics.diagnostic import Diagnostics, NNDSLError
from nndsl.semantics.model import Model, Value
from nndsl.types import SetKind, length_key


def given_examples(
    network: Model,
    arrays: Mapping[str, Any],
    needed: Collection[str] | None = None,
    dtype: DType = np.float32,
    classes: Mapping[str, Classes] | None = None,
) -> Examples:
    """Numpy arrays, lists or columns of pandas, by the names of inputs and targets.

    Those `needed` must be there, all where that is None; others may. `classes` are the words that class
    numbers stand for, where a training has met them. Values over a sequence may be lists of arrays of unequal
    length; or one array, and beside it the lengths of its rows under the name of the set, `T.length`.
    Data graphs are given by their names (see `given_graphs`).

    Raises NNDSLError with all wrong names, shapes, values and lengths at once.
    """
    if any(found.graph is not None for found in network.sets):
        return given_graphs(network, arrays, needed, dtype, classes)
    diagnostics = Diagnostics()
    values = {value.name: value for value in (*network.inputs, *network.targets)}
    lengths = [length_key(found.name) for found in network.sets if found.kind is SetKind.SEQUENCE]
    for name in arrays:
        if name not in values and name not in lengths:
            diagnostics.add(mistakes.UnknownArray(name=name, known=tuple(values)))
    for name in values if needed is None else needed:
        if name not in arrays:
            kind = values[name].kind.value
            diagnostics.add(mistakes.MissingArray(kind=kind, name=name, given=tuple(arrays)))
    present = tuple(value for name, value in values.items() if name in arrays)
    found: dict[str, Array] = {}
    words: dict[str, Classes] = {}
    columns: dict[str, Column] = {}
    for value in present:
        origin = Origin(value.name, "the array given")
        column, known = _rows(value, arrays), (classes or {}).get(value.name)
        with diagnostics.collecting():
            converter = convert_rows if isinstance(column, Ragged) else convert
            found[value.name], met = converter(value, column, origin, dtype, known)
            words |= {value.name: met} if met else {}
            columns[value.name] = column if isinstance(column, Ragged) else found[value.name]
    counts = tuple((name, len(array)) for name, array in found.items() if name in values)
    if len({count for _, count in counts}) > 1:
        diagnostics.add(mistakes.DifferentLengths(counts=counts))
    with diagnostics.collecting():
        found |= lengths_of_sequences(present, columns)
    diagnostics.raise_if_errors()
    return Examples(found, counts[0][1] if counts else int(not values), words)


def _rows(value: Value, arrays: Mapping[str, Any]) -> Any:
    """What is given for a value: rows of unequal length, where they are, or where their lengths are told."""
    given, along = arrays[value.name], sequence_of(value)
    if along is None:
        return given
    if length_key(along.name) in arrays:
        array, lengths = np.asarray(given), np.asarray(arrays[length_key(along.name)])
        inside = np.arange(array.shape[1]) < lengths[:, None]
        return Ragged(array[inside], starts_of(inside.sum(axis=1)))
    if isinstance(given, Sequence) and all(isinstance(row, str) for row in given):
        return characters(given)
    if isinstance(given, Sequence) and len({len(row) for row in given}) > 1:
        return Ragged(
            np.concatenate([np.asarray(row) for row in given]), starts_of([len(row) for row in given])
        )
    return given


def given_parts(
    network: Model,
    arrays: Mapping[str, Any],
    seed: int = 0,
    dtype: DType = np.float32,
    validation: float = 0.1,
) -> Parts:
    """Arrays to train on: a share, drawn by the seed, is for validation, and nothing for a test. Of sequences
    that are learned in windows, the last part is.

    Raises NNDSLError as above, and where there is no example.
    """
    given = given_examples(network, arrays, dtype=dtype)
    if not given.count:
        raise NNDSLError([mistakes.NoExamples(table="the arrays given", rows=0)])
    shares = (1 - validation, validation, 0.0)
    window = window_of(network)
    if window is not None:
        return in_windows(network, given, window, shares)
    return Parts(*map(given.take, split(given.count, shares=shares, seed=seed)))
