"""How long values are needed."""

from __future__ import annotations

from collections.abc import Mapping

from nndsl.graph.graph import Graph, Node


def last_uses(graph: Graph) -> Mapping[Node, int]:
    """For each node the place in the graph's order of the last node that reads it.

    It is the node's own place where nothing does, and the end of the graph for an output.
    """
    found = {node: place for place, node in enumerate(graph.nodes)}
    for place, node in enumerate(graph.nodes):
        for operand in node.inputs:
            found[operand] = place
    return found | {node: len(graph) for node in graph.outputs.values()}
