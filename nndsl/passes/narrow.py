"""Moves element-wise operators below the repetitions of their operands."""

from __future__ import annotations

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.operators.broadcasting import Expand, restored
from nndsl.operators.operator import Kind


def narrow(graph: Graph) -> Graph:
    """The graph in which what is the same along an axis is computed once, and repeated afterwards."""
    return rewrite(graph, _narrowed)


def _narrowed(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
    if node.operator.kind is not Kind.ELEMENTWISE:
        return None
    repeated = [set(x.operator.new) if isinstance(x.operator, Expand) else set() for x in inputs]
    common = set.intersection(*repeated)
    if not common:
        return None
    result = build(node.operator, *(_without(build, x, common) for x in inputs))
    return restored(build, result, tuple(sorted(common)), node.type)


def _without(build: Builder, node: Node, axes: set[int]) -> Node:
    """A repeated value, no longer repeated along these axes."""
    assert isinstance(node.operator, Expand)
    kept = [
        (new - sum(axis < new for axis in axes), dimension)
        for new, dimension in zip(node.operator.new, node.operator.dimensions, strict=True)
        if new not in axes
    ]
    if not kept:
        return node.inputs[0]
    return build(Expand(tuple(new for new, _ in kept), tuple(d for _, d in kept)), node.inputs[0])
