"""Mistakes in data graphs: edges between nodes that do not exist, and counts that differ."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Diagnostic


@dataclass(frozen=True, kw_only=True)
class NoEdges(Diagnostic):
    """The data have no column of edges for a data graph.

    The edges of a graph `G`, `G.edges`, are the column `edges`: pairs (source, target) of node numbers from
    0. A file may have the columns `source` and `target` instead.

    Wrong:

        graph G
        input x[8] over i in G.nodes
        data digits { x = image }

    Right:

        graph G
        input x[1433] over i in G.nodes
        data cora
    """

    code: ClassVar[str] = "E0640"
    set: str
    column: str
    table: str
    columns: tuple[str, ...]

    def message(self) -> str:
        return f"expected a column '{self.column}' for {self.set} in '{self.table}', found none"

    def help(self) -> str:
        close = get_close_matches(self.column, self.columns, n=1)
        if close:
            return f"did you mean '{close[0]}'? Call that column '{self.column}'"
        return f"edges are pairs (source, target) of node numbers; the columns are {', '.join(self.columns)}"


@dataclass(frozen=True, kw_only=True)
class NotAnEdgeList(Diagnostic):
    """What is given as a graph is none.

    A graph is a networkx graph, or a list of pairs (source, target) of node numbers from 0; several graphs
    are a list of these. Each pair is one directed edge; of an undirected networkx graph both directions are
    taken.

    Wrong:

        net.fit(G=[0, 1, 2], x=x, y=y)

    Right:

        net.fit(G=[(0, 1), (1, 0), (1, 2), (2, 1)], x=x, y=y)
    """

    code: ClassVar[str] = "E0641"
    set: str
    found: str

    def message(self) -> str:
        return f"expected pairs (source, target) of node numbers for {self.set}, found {self.found}"

    def help(self) -> str:
        return "give a networkx graph, or an array of shape (edges, 2) of whole numbers"


@dataclass(frozen=True, kw_only=True)
class NodeOutOfRange(Diagnostic):
    """An edge leads from or to a node that does not exist.

    Nodes are counted from 0, in each graph anew; there are as many as its values over nodes have rows.

    Wrong:

        net.fit(G=[(1, 2), (2, 3)], x=[[0.5], [0.1], [0.2]], y=y)

    Right:

        net.fit(G=[(0, 1), (1, 2)], x=[[0.5], [0.1], [0.2]], y=y)
    """

    code: ClassVar[str] = "E0642"
    set: str
    table: str
    graph: int
    edge: int
    ends: tuple[int, int]
    nodes: int

    def message(self) -> str:
        source, target = self.ends
        return (
            f"expected nodes from 0 to {self.nodes - 1} in {self.set} of graph {self.graph} of "
            f"'{self.table}', found the edge ({source} -> {target}), number {self.edge}"
        )

    def help(self) -> str:
        if min(self.ends) >= 1 and max(self.ends) == self.nodes:
            return "nodes are counted from 0: subtract 1"
        return f"graph {self.graph} has {self.nodes} nodes, as many as its values over nodes have rows"


@dataclass(frozen=True, kw_only=True)
class GraphSizesDiffer(Diagnostic):
    """Two columns over one set of a data graph have different numbers of rows.

    All values over `G.nodes` have a row for each node, and those over `G.edges` one for each edge.

    Wrong:

        net.fit(G=[(0, 1), (1, 2)], x=[[1], [2], [3]], y=[0, 1])

    Right:

        net.fit(G=[(0, 1), (1, 2)], x=[[1], [2], [3]], y=[0, 1, -1])     # -1: no target
    """

    code: ClassVar[str] = "E0643"
    name: str
    other: str
    set: str
    row: int | None
    found: int
    expected: int

    def message(self) -> str:
        if self.row is None:
            graphs = f"expected {self.expected} graphs in '{self.name}', as in '{self.other}'"
            return f"{graphs}, found {self.found}"
        return (
            f"expected {self.expected} rows of '{self.name}' over {self.set} in graph {self.row}, "
            f"as '{self.other}' has, found {self.found}"
        )


@dataclass(frozen=True, kw_only=True)
class EmptyMaximum(Diagnostic):
    """A maximum over the neighbours of a node that has none has no value.

    The neighbours of a node are the sources of the edges into it. A sum, a mean and a softmax over none
    are 0.

    Wrong:

        layer a[8] = max(h[j] over j in neighbours(i))      # node 3 has no edge into it

    Right:

        layer a[8] = mean(h[j] over j in neighbours(i))
    """

    code: ClassVar[str] = "E0644"
    operation: str
    node: int
    graph: int
    count: int

    def message(self) -> str:
        others = f", nor have {self.count - 1} others" if self.count > 1 else ""
        return (
            f"expected a neighbour for every node, because '{self.operation}' over none has no value; "
            f"node {self.node} of graph {self.graph} has none{others}"
        )

    def help(self) -> str:
        return "add self loops to the data, edges (i -> i), or use 'sum' or 'mean', which are 0 there"
