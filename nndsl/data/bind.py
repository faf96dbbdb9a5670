"""A table and a network's data statement -> the parts of a data set, ready for the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from nndsl.data.convert import Classes, DType, Origin, convert
from nndsl.data.examples import Array, Examples, Parts
from nndsl.data.folds import own_part
from nndsl.data.gathering import Gathered, gather
from nndsl.data.graph_binding import bind_graphs
from nndsl.data.padding import convert_rows
from nndsl.data.sequences import is_text, selected
from nndsl.data.split import split
from nndsl.data.table import Ragged, Table
from nndsl.data.vocabulary import vocabulary
from nndsl.data.windows import cut, window_of
from nndsl.diagnostics.catalogue import data as mistakes
from nndsl.diagnostics.diagnostic import Diagnostics, NNDSLError
from nndsl.semantics import model


def bind(
    dataset: model.Dataset, network: model.Model, table: Table, seed: int = 0, dtype: DType = np.float32
) -> Parts:
    """The three parts of a table. What the data statement does not bind gets the column of its own name.

    Where a stage learns in windows, examples are windows (see `windows`).
    Raises NNDSLError with all mistakes of the bindings at once.
    """
    if any(found.graph is not None for found in network.sets):
        return bind_graphs(dataset, network, table, seed, dtype)
    diagnostics, window = Diagnostics(), window_of(network)
    found = gather(dataset, (*network.inputs, *network.targets), table, diagnostics, marked=window is None)
    values = tuple(value for value in (*network.inputs, *network.targets) if value.name in found.columns)
    part = own_part(dataset, table, network.targets, found.columns, seed)
    if window is None:
        train, validation, test = split(found.count, part, dataset.shares, dataset.in_order, seed)
    else:
        diagnostics.raise_if_errors()
        pieces = cut(values, found.columns, window, part, dataset.shares)
        found.columns, found.told = dict(pieces.columns), pieces.told
        train, validation, test = pieces.parts
    if not len(train) and not diagnostics.errors:
        raise NNDSLError([mistakes.NoExamples(table=table.name, rows=found.count, span=dataset.span)])
    words: dict[str, Classes] = {}
    with diagnostics.collecting():
        words = _vocabularies(values, found, train)
    examples = _examples(values, found, table, dtype, words, diagnostics)
    return Parts(examples.take(train), examples.take(validation), examples.take(test))


def bind_values(
    dataset: model.Dataset,
    values: tuple[model.Value, ...],
    table: Table,
    dtype: DType = np.float32,
    classes: Mapping[str, Classes] | None = None,
    marked: bool = True,
) -> Examples:
    """All rows of a table, for these inputs and targets, in one piece each. `classes` are those that a
    training has met. Texts that are shifted are `marked` at both ends.
    """
    diagnostics = Diagnostics()
    found = gather(dataset, values, table, diagnostics, marked)
    diagnostics.raise_if_errors()
    return _examples(values, found, table, dtype, classes or {}, diagnostics)


def _vocabularies(values: tuple[model.Value, ...], found: Gathered, train: Array) -> dict[str, Classes]:
    """The words of all texts, from the rows for training. Values that read one text share theirs."""
    shared: dict[model.ColumnExpression, list[model.Value]] = {}
    for value in values:
        column = found.columns[value.name]
        if isinstance(column, Ragged) and is_text(column):
            shared.setdefault(found.sources[value.name], []).append(value)
    words: dict[str, Classes] = {}
    for source, alike in shared.items():
        rows = [found.columns[value.name] for value in alike]
        symbols = np.concatenate([selected(column, train) for column in rows if isinstance(column, Ragged)])
        limited = isinstance(source, model.Transform) and source.function == "tokens"
        size = min(value.type.units[-1] for value in alike)
        if not limited and len(distinct := np.unique(symbols)) > size:
            value = next(value for value in alike if value.type.units[-1] == size)
            mistake = mistakes.TooManyClasses(
                name=value.name,
                size=size,
                classes=tuple(distinct.tolist()),
                declared=value.span,
                span=found.expressions[value.name].span,
            )
            raise NNDSLError([mistake])
        learned = vocabulary(symbols, size)
        words |= {value.name: learned for value in alike}
    return words


def _examples(
    values: tuple[model.Value, ...],
    found: Gathered,
    table: Table,
    dtype: DType,
    classes: Mapping[str, Classes],
    diagnostics: Diagnostics,
) -> Examples:
    """Raises NNDSLError with all that is wrong so far."""
    count = found.count
    arrays: dict[str, Array] = {}
    words: dict[str, Classes] = {}
    for value in values:
        expression, column = found.expressions[value.name], found.columns[value.name]
        name = expression.name if isinstance(expression, model.Column) else value.name
        origin, known = Origin(name, table.name, expression.span), classes.get(value.name)
        with diagnostics.collecting():
            if isinstance(column, Ragged):
                cut = replace(column, starts=column.starts[: count + 1])
                arrays[value.name], met = convert_rows(value, cut, origin, dtype, known)
            else:
                arrays[value.name], met = convert(value, column[:count], origin, dtype, known)
            words |= {value.name: met} if met else {}
    diagnostics.raise_if_errors()
    told = {name: of[:count] for name, of in found.told.items()}
    return Examples(arrays | told, count, words)
