"""A table and a data statement -> one column for each input and target, rows of all of them in step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from nndsl.data.columns import evaluate
from nndsl.data.convert import has_sequence_axis
from nndsl.data.examples import Array
from nndsl.data.padding import lengths_of_sequences
from nndsl.data.sequences import (
    Sequences,
    aligned,
    characters,
    sequence_of,
    unshifted,
)
from nndsl.data.table import Column, Ragged, Table, one_row
from nndsl.diagnostics.catalogue import data as mistakes
from nndsl.diagnostics.diagnostic import Diagnostics, NNDSLError
from nndsl.semantics import model
from nndsl.types import Domain, IndexSet


@dataclass
class Gathered:
    """What is bound, by the name of the input or target: rows of one shape, or of unequal length.

    `sources` are the expressions that texts come from; `told` is what a network may ask for beside the
    values, by name: the lengths of the rows over each sequence.
    """

    columns: dict[str, Column] = field(default_factory=dict)
    expressions: dict[str, model.ColumnExpression] = field(default_factory=dict)
    sources: dict[str, model.ColumnExpression] = field(default_factory=dict)
    told: Mapping[str, Array] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return min(map(len, self.columns.values()), default=0)


def gather(
    dataset: model.Dataset,
    values: tuple[model.Value, ...],
    table: Table,
    diagnostics: Diagnostics,
    marked: bool = True,
) -> Gathered:
    """What the data statement binds to these values, else the columns of their names, as far as they are
    right. Texts that are shifted are `marked` at both ends.
    """
    found = Gathered()
    bound = {bind.value.name: bind.expression for bind in dataset.bindings}
    sequences: dict[IndexSet, dict[str, Sequences]] = {}
    used: dict[str, int] = {}
    for value in values:
        expression = bound.get(value.name, model.Column(value.name, span=dataset.span))
        if _is_implicit(expression, value, dataset) and value.name not in table.columns:
            diagnostics.add(_unbound(value, table, dataset))
            continue
        used |= {name: len(table.columns[name]) for name in columns_of(expression) if name in table.columns}
        found.expressions[value.name] = expression
        with diagnostics.collecting():
            column, shift = _column(value, expression, table)
            along = sequence_of(value)
            if along is not None and isinstance(column, Ragged):
                source = unshifted(expression)[0]
                sequences.setdefault(along, {})[value.name] = Sequences(column, source, shift)
                found.sources[value.name] = source
            found.columns[value.name] = column
    if len(set(used.values())) > 1:
        diagnostics.add(mistakes.DifferentLengths(counts=tuple(used.items()), span=dataset.span))
    for along, rows in sequences.items():
        found.columns |= aligned(rows | _silent(dataset, table, along, rows), marked)
    found.columns = {value.name: found.columns[value.name] for value in values if value.name in found.columns}
    spans = {name: expression.span for name, expression in found.expressions.items()}
    with diagnostics.collecting():
        found.told = lengths_of_sequences(values, found.columns, spans)
    return found


def _silent(
    dataset: model.Dataset, table: Table, along: IndexSet, given: Mapping[str, Sequences]
) -> dict[str, Sequences]:
    """What the data statement binds over a sequence beside the values asked for: it, too, takes places."""
    others: dict[str, Sequences] = {}
    for bind in dataset.bindings:
        if bind.value.name not in given and sequence_of(bind.value) == along:
            source, shift = unshifted(bind.expression)
            others[bind.value.name] = Sequences(next(iter(given.values())).rows, source, shift)
    return others


def _column(value: model.Value, expression: model.ColumnExpression, table: Table) -> tuple[Column, int]:
    """The column that is bound to a value; and how many places on it is taken, over a sequence."""
    if any(axis.set.graph is not None for axis in value.type.space):
        column = evaluate(expression, table)
        return column if isinstance(column, Ragged) else one_row(column), 0
    if sequence_of(value) is None:
        column = evaluate(expression, table)
        if isinstance(column, Ragged):
            what = f"the column '{_name(expression, value)}'"
            raise NNDSLError([mistakes.VariableLength(what=what, span=expression.span)])
        if not column.ndim:
            column = np.full(len(next(iter(table.columns.values()))), column)
        return column, 0
    source, shift = unshifted(expression)
    column = evaluate(source, table)
    if isinstance(column, Ragged):
        return column, shift
    if column.dtype == object and value.type.domain is Domain.ONEHOT:
        return characters(column.astype(str)), shift
    if not has_sequence_axis(value, column):
        return one_row(column), shift
    if not shift:
        return column, 0
    rows, places = column.shape[:2]
    return Ragged(column.reshape(-1, *column.shape[2:]), places * np.arange(rows + 1)), shift


def _name(expression: model.ColumnExpression, value: model.Value) -> str:
    return expression.name if isinstance(expression, model.Column) else value.name


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
