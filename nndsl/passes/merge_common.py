"""Merges nodes that apply the same operator to the same operands."""

from __future__ import annotations

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node


def merge_common(graph: Graph) -> Graph:
    """The graph in which every value is computed once; the first of equal nodes stays."""
    first: dict[tuple[str, tuple[Node, ...]], Node] = {}

    def merge(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node:
        # The text of an operator tells 0.0 from -0.0 and 1 from True, which equality does not.
        key = repr(node.operator), inputs
        if key not in first:
            first[key] = build.keep(node, inputs)
        return first[key]

    return rewrite(graph, merge)
