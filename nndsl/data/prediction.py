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
from nndsl.data.sequences import sequence_of
from nndsl.data.table import Column, Table
from nndsl.data.windows import window_of
from nndsl.semantics import model
from nndsl.semantics.walk import children, walk
from nndsl.types import Domain, length_key


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
    dataset, table = replace(dataset, bindings=usable), replace(table, columns=columns)
    return bind_values(dataset, network.inputs, table, dtype, classes, marked=window_of(network) is None)


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
    outputs: Mapping[str, Array],
    classes: Mapping[str, tuple[str, Classes | None]],
    places: Mapping[str, Array] | None = None,
) -> Iterator[Sequence[str]]:
    """A header and a row an example: `y[0], y[1], …`, and the class with the highest output.

    `classes` maps an output to the target that it was trained to tell, and the words of its classes. `places`
    are how many places of an output over a sequence each example has of its own: their classes stand in one
    cell, without the numbers behind them; numbers beyond them are left out. Shapes: (count, …) each.
    """
    places = places or {}
    shown = [name for name in outputs if name not in classes or name not in places]
    yield [
        *(classes[name][0] for name in outputs if name in classes),
        *(cell for name in shown for cell in _headings(name, outputs[name].shape[1:])),
    ]
    for i in range(min(map(len, outputs.values()), default=0)):
        of = {name: array[i] for name, array in outputs.items()}
        own = {name: int(count[i]) for name, count in places.items()}
        best = (_told(of[name], classes[name][1], own.get(name)) for name in outputs if name in classes)
        yield [*best, *(cell for name in shown for cell in _cells(of[name], own.get(name)))]


def places_of_outputs(network: model.Model, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """How many places each example has of its own in the outputs over a sequence."""
    found = {}
    for output in network.outputs:
        if sequence_of(output) is not None:
            axis = output.type.space[0]
            lengths = inputs[length_key(axis.set.name)].tolist()
            counts = (axis.extent.value({axis.set.name: length}) for length in lengths)
            found[output.name] = np.array([max(count, 0) for count in counts])
    return found


def _told(row: Array, words: Classes | None, places: int | None) -> str:
    if places is None:
        return _class(row, words)
    return " ".join(_class(place, words) for place in row[:places])


def _cells(row: Array, places: int | None) -> Iterator[str]:
    kept = row.size if places is None else row[:places].size
    for number, value in enumerate(row.ravel()):
        yield f"{value:.7g}" if number < kept else ""


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
