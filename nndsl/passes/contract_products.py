"""Turns sums of products into contractions: `Σⱼ A[t, j]·V[j, u]`, however it was written."""

from __future__ import annotations

from string import ascii_letters

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.operators.arithmetic import Multiply
from nndsl.operators.broadcasting import Expand, Sum
from nndsl.operators.contraction import Contract


def contract_products(graph: Graph) -> Graph:
    """The graph in which no product is made larger than both of its factors only to be summed.

    A sum is left alone where one factor has all of the result's axes: a loop over it does as well.
    """
    return rewrite(graph, _contracted)


def _contracted(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
    (x, *_) = inputs or (node,)
    if not (isinstance(node.operator, Sum) and isinstance(x.operator, Multiply)):
        return None
    (a, left), (b, right) = (_unrepeated(factor) for factor in x.inputs)
    axes = ascii_letters[: x.type.rank]
    result = "".join(label for axis, label in enumerate(axes) if axis not in node.operator.axes)
    grows = not (set(result) <= set(left) or set(result) <= set(right))
    summed_in_both = set(axes) - set(result) <= set(left) & set(right)
    if grows and summed_in_both and set(result) <= set(left) | set(right):
        return build(Contract.of(left, right, result), a, b, like=node.type)
    return None


def _unrepeated(node: Node) -> tuple[Node, str]:
    """What a value repeats, and the letters of the axes along which it varies."""
    repeated = node.operator.new if isinstance(node.operator, Expand) else ()
    labels = "".join(ascii_letters[axis] for axis in range(node.type.rank) if axis not in repeated)
    return (node.inputs[0] if repeated else node), labels
