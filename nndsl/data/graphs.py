"""Data graphs: the nodes and edges of all examples one after the other, and those of some as one graph.

Each example is a graph of its own. A minibatch of graphs is their disjoint union: all nodes side by side, the
edges between them as they were. Nothing is padded, and an example's values cannot depend on the others'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nndsl.data.examples import Array
from nndsl.data.sequences import places, starts_of


@dataclass(frozen=True, slots=True)
class Graphs:
    """Where the graph of each example lies in columns that have a row for each node or edge.

    `starts` maps each set of a data graph (`G.nodes`, `G.edges`) to the first row of every example, and the
    end of the last; `over` maps a column to the set that its rows are of. The ends of edges are the columns
    `G.edges.source` and `G.edges.target`, as numbers of nodes in their own graph.
    """

    starts: Mapping[str, Array]
    over: Mapping[str, str]

    @property
    def count(self) -> int:
        """How many graphs there are."""
        return len(next(iter(self.starts.values()))) - 1

    def sizes(self, chosen: Array) -> dict[str, int]:
        """How many nodes and edges some examples have together."""
        return {name: int(np.diff(starts)[chosen].sum()) for name, starts in self.starts.items()}

    def most(self, count: int) -> dict[str, int]:
        """How many nodes and edges so many examples can have together."""
        return {name: int(np.sort(np.diff(starts))[-count:].sum()) for name, starts in self.starts.items()}

    def rows(self, name: str, chosen: Array) -> Array:
        """The rows of a set that belong to some examples, example by example."""
        starts = self.starts[name]
        return places(starts[:-1][chosen], np.diff(starts)[chosen])

    def take(self, chosen: Array) -> Graphs:
        """Where the graphs of some examples lie when only theirs are left."""
        starts = {name: starts_of(np.diff(starts)[chosen]) for name, starts in self.starts.items()}
        return Graphs(starts, self.over)

    def taken(self, arrays: Mapping[str, Array], chosen: Array) -> dict[str, Array]:
        """The rows of columns that belong to some examples; the columns themselves where that is all."""
        if len(chosen) == self.count and (np.diff(chosen) == 1).all():
            return dict(arrays)
        rows = {name: self.rows(name, chosen) for name in self.starts}
        found = {name: rows[self.over[name]] if name in self.over else chosen for name in arrays}
        return {name: np.ascontiguousarray(arrays[name][found[name]]) for name in arrays}

    def union(self, arrays: Mapping[str, Array], chosen: Array) -> dict[str, Array]:
        """The columns of some examples as of one graph, with `G.nodes.graph`, whose graph each node is of,
        and `G.nodes.number`, which node of it."""
        found, graphs = self.taken(arrays, chosen), self.take(chosen)
        for name, starts in graphs.starts.items():
            counts = np.diff(starts)
            if name.endswith(".nodes"):
                found[f"{name}.graph"] = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
                found[f"{name}.number"] = places(np.zeros_like(counts), counts).astype(np.int32)
            else:
                nodes = graphs.starts[f"{name.partition('.')[0]}.nodes"]
                before = np.repeat(nodes[:-1], counts).astype(np.int32)
                for end in (f"{name}.source", f"{name}.target"):
                    if end in found:
                        found[end] = found[end] + before
        return found
