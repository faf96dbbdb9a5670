"""A table and a network's data statement -> the parts of a data set, ready for the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from nndsl.data.columns import evaluate
from nndsl.data.convert import Classes, DType, Origin, convert
from nndsl.data.examples import Array, Examples, Parts
from nndsl.data.split import split
from nndsl.data.table import Ragged, Table
from nndsl.diagnostics.catalogue import data as mistakes
from nndsl.diagnostics.diagnostic import Diagnostics, NNDSLError
from nndsl.semantics import model


def bind(
    dataset: model.Dataset, network: model.Model, table: Table, seed: int = 0, dtype: DType = np.float32
) -> Parts:
    """The three parts of a table. What the data statement does not bind gets the column of its own name.

    Raises NNDSLError with all mistakes of the bindings at once.
    """
    examples = bind_values(dataset, (*network.inputs, *network.targets), table, dtype)
    train, validation, test = split(examples.count, table.part, dataset.shares, dataset.in_order, seed)
    if not len(train):
        raise NNDSLError([mistakes.NoExamples(table=table.name, rows=examples.count, span=dataset.span)])
    return Parts(examples.take(train), examples.take(validation), examples.take(test))


def bind_values(
    dataset: model.Dataset,
    values: tuple[model.Value, ...],
    table: Table,
    dtype: DType = np.float32,
    classes: Mapping[str, Classes] | None = None,
) -> Examples:
    """All rows of a table, for these inputs and targets. `classes` are those that a training has met."""
    diagnostics = Diagnostics()
    bound = {bind.value.name: bind.expression for bind in dataset.bindings}
    found: dict[str, tuple[Array, Classes | None]] = {}
    used: dict[str, int] = {}
    for value in values:
        expression = bound.get(value.name, model.Column(value.name, span=dataset.span))
        if _is_implicit(expression, value, dataset) and value.name not in table.columns:
            diagnostics.add(_unbound(value, table, dataset))
            continue
        used |= {name: len(table.columns[name]) for name in columns_of(expression) if name in table.columns}
        with diagnostics.collecting():
            found[value.name] = _bound(value, expression, table, dtype, (classes or {}).get(value.name))
    if len(set(used.values())) > 1:
        diagnostics.add(mistakes.DifferentLengths(counts=tuple(used.items()), span=dataset.span))
    diagnostics.raise_if_errors()
    count = min(len(array) for array, _ in found.values())
    words = {name: classes for name, (_, classes) in found.items() if classes}
    return Examples({name: array[:count] for name, (array, _) in found.items()}, count, words)


def _bound(
    value: model.Value,
    expression: model.ColumnExpression,
    table: Table,
    dtype: DType,
    classes: Classes | None,
) -> tuple[Array, Classes | None]:
    name = expression.name if isinstance(expression, model.Column) else value.name
    column = evaluate(expression, table)
    if isinstance(column, Ragged):
        what = f"the column '{name}'"
        raise NNDSLError([mistakes.VariableLength(what=what, span=expression.span)])
    if not column.ndim:
        column = np.full(len(next(iter(table.columns.values()))), column)
    return convert(value, column, Origin(name, table.name, expression.span), dtype, classes)


def _is_implicit(expression: model.ColumnExpression, value: model.Value, dataset: model.Dataset) -> bool:
    """Whether the data statement says nothing of a value, which then gets the column of its name."""
    return (
        isinstance(expression, model.Column)
        and expression.name == value.name
        and expression.span == dataset.span
    )


def _unbound(value: model.Value, table: Table, dataset: model.Dataset) -> mistakes.UnboundValue:
    """Offers a column that nothing is bound to."""
    bound = {name for binding in dataset.bindings for name in columns_of(binding.expression)}
    free = [name for name in table.columns if name not in bound]
    return mistakes.UnboundValue(
        kind=value.kind.value,
        name=value.name,
        table=table.name,
        columns=tuple(table.columns),
        likely=next(iter(free), "column"),
        declared=value.span,
        span=dataset.span,
    )


def columns_of(expression: model.ColumnExpression) -> Iterator[str]:
    """The names of all columns that an expression uses."""
    match expression:
        case model.Column(name=name):
            yield name
        case model.Transform(arguments=arguments):
            for argument in arguments:
                yield from columns_of(argument)
