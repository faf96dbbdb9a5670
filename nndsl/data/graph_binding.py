"""Columns over nodes and edges -> examples that are data graphs, and their parts.

Each row of a table is a graph. Its edges are the column `edges`: pairs (source, target) of node numbers,
each direction an edge of its own. A set of edges `G.pairs` is the column `pairs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from nndsl.data.convert import Classes, DType, Origin, convert
from nndsl.data.examples import Array, Examples, Parts
from nndsl.data.folds import FOLDS, own_part, part_by_fold
from nndsl.data.gathering import Gathered, gather
from nndsl.data.graph_checks import ends_of, refuse_empty_maxima, refuse_no_pairs, starts_of_sets
from nndsl.data.graph_rows import Rows, graph_set_of, graph_sets
from nndsl.data.graphs import Graphs
from nndsl.data.split import split
from nndsl.data.table import Ragged, Table, one_row
from nndsl.diagnostics.catalogue import data as mistakes
from nndsl.diagnostics.catalogue import graph_data
from nndsl.diagnostics.diagnostic import Diagnostics, NNDSLError
from nndsl.semantics import model
from nndsl.source import Span
from nndsl.types import Domain, IndexSet, SetKind

MISSING = -1
"""The class number of a node or edge that has none."""


def bind_graphs(
    dataset: model.Dataset, network: model.Model, table: Table, seed: int = 0, dtype: DType = np.float32
) -> Parts:
    """The three parts of a table of graphs. Of a single graph they are parts of the nodes or edges that have
    a target: the graph is the same in all, and targets that are not a part's are missing.

    Raises NNDSLError with all mistakes of the bindings at once.
    """
    table = _one_graph(table)
    diagnostics = Diagnostics()
    values = (*network.inputs, *network.targets)
    found = gather(dataset, values, table, diagnostics)
    edges = {}
    for edge_set in graph_sets(network):
        if edge_set.kind is SetKind.EDGES:
            with diagnostics.collecting():
                edges[edge_set.name] = _edges(edge_set, table, dataset.span)
    diagnostics.raise_if_errors()
    rows = Rows(found.columns, _origins(found, table), edges, {}, table.name, dataset.span)
    examples = graph_examples(network, values, rows, dtype)
    if examples.count > 1:
        part = own_part(dataset, table, network.targets, found.columns, seed)
        chosen = split(examples.count, part, dataset.shares, dataset.in_order, seed)
        return Parts(*(examples.take(part) for part in chosen))
    return _parts_of_one(network, examples, dataset, table, seed)


def _origins(found: Gathered, table: Table) -> dict[str, Origin]:
    return {
        name: Origin(
            expression.name if isinstance(expression, model.Column) else name, table.name, expression.span
        )
        for name, expression in found.expressions.items()
    }


def _one_graph(table: Table) -> Table:
    """A table whose rows are nodes or edges, as one of a single row, which is a graph."""
    columns = dict(table.columns)
    if "edges" not in columns and {"source", "target"} <= columns.keys():
        ends = [np.asarray(columns[end]) for end in ("source", "target")]
        columns["edges"] = np.stack(ends, axis=1)
    if any(isinstance(column, Ragged) for column in columns.values()):
        return replace(table, columns=columns)
    rows = {name: one_row(column) for name, column in columns.items() if isinstance(column, np.ndarray)}
    return replace(table, columns=rows)


def _edges(edge_set: IndexSet, table: Table, span: Span) -> Ragged:
    """The column of an edge set."""
    member = edge_set.name.rpartition(".")[2]
    column = table.columns.get(edge_set.name, table.columns.get(member))
    if not isinstance(column, Ragged):
        known = tuple(table.columns)
        raise NNDSLError(
            [graph_data.NoEdges(set=edge_set.name, column=member, table=table.name, columns=known, span=span)]
        )
    return column


def graph_examples(
    network: model.Model,
    values: Iterable[model.Value],
    rows: Rows,
    dtype: DType = np.float32,
    classes: Mapping[str, Classes] | None = None,
) -> Examples:
    """The examples that rows of graphs are, for these inputs and targets.

    Raises NNDSLError where nodes do not exist, counts differ, or values do not fit.
    """
    diagnostics = Diagnostics()
    arrays: dict[str, Array] = {}
    words: dict[str, Classes] = {}
    over: dict[str, str] = {}
    for value in values:
        column, origin = rows.columns[value.name], rows.origins[value.name]
        known = (classes or {}).get(value.name)
        along = graph_set_of(value)
        with diagnostics.collecting():
            if along is None:
                assert isinstance(column, np.ndarray)
                arrays[value.name], met = convert(value, column, origin, dtype, known)
            else:
                assert isinstance(column, Ragged)
                over[value.name] = along.name
                arrays[value.name], met = _convert_places(value, column.values, origin, dtype, known)
            words |= {value.name: met} if met else {}
    diagnostics.raise_if_errors()
    for name, edges in rows.edges.items():
        with diagnostics.collecting():
            refuse_no_pairs(name, edges, rows)
    diagnostics.raise_if_errors()
    starts = starts_of_sets(network, over, rows)
    for name, edges in rows.edges.items():
        with diagnostics.collecting():
            ends = ends_of(name, edges, starts[f"{name.partition('.')[0]}.nodes"], rows)
            for place, end in enumerate((f"{name}.source", f"{name}.target")):
                arrays[end] = np.ascontiguousarray(ends[:, place], np.int32)
                over[end] = name
    diagnostics.raise_if_errors()
    graphs = Graphs(starts, over)
    refuse_empty_maxima(network, graphs, arrays, rows)
    return Examples(arrays, graphs.count, words, graphs)


def _convert_places(
    value: model.Value, places: Array, origin: Origin, dtype: DType, classes: Classes | None
) -> tuple[Array, Classes | None]:
    """A value at each node or edge; the target of one may be missing: a class of -1, or not a number."""
    place = replace(value, type=replace(value.type, space=value.type.space[1:]))
    missing = _missing(value, places)
    if not missing.any():
        return convert(place, places, origin, dtype, classes)
    filled = places.copy()
    filled[missing] = 0
    array, met = convert(place, filled, origin, dtype, classes)
    array[missing] = MISSING if array.dtype == np.int32 else np.nan
    return array, met


def _missing(value: model.Value, places: Array) -> Array:
    """Which nodes or edges have no target."""
    missing = np.zeros(len(places), bool)
    if value.kind is model.ValueKind.TARGET and places.dtype.kind in "if":
        rows = places.reshape(len(places), -1)
        missing |= np.isnan(rows).any(axis=1)
        if value.type.domain is Domain.ONEHOT and rows.shape[1] == 1:
            missing |= rows[:, 0] == MISSING
    return missing


# --- one graph ------------------------------------------------------------------------


def _parts_of_one(
    network: model.Model, examples: Examples, dataset: model.Dataset, table: Table, seed: int
) -> Parts:
    """One graph as three examples with different targets: those of each part, the others missing."""
    targets = [target.name for target in network.targets if graph_set_of(target) is not None]
    whole, none = np.arange(examples.count), np.arange(0)
    if not targets:
        return Parts(examples.take(whole), examples.take(none), examples.take(none))
    found = [dict(examples.inputs) for _ in range(3)]
    for name in targets:
        array = examples.inputs[name]
        there = np.flatnonzero(_is_there(array))
        own = _own_part(dataset.fold, array, there, table, seed)
        chosen = split(len(there), own, dataset.shares, dataset.in_order, seed)
        for inputs, rows in zip(found, chosen, strict=True):
            inputs[name] = _only(array, there[rows])
    counts = [any(_is_there(inputs[name]).any() for name in targets) for inputs in found]
    train, validation, test = (
        replace(examples, inputs=inputs, count=int(count))
        for inputs, count in zip(found, counts, strict=True)
    )
    if not train.count:
        raise NNDSLError([mistakes.NoExamples(table="the graph", rows=0)])
    return Parts(train, validation, test)


def _own_part(fold: model.Fold | None, target: Array, there: Array, table: Table, seed: int) -> Array | None:
    """The part of each node or edge that has a target: by the fold asked for, else as the data have it."""
    given = table.columns.get("part" if fold is None else FOLDS)
    own = given.values[there] if isinstance(given, Ragged) and len(given.values) == len(target) else None
    if fold is None:
        return own
    return part_by_fold(fold, len(there), own, target[there] if target.dtype == np.int32 else None, seed)


def _is_there(array: Array) -> Array:
    """Which nodes or edges have a target."""
    rows = array.reshape(len(array), -1)
    there: Array = rows != MISSING if array.dtype == np.int32 else ~np.isnan(rows)
    return np.asarray(there.all(axis=1))


def _only(array: Array, rows: Array) -> Array:
    """A target that is missing but at these nodes or edges."""
    result = np.full_like(array, MISSING if array.dtype == np.int32 else np.nan)
    result[rows] = array[rows]
    return result
