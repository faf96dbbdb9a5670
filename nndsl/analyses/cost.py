"""What a graph costs: floating-point operations and bytes, once the sizes are known."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from nndsl.graph.graph import Graph, Node
from nndsl.operators.attention import Attention, AttentionGradient
from nndsl.operators.contraction import AddContract, Contract
from nndsl.operators.convolution import Convolution
from nndsl.operators.loop import Loop
from nndsl.operators.operator import Kind
from nndsl.operators.sparse import SparseProduct
from nndsl.operators.sweeps import Sweeps


def operations(node: Node, sizes: Mapping[str, int]) -> int:
    """Floating-point operations of one node: a product and a sum for each term of a contraction, one an
    entry for element-wise operators, reductions and random numbers, none for movements; for a loop those of
    its body at each step."""
    if isinstance(node.operator, Loop):
        return node.operator.time.extent.value(sizes) * total_operations(node.operator.body, sizes)
    if isinstance(node.operator, SparseProduct):
        return 2 * _entries(node.inputs[1], sizes) * prod(node.type.shape(sizes)[1:])
    if isinstance(node.operator, Attention | AttentionGradient | Sweeps):
        return node.operator.operations(tuple(x.type.shape(sizes) for x in node.inputs))
    match node.operator.kind:
        case Kind.CONTRACTION:
            return 2 * _terms(node, sizes)
        case Kind.ELEMENTWISE | Kind.RANDOM:
            return _entries(node, sizes)
        case Kind.REDUCTION:
            return _entries(node.inputs[0], sizes)
        case _:
            return 0


def total_operations(graph: Graph, sizes: Mapping[str, int]) -> int:
    return sum(operations(node, sizes) for node in graph)


def moved_bytes(node: Node, sizes: Mapping[str, int], width_bytes: int = 4) -> int:
    """What one node reads and writes, if each operand is read once."""
    return width_bytes * sum(_entries(value, sizes) for value in (*node.inputs, node))


def _entries(node: Node, sizes: Mapping[str, int]) -> int:
    return prod(node.type.shape(sizes))


def _terms(node: Node, sizes: Mapping[str, int]) -> int:
    if isinstance(node.operator, Convolution):
        _, w, y = node.operator.form(node)
        return _entries(w, sizes) * prod(y.type.shape(sizes)[:-1])
    assert isinstance(node.operator, Contract | AddContract)
    left, right, _ = node.operator.labels
    shapes = [operand.type.shape(sizes) for operand in node.inputs[-2:]]
    extents = dict(zip(left, shapes[0], strict=True)) | dict(zip(right, shapes[1], strict=True))
    return prod(extents.values())
