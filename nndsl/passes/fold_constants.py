"""Computes what depends on constants alone."""

from __future__ import annotations

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.operators.lazy import np
from nndsl.operators.leaves import Constant
from nndsl.operators.operator import Kind


def fold_constants(graph: Graph) -> Graph:
    """The graph with element-wise operators of constants replaced by their values."""
    return rewrite(graph, _folded)


def _folded(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
    if node.operator.kind is not Kind.ELEMENTWISE or not all(
        isinstance(x.operator, Constant) for x in inputs
    ):
        return None
    with np.errstate(all="ignore"):
        value = node.operator.evaluate(tuple(x.operator.evaluate((), {}) for x in inputs), {})
    return build(Constant(value.item(), node.type.element))
