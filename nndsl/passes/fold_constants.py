"""Computes what depends on constants alone."""

from __future__ import annotations

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.operators.lazy import np
from nndsl.operators.leaves import Constant, Size
from nndsl.operators.operator import Kind, Operator


def fold_constants(graph: Graph) -> Graph:
    """The graph with known sizes, and element-wise operators of constants, replaced by their values."""
    return rewrite(graph, _folded)


def _folded(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
    if not (_foldable(node.operator) and all(isinstance(x.operator, Constant) for x in inputs)):
        return None
    with np.errstate(all="ignore"):
        value = node.operator.evaluate(tuple(x.operator.evaluate((), {}) for x in inputs), {})
    return build(Constant(value.item(), node.type.element))


def _foldable(operator: Operator) -> bool:
    """Whether the value depends on nothing but the operands."""
    if isinstance(operator, Size):
        return all(extent.known is not None for extent in operator.extents)
    return operator.kind is Kind.ELEMENTWISE
