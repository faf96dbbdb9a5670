"""Columns over nodes and edges -> examples that are data graphs, and their parts.

Each row of a table is a graph. Its edges are the column `edges`: pairs (source, target) of node numbers,
each direction an edge of its own. A set of edges `G.pairs` is the column `pairs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from nndsl.data.convert import Classes, DType, Origin, convert
from nndsl.data.examples import Array, Examples, Parts
from nndsl.data.gathering import Gathered, gather
from nndsl.data.graphs import Graphs
from nndsl.data.sequences import lengths_of
from nndsl.data.split import split
from nndsl.data.table import Column, Ragged, Table, one_row
from nndsl.diagnostics.catalogue import data as mistakes
from nndsl.diagnostics.catalogue import graph_data
from nndsl.diagnostics.diagnostic import Diagnostics, NNDSLError
from nndsl.semantics import model
from nndsl.semantics.walk import walk
from nndsl.source import Span
from nndsl.types import Domain, IndexSet, SetKind

MISSING = -1
"""The class number of a node or edge that has none."""


def graph_set_of(value: model.Value) -> IndexSet | None:
    """The nodes or edges of a data graph that the index space of a value begins with."""
    space = value.type.space
    return space[0].set if space and space[0].set.graph is not None else None


def graph_sets(network: model.Model) -> tuple[IndexSet, ...]:
    """All sets of data graphs that a network runs over, those of nodes first."""
    found: dict[IndexSet, None] = {}
    for expression in _expressions(network):
        for part in walk(expression):
            axes = part.axes if isinstance(part, model.Reduce) else ()
            found |= {axis.set: None for axis in (*part.type.space, *axes) if axis.set.graph is not None}
    for value in (*network.inputs, *network.targets):
        found |= {axis.set: None for axis in value.type.space if axis.set.graph is not None}
    graphs = dict.fromkeys(found_set.graph for found_set in found)
    nodes = [IndexSet(f"{graph}.nodes", SetKind.NODES, graph) for graph in graphs]
    return (*nodes, *(found_set for found_set in found if found_set.kind is SetKind.EDGES))


def _expressions(network: model.Model) -> Iterator[model.Expression]:
    for definition in network.definitions:
        yield definition.expression
    for entry in network.stages:
        for stage in entry.stages if isinstance(entry, model.Alternate) else (entry,):
            if isinstance(stage.how, model.Minimize):
                yield stage.how.objective
            yield from (measure.expression for measure in stage.measures)


@dataclass(frozen=True, slots=True)
class Rows:
    """What a network is fed, a row a graph: columns by the name of the input or target, with their origins;
    edges by the name of the set; and how many nodes each graph has, where that is told."""

    columns: Mapping[str, Column]
    origins: Mapping[str, Origin]
    edges: Mapping[str, Ragged]
    nodes: Mapping[str, Array]
    name: str
    span: Span | None = None


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
        chosen = split(examples.count, table.part, dataset.shares, dataset.in_order, seed)
        return Parts(*(examples.take(part) for part in chosen))
    part = table.columns.get("part")
    own = part.values if isinstance(part, Ragged) else None
    return parts_of_one(network, examples, own, dataset.shares, dataset.in_order, seed)


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
    starts = _starts(network, over, rows)
    for name, edges in rows.edges.items():
        with diagnostics.collecting():
            ends = _ends(name, edges, starts[f"{name.partition('.')[0]}.nodes"], rows)
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
    none = np.zeros(len(places), bool)
    if value.kind is not model.ValueKind.TARGET or places.dtype.kind not in "if":
        return none
    rows = places.reshape(len(places), -1)
    if value.type.domain is Domain.ONEHOT and rows.shape[1] == 1:
        return rows[:, 0] == MISSING
    return np.isnan(rows).any(axis=1) if places.dtype.kind == "f" else none


def _starts(network: model.Model, over: Mapping[str, str], rows: Rows) -> dict[str, Array]:
    """Where the nodes and edges of each graph begin. All columns over one set must agree."""
    starts: dict[str, Array] = {name: edges.starts for name, edges in rows.edges.items()}
    first = {name: f"{name}" for name in starts}
    for name, set_name in over.items():
        column = rows.columns[name]
        assert isinstance(column, Ragged)
        known = starts.setdefault(set_name, column.starts)
        if len(known) != len(column.starts) or (known != column.starts).any():
            raise NNDSLError([_counts_differ(name, column, first[set_name], known, set_name, rows)])
        first.setdefault(set_name, name)
    for nodes in graph_sets(network):
        if nodes.kind is SetKind.NODES and nodes.name not in starts:
            starts[nodes.name] = _counted(nodes, rows)
    return starts


def _counted(nodes: IndexSet, rows: Rows) -> Array:
    """Where nodes begin of which nothing is known but their edges: as many as the highest number asks for."""
    if nodes.name in rows.nodes:
        return np.concatenate([[0], np.cumsum(rows.nodes[nodes.name])])
    edges = next(edges for name, edges in rows.edges.items() if name.startswith(f"{nodes.graph}."))
    counts = [int(edges.row(i).max(initial=-1)) + 1 for i in range(len(edges))]
    return np.concatenate([[0], np.cumsum(counts)])


def _counts_differ(
    name: str, column: Ragged, other: str, known: Array, set_name: str, rows: Rows
) -> graph_data.GraphSizesDiffer:
    here, there = lengths_of(column), np.diff(known)
    same = len(here) == len(there)
    row = int(np.argmax(here != there)) if same else 0
    return graph_data.GraphSizesDiffer(
        name=name,
        other=other,
        set=set_name,
        row=row + 1 if same else None,
        found=int(here[row]) if same else len(here),
        expected=int(there[row]) if same else len(there),
        span=rows.origins[name].span or rows.span,
    )


def _ends(name: str, edges: Ragged, nodes: Array, rows: Rows) -> Array:
    """The ends of all edges, checked. Shape: (edges, 2)."""
    ends = edges.values
    if ends.ndim != 2 or ends.shape[1] != 2 or ends.dtype.kind not in "iu":
        shape = f"{ends.dtype} of shape {ends.shape}"
        raise NNDSLError([graph_data.NotAnEdgeList(set=name, found=shape, span=rows.span)])
    if len(edges) != len(nodes) - 1:
        mistake = graph_data.GraphSizesDiffer(
            name=name,
            other=f"{name.partition('.')[0]}.nodes",
            set="graphs",
            row=None,
            found=len(edges),
            expected=len(nodes) - 1,
            span=rows.span,
        )
        raise NNDSLError([mistake])
    graph = np.repeat(np.arange(len(edges)), lengths_of(edges))
    wrong = ((ends < 0) | (ends >= np.diff(nodes)[graph][:, None])).any(axis=1)
    if wrong.any():
        edge = int(np.argmax(wrong))
        mistake = graph_data.NodeOutOfRange(
            set=name,
            table=rows.name,
            graph=int(graph[edge]) + 1,
            edge=edge - int(edges.starts[graph[edge]]) + 1,
            ends=(int(ends[edge, 0]), int(ends[edge, 1])),
            nodes=int(np.diff(nodes)[graph[edge]]),
            span=rows.span,
        )
        raise NNDSLError([mistake])
    return ends


def refuse_empty_maxima(
    network: model.Model, graphs: Graphs, arrays: Mapping[str, Array], rows: Rows
) -> None:
    """Raises NNDSLError where a network takes a maximum over the neighbours of a node that has none."""
    for expression in _expressions(network):
        for part in walk(expression):
            match part:
                case model.Reduce(
                    operation="max" | "min" as name, neighbours=True, condition=None, axes=(edges,)
                ):
                    _refuse_isolated(name, edges.set, graphs, arrays, part.span)


def _refuse_isolated(
    operation: str, edges: IndexSet, graphs: Graphs, arrays: Mapping[str, Array], span: Span
) -> None:
    nodes = graphs.starts[f"{edges.graph}.nodes"]
    before = np.repeat(nodes[:-1], np.diff(graphs.starts[edges.name]))
    reached = np.bincount(arrays[f"{edges.name}.target"] + before, minlength=int(nodes[-1])) > 0
    if not reached.all():
        node = int(np.argmin(reached))
        graph = int(np.searchsorted(nodes, node, side="right")) - 1
        number, count = node - int(nodes[graph]), int((~reached).sum())
        mistake = graph_data.EmptyMaximum(
            operation=operation, node=number, graph=graph + 1, count=count, span=span
        )
        raise NNDSLError([mistake])


# --- one graph ------------------------------------------------------------------------


def parts_of_one(
    network: model.Model,
    examples: Examples,
    part: Array | None,
    shares: tuple[float, float, float] | None,
    in_order: bool,
    seed: int,
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
        own = part if part is not None and len(part) == len(array) else None
        chosen = split(len(there), own if own is None else own[there], shares, in_order, seed)
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


def _is_there(array: Array) -> Array:
    """Which nodes or edges have a target."""
    rows = array.reshape(len(array), -1)
    return (rows != MISSING).all(axis=1) if array.dtype == np.int32 else ~np.isnan(rows).any(axis=1)


def _only(array: Array, rows: Array) -> Array:
    """A target that is missing but at these nodes or edges."""
    result = np.full_like(array, MISSING if array.dtype == np.int32 else np.nan)
    result[rows] = array[rows]
    return result
