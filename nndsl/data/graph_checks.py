"""Holds the parts of data graphs against each other: counts, ends of edges, nodes without neighbours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nndsl.data.examples import Array
from nndsl.data.graph_rows import Rows, expressions, graph_sets
from nndsl.data.graphs import Graphs
from nndsl.data.sequences import lengths_of
from nndsl.data.table import Ragged
from nndsl.diagnostics.catalogue import graph_data
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.semantics import model
from nndsl.semantics.walk import walk
from nndsl.source import Span
from nndsl.types import IndexSet, SetKind

FOUND = {"O": "words", "U": "words", "f": "numbers that may not be whole"}
"""What the kinds of NumPy's types are called, those that number no nodes."""


def refuse_no_pairs(name: str, edges: Ragged, rows: Rows) -> None:
    """Raises NNDSLError where edges are not pairs of whole numbers."""
    ends = edges.values
    if ends.ndim != 2 or ends.shape[1] != 2 or ends.dtype.kind not in "iu":
        found = f"{FOUND.get(ends.dtype.kind, 'numbers')} in an array of shape {ends.shape}"
        raise NNDSLError([graph_data.NotAnEdgeList(set=name, found=found, span=rows.span)])


def starts_of_sets(network: model.Model, over: Mapping[str, str], rows: Rows) -> dict[str, Array]:
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


def ends_of(name: str, edges: Ragged, nodes: Array, rows: Rows) -> Array:
    """The ends of all edges, as numbers of nodes that there are. Shape: (edges, 2)."""
    ends = edges.values
    if len(edges) != len(nodes) - 1:
        differing = graph_data.GraphSizesDiffer(
            name=name,
            other=f"{name.partition('.')[0]}.nodes",
            set="graphs",
            row=None,
            found=len(edges),
            expected=len(nodes) - 1,
            span=rows.span,
        )
        raise NNDSLError([differing])
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
    for expression in expressions(network):
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
