"""Turns products with one-hot rows into look-ups, and their gradients and counts into scattered sums."""

from __future__ import annotations

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import TensorType
from nndsl.operators.arithmetic import Multiply
from nndsl.operators.broadcasting import Sum, filled
from nndsl.operators.contraction import Contract
from nndsl.operators.lookup import Gather, OneHot, ScatterAdd
from nndsl.operators.movement import reordered
from nndsl.passes.simplify import constant


def look_up(graph: Graph) -> Graph:
    """The graph in which no contraction multiplies by zeros of a one-hot operand that it could skip, and no
    sum adds them."""
    return rewrite(graph, _looked_up)


def _looked_up(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
    if isinstance(node.operator, Sum):
        return _counted(build, node.operator, *inputs)
    if not isinstance(node.operator, Contract):
        return None
    left, right, result = node.operator.labels
    a, b = inputs
    return _one_hot_with(build, left, a, right, b, result) or _one_hot_with(build, right, b, left, a, result)


def _counted(build: Builder, operator: Sum, hot: Node) -> Node | None:
    """How many rows are hot at each place."""
    if not isinstance(hot.operator, OneHot) or operator.axes != tuple(range(hot.type.rank - 1)):
        return None
    (places,) = hot.inputs
    ones = filled(build, 1.0, TensorType(places.type.dimensions))
    return build(ScatterAdd(hot.operator.dimension), places, ones)


def _one_hot_with(build: Builder, rows: str, hot: Node, labels: str, other: Node, result: str) -> Node | None:
    """`rows` are the one-hot operand's labels, the last of them that of its own axis."""
    if isinstance(hot.operator, Multiply) and (number := constant(hot.inputs[0])) is not None:
        found = _one_hot_with(build, rows, hot.inputs[1], labels, other, result)
        return found and build(Multiply(), filled(build, number, found.type), found)
    if not isinstance(hot.operator, OneHot):
        return None
    (places,) = hot.inputs
    index, own = rows[:-1], rows[-1]
    if own in labels and not set(index) & set(labels):
        found = build(Gather(labels.index(own)), other, places)
        return reordered(build, found, index + labels.replace(own, ""), result)
    if own in result and not set(index) & set(result):
        values = reordered(build, other, labels, index + result.replace(own, ""))
        return build(ScatterAdd(hot.operator.dimension, result.index(own)), places, values)
    return None
