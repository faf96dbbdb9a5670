"""Long sequences in windows, none of which lies in two parts of the data.

The places of all sequences, one after the other, are split in order; each part's stretch of a sequence is cut
into windows, of which the last may be shorter. What is learned from, and what it is tested on, thus does not
depend on how long the windows are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nndsl.data.examples import Array, Examples, Parts
from nndsl.data.padding import pad_rows
from nndsl.data.sequences import lengths_of, sequence_of, starts_of, windows
from nndsl.data.split import Split, split
from nndsl.data.table import Column, Ragged
from nndsl.diagnostics.catalogue import data as mistakes
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.semantics import model
from nndsl.types import begin_key, length_key


@dataclass(frozen=True)
class Cut:
    """All values in windows. `parts` are the numbers of the windows for training, validation and test;
    `told` is what a network may ask for beside the values: each window's length, and whether it is the first
    of its stretch.
    """

    columns: Mapping[str, Ragged]
    parts: Split
    told: Mapping[str, Array]


def cut(
    values: tuple[model.Value, ...],
    columns: Mapping[str, Column],
    window: int,
    part: Array | None = None,
    shares: tuple[float, float, float] | None = None,
) -> Cut:
    """Rows of unequal length, of values over one sequence, in windows.

    `part` (rows,) is the data's own split, and `shares` are those asked for. Raises NNDSLError where a value
    is no sequence, or lies over another one.
    """
    rows = {value.name: _sequences(value, columns[value.name], values[0], window) for value in values}
    some = next(iter(rows.values()))
    places = None if part is None else np.repeat(part[: len(some)], lengths_of(some))
    chosen = split(int(some.starts[-1]), places, shares, in_order=True)
    borders = [place for numbers in chosen for place in (*numbers[:1], *(numbers[-1:] + 1))]
    starts = np.unique(np.concatenate([some.starts, np.array(borders, np.int64)]))
    found, owner = windows(Ragged(some.values, starts), window)
    along = sequence_of(values[0])
    assert along is not None

    def where(places: Array) -> Array:
        return np.flatnonzero(np.isin(found.starts[:-1], places))

    return Cut(
        {name: Ragged(column.values, found.starts) for name, column in rows.items()},
        (where(chosen[0]), where(chosen[1]), where(chosen[2])),
        {
            length_key(along.name): lengths_of(found).astype(np.int32),
            begin_key(along.name): np.diff(owner, prepend=-1).astype(bool).astype(np.int32),
        },
    )


def in_windows(
    network: model.Model, whole: Examples, window: int, shares: tuple[float, float, float]
) -> Parts:
    """Examples that are whole sequences, cut into windows and split in order. Raises NNDSLError as `cut`."""
    values = (*network.inputs, *network.targets)
    found = cut(values, {v.name: _unpadded(v, whole) for v in values}, window, shares=shares)
    arrays = {value.name: pad_rows(value, found.columns[value.name]) for value in values}
    examples = Examples({**arrays, **found.told}, sum(map(len, found.parts)), whole.classes)
    return Parts(*map(examples.take, found.parts))


def _unpadded(value: model.Value, whole: Examples) -> Column:
    """The rows of a value over a sequence, each of its own length; any other value as it is."""
    array, along = whole.inputs[value.name], sequence_of(value)
    if along is None:
        return array
    lengths = whole.inputs[length_key(along.name)]
    return Ragged(array[np.arange(array.shape[1]) < lengths[:, None]], starts_of(lengths))


def _sequences(value: model.Value, column: Column, first: model.Value, window: int) -> Ragged:
    along = sequence_of(value)
    reason = "which is no sequence of places"
    if along is not None and along == sequence_of(first):
        if isinstance(column, Ragged):
            return column
        rows, places = column.shape[:2]
        return Ragged(column.reshape(-1, *column.shape[2:]), places * np.arange(rows + 1))
    if along is not None:
        reason = f"which lies over {along.name}, another sequence than '{first.name}'"
    mistake = mistakes.WindowCuts(
        name=value.name, window=window, reason=reason, declared=value.span, span=value.span
    )
    raise NNDSLError([mistake])


def window_of(network: model.Model) -> int | None:
    """How many places long the windows are that sequences are cut into."""
    stages = [
        part
        for stage in network.stages
        for part in (stage.stages if isinstance(stage, model.Alternate) else (stage,))
    ]
    given = {stage.window: stage for stage in stages if stage.window is not None}
    if len(given) > 1:
        first, second, *_ = given
        mistake = mistakes.WindowCuts(
            name=given[second].name,
            window=first,
            reason=f"a stage with 'window {second}'",
            span=given[second].span,
        )
        raise NNDSLError([mistake])
    return next(iter(given), None)
