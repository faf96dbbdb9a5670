"""Parts a graph: what depends on fixed inputs alone is computed once, and held."""

from __future__ import annotations

from collections.abc import Collection

from nndsl.graph.builder import Builder, prune, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.operators.broadcasting import Expand
from nndsl.operators.leaves import Fed, Input
from nndsl.operators.lookup import OneHot
from nndsl.operators.movement import Reshape
from nndsl.operators.operator import Kind

HELD = "held."
"""What the names of inputs begin with that are computed once."""


def hold(graph: Graph, fixed: Collection[str]) -> tuple[Graph, Graph]:
    """What can be computed once where the `fixed` inputs never change, and the graph that is left.

    The outputs `held.NAME` of the first are inputs of the second. What costs no more than to read it is not
    held: repetitions, one-hot rows, and formulas over inputs.
    """
    costly = _costly(graph, settled(graph, fixed))
    needed = set(graph.outputs.values())
    for node in reversed(graph.nodes):
        if node in needed and node not in costly:
            needed.update(node.inputs)
    held = {node: HELD + node.name for node in graph if node in costly & needed}

    def read(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        return build.leaf(Input(held[node], node.type)) if node in held else None

    return prune(Graph(graph.nodes, {name: node for node, name in held.items()})), rewrite(graph, read)


def settled(graph: Graph, fixed: Collection[str]) -> set[Node]:
    """The nodes that depend on fixed inputs and constants alone."""
    found: set[Node] = set()
    for node in graph:
        if isinstance(node.operator, Fed):
            given = isinstance(node.operator, Input) and node.operator.key in fixed
        else:
            given = found.issuperset(node.inputs)
        if given:
            found.add(node)
    return found


def _costly(graph: Graph, known: Collection[Node]) -> set[Node]:
    """What of the known nodes had to be computed: more than a formula over inputs."""
    found: set[Node] = set()
    behind: set[Node] = set()  # what costs nothing itself, but stands for what did
    for node in graph:
        if node not in known or node.operator.kind is Kind.LEAF:
            continue
        made = not (found | behind).isdisjoint(node.inputs)
        if isinstance(node.operator, Expand | OneHot | Reshape):
            if made:
                behind.add(node)
        elif made or node.operator.kind is not Kind.ELEMENTWISE:
            found.add(node)
    return found
