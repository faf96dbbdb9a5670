"""What vanishes where states are zero."""

from __future__ import annotations

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.operators.arithmetic import Multiply
from nndsl.operators.broadcasting import filled
from nndsl.operators.contraction import Contract
from nndsl.passes.simplify import constant


def without_zeros(graph: Graph) -> Graph:
    """The graph without products one factor of which is zero throughout, however the other comes about.

    Nothing that is not a number may be lost: it must be seen elsewhere if a factor is none.
    """
    return rewrite(graph, _vanished)


def _vanished(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
    if isinstance(node.operator, Contract | Multiply) and 0 in map(constant, inputs):
        return filled(build, 0.0, node.type)
    return None
