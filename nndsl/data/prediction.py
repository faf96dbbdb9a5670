"""A table to predict from -> the inputs of a network; its outputs -> rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from nndsl.data.bind import bind_values
from nndsl.data.convert import Classes, DType
from nndsl.data.examples import Array, Examples
from nndsl.data.formats import holds_numbers
from nndsl.data.gathering import columns_of
from nndsl.data.table import Column, Table
from nndsl.semantics import model
from nndsl.semantics.walk import children, walk
from nndsl.types import Domain


def prediction_inputs(
    network: model.Model,
    table: Table,
    dtype: DType = np.float32,
    classes: Mapping[str, Classes] | None = None,
) -> Examples:
    """What the inputs get from a table that may lack everything else.

    An input gets what the data statement binds to it, where the table has those columns; else the column
    of its own name; else, if it is the only input, all columns of numbers in their order, as the one column
    that the data statement would read. Raises NNDSLError as binding does.
    """
    dataset = network.dataset or _no_data(network)
    expressions = {bound.value.name: bound.expression for bound in dataset.bindings}
    columns = dict(table.columns)
    if len(network.inputs) == 1:
        value = network.inputs[0]
        wanted = set(columns_of(expressions.get(value.name, model.Column(value.name, span=value.span))))
        if len(wanted) == 1 and not wanted & columns.keys() and value.name not in columns:
            columns[wanted.pop()] = _sheet(columns, _of_targets(network, expressions))
    usable = tuple(
        bound for bound in dataset.bindings if all(name in columns for name in columns_of(bound.expression))
    )
    return bind_values(
        replace(dataset, bindings=usable), network.inputs, replace(table, columns=columns), dtype, classes
    )


def _no_data(network: model.Model) -> model.Dataset:
    return model.Dataset("", False, (), span=network.inputs[0].span)


def _of_targets(network: model.Model, expressions: Mapping[str, model.ColumnExpression]) -> set[str]:
    names = {target.name for target in network.targets}
    bound = (columns_of(expressions[name]) for name in names if name in expressions)
    return names.union(*bound)


def _sheet(columns: Mapping[str, Column], without: set[str]) -> Array:
    """All single columns of numbers side by side."""
    kept = [
        column
        for name, column in columns.items()
        if isinstance(column, np.ndarray)
        and column.ndim == 1
        and holds_numbers(column)
        and name not in without
    ]
    return np.stack(kept, axis=1) if kept else np.empty((0, 0))


def prediction_rows(
    outputs: Mapping[str, Array], classes: Mapping[str, tuple[str, Classes | None]]
) -> Iterator[Sequence[str]]:
    """A header and a row an example: `y[0], y[1], …`, and the class with the highest output.

    `classes` maps an output to the target that it was trained to tell, and the words of its classes.
    Shapes: (count, …) each.
    """
    flat = {name: array.reshape(len(array), -1) for name, array in outputs.items()}
    yield [
        *(classes[name][0] for name in outputs if name in classes),
        *(cell for name, array in outputs.items() for cell in _headings(name, array.shape[1:])),
    ]
    for i in range(min(map(len, flat.values()), default=0)):
        best = (_class(array[i], classes[name][1]) for name, array in flat.items() if name in classes)
        yield [*best, *(f"{value:.7g}" for array in flat.values() for value in array[i])]


def _headings(name: str, shape: tuple[int, ...]) -> list[str]:
    if all(size == 1 for size in shape):
        return [name]
    return [f"{name}[{','.join(map(str, place))}]" for place in product(*map(range, shape))]


def _class(row: Array, words: Classes | None) -> str:
    best = int(row.argmax())
    return words[best] if words and best < len(words) else str(best)


def told_classes(network: model.Model) -> Mapping[str, str]:
    """The outputs that are trained or measured against a onehot target, with that target's name."""
    return {
        output.name: target.name
        for expressions in _objectives(network)
        for output in expressions
        if output.kind is model.ValueKind.OUTPUT
        for target in expressions
        if target.kind is model.ValueKind.TARGET and target.type == replace(output.type, domain=Domain.ONEHOT)
    }


def _objectives(network: model.Model) -> Iterator[list[model.Value]]:
    """The values that each learning rule, and each function in an objective or measure, brings together."""
    for stage in network.stages:
        for part in stage.stages if isinstance(stage, model.Alternate) else (stage,):
            roots = [measure.expression for measure in part.measures]
            if isinstance(part.how, model.Minimize):
                roots.append(part.how.objective)
            if isinstance(part.how, model.Rule):
                yield _references(part.how.arguments)
            for root in roots:
                for expression in walk(root):
                    yield _references(children(expression))


def _references(expressions: Sequence[model.Expression]) -> list[model.Value]:
    return [expression.value for expression in expressions if isinstance(expression, model.Reference)]
