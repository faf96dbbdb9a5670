"""Graphs given from Python, as networkx graphs or edge lists -> examples."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nndsl.data.convert import Classes, DType, Origin
from nndsl.data.examples import Array, Examples
from nndsl.data.formats import read_table
from nndsl.data.graph_binding import graph_examples
from nndsl.data.graph_rows import Rows, graph_set_of, graph_sets
from nndsl.data.sequences import starts_of
from nndsl.data.table import Column, Ragged
from nndsl.diagnostics.catalogue import data as mistakes
from nndsl.diagnostics.catalogue import graph_data
from nndsl.diagnostics.diagnostic import Diagnostics, NNDSLError
from nndsl.semantics.model import Model, Value
from nndsl.types import IndexSet, SetKind


@dataclass(frozen=True, slots=True)
class Given:
    """One graph: its edges (edges, 2); how many nodes it has, where that is told; the attributes of its nodes
    in their order; and whether each edge stands for both directions."""

    edges: Array
    nodes: int | None = None
    attributes: Sequence[Mapping[str, Any]] = ()
    undirected: bool = False


def given_graphs(
    network: Model,
    arrays: Mapping[str, Any],
    needed: Collection[str] | None = None,
    dtype: DType = np.float32,
    classes: Mapping[str, Classes] | None = None,
) -> Examples:
    """Graphs by the name that the spec gives them, `G`, and arrays by the names of inputs and targets.

    A graph is a networkx graph, pairs (source, target) of node numbers, or the path of an edge list with
    the columns `source` and `target`; several graphs are a list of these. Values over nodes have their rows
    in the order of the nodes; what is not given is taken from the nodes' attributes. For several graphs,
    values over nodes or edges are lists with an array for each.

    Raises NNDSLError with all wrong names at once, and where values do not fit the graphs.
    """
    diagnostics = Diagnostics()
    values = {value.name: value for value in (*network.inputs, *network.targets)}
    sets = graph_sets(network)
    named = {_name_of(edge_set): edge_set for edge_set in sets if edge_set.kind is SetKind.EDGES}
    named = named or {str(sets[0].graph): IndexSet(f"{sets[0].graph}.edges", SetKind.EDGES, sets[0].graph)}
    for name in arrays:
        if name not in values and name not in named:
            diagnostics.add(mistakes.UnknownArray(name=name, known=(*named, *values)))
    graphs: dict[str, list[Given]] = {}
    several = False
    for name, edge_set in named.items():
        if name not in arrays:
            diagnostics.add(mistakes.MissingArray(kind="graph", name=name, given=tuple(arrays)))
            continue
        with diagnostics.collecting():
            several = several or _are_several(arrays[name])
            graphs[edge_set.name] = list(_read(name, arrays[name]))
    diagnostics.raise_if_errors()
    columns: dict[str, Column] = {}
    for value in values.values():
        found = _column(value, arrays, graphs, several)
        if found is not None:
            columns[value.name] = found
        elif needed is None or value.name in needed:
            given = tuple(arrays)
            diagnostics.add(mistakes.MissingArray(kind=value.kind.value, name=value.name, given=given))
    diagnostics.raise_if_errors()
    origins = {name: Origin(name, "the array given") for name in columns}
    edges = {name: _rows([graph.edges for graph in found]) for name, found in graphs.items()}
    rows = Rows(columns, origins, edges, _counts(graphs), "the graphs given")
    present = tuple(value for name, value in values.items() if name in columns)
    return graph_examples(network, present, rows, dtype, classes)


def _name_of(edge_set: IndexSet) -> str:
    """Under which name a set of edges is given: that of its graph, for its first set `edges`."""
    return str(edge_set.graph) if edge_set.name == f"{edge_set.graph}.edges" else edge_set.name


# --- graphs ---------------------------------------------------------------------------


def _are_several(given: Any) -> bool:
    """Whether this is a list of graphs, and not one graph."""
    if isinstance(given, str | Path) or _is_networkx(given):
        return False
    if isinstance(given, Sequence) and len(given):
        return isinstance(given[0], str | Path) or _is_networkx(given[0]) or np.ndim(given[0]) == 2
    return np.ndim(given) == 3


def _read(name: str, given: Any) -> Iterator[Given]:
    yield from (_graph(name, one) for one in given) if _are_several(given) else (_graph(name, given),)


def _graph(name: str, given: Any) -> Given:
    if _is_networkx(given):
        return _from_networkx(given)
    if isinstance(given, str | Path):
        columns = read_table(Path(given)).columns
        missing = [end for end in ("source", "target") if end not in columns]
        if missing:
            found = f"a file with the columns {', '.join(columns)}"
            raise NNDSLError([graph_data.NotAnEdgeList(set=name, found=found)])
        given = np.stack([np.asarray(columns[end]) for end in ("source", "target")], axis=1)
    try:
        pairs = np.asarray(given)
    except ValueError:
        pairs = np.empty(0, object)
    if not pairs.size:
        pairs = np.zeros((0, 2), np.int32)
    return Given(pairs)


def _is_networkx(given: Any) -> bool:
    return hasattr(given, "is_directed") and hasattr(given, "nodes") and hasattr(given, "edges")


def _from_networkx(graph: Any) -> Given:
    number = {node: place for place, node in enumerate(graph.nodes)}
    pairs = [(number[source], number[target]) for source, target in graph.edges()]
    edges = np.array(pairs, np.int64).reshape(-1, 2)
    undirected = not graph.is_directed()
    if undirected:  # a self loop has one direction only
        edges = np.concatenate([edges, edges[edges[:, 0] != edges[:, 1]][:, ::-1]])
    attributes = [graph.nodes[node] for node in graph.nodes]
    return Given(edges, len(number), attributes, undirected)


def _counts(graphs: Mapping[str, Sequence[Given]]) -> dict[str, Array]:
    """How many nodes the graphs have, where that is told."""
    found = {}
    for name, given in graphs.items():
        counts = [graph.nodes for graph in given]
        if None not in counts:
            found[f"{name.partition('.')[0]}.nodes"] = np.array(counts, np.int64)
    return found


# --- values ---------------------------------------------------------------------------


def _column(
    value: Value, arrays: Mapping[str, Any], graphs: Mapping[str, Sequence[Given]], several: bool
) -> Column | None:
    """What is given for a value, a row a graph; None for nothing."""
    along = graph_set_of(value)
    if along is None:
        return np.asarray(arrays[value.name]) if value.name in arrays else None
    of_graph = next(found for name, found in graphs.items() if name.startswith(f"{along.graph}."))
    if value.name not in arrays:
        return _from_attributes(value.name, of_graph) if along.kind is SetKind.NODES else None
    given = list(arrays[value.name]) if several else [arrays[value.name]]
    rows = [np.asarray(one) for one in given]
    if along.kind is SetKind.EDGES:
        rows = [_both_ways(row, graph) for row, graph in zip(rows, graphs[along.name], strict=False)]
    return _rows(rows)


def _both_ways(row: Array, graph: Given) -> Array:
    """Values of undirected edges, for both directions."""
    once = graph.edges[: len(row)]
    return np.concatenate([row, row[once[:, 0] != once[:, 1]]]) if graph.undirected else row


def _from_attributes(name: str, graphs: Sequence[Given]) -> Ragged | None:
    """An attribute that all nodes of all graphs have."""
    nodes = [node for graph in graphs for node in graph.attributes]
    if not nodes or not all(name in node for node in nodes):
        return None
    return _rows([np.asarray([node[name] for node in graph.attributes]) for graph in graphs])


def _rows(rows: Sequence[Array]) -> Ragged:
    """Arrays one after the other."""
    return Ragged(np.concatenate(rows), starts_of([len(row) for row in rows]))
