"""Joins look-ups and sums by index along the same edges: rows are added up without being laid out."""

from __future__ import annotations

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.operators.lookup import Gather, GatherAdd, ScatterAdd


def join_edges(graph: Graph) -> Graph:
    """The graph in which sums over neighbours, and their gradients, keep no row for each edge."""
    outputs = set(graph.outputs.values())

    def joined(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if not isinstance(node.operator, ScatterAdd) or (node.operator.axis, node.operator.batch) != (0, 0):
            return None
        rows = node.inputs[1]
        alone = len(graph.users[rows]) == 1 and rows not in outputs
        if not (alone and rows.operator == Gather(0) and inputs[1].operator == Gather(0)):
            return None
        targets, (table, sources) = inputs[0], inputs[1].inputs
        if targets.type.rank != 1 or sources.type.rank != 1:
            return None
        return build(GatherAdd(node.operator.dimension), targets, table, sources)

    return rewrite(graph, joined)
