"""Matrices that are packed before they are multiplied by (`kernels/product.py`): for a loop once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from nndsl.graph.graph import Node
from nndsl.graph.types import Dimension, Element, TensorType
from nndsl.operators.contraction import Contract
from nndsl.operators.convolution import Convolve
from nndsl.planning.contraction import Product, product
from nndsl.planning.convolution import convolution, scratch, whole_vectors, windows
from nndsl.planning.plan import Address, Argument, Buffer, Count, Instruction, Segment
from nndsl.types import Extent

ROWS_FEW = 8
"""So few rows are multiplied as fast by a matrix as it is."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A product with a packed matrix: what packs the matrix, what multiplies by it, and their buffers.

    `memory` is what the product works in.
    """

    pack: Instruction
    multiply: Instruction
    matrix: Buffer
    memory: tuple[Buffer, ...]


def packed(
    node: Node, prefix: str, buffer_of: Mapping[Node, str], fixed: Collection[str], sizes: Mapping[str, int]
) -> Packed | None:
    """How a node multiplies by a packed matrix; None where that does not pay.

    It does for the windows of a convolution, and for a contraction with one of the `fixed` buffers, which are
    used again and again. `sizes` are the bounds of open ones, and `prefix` begins the names of new buffers.
    """
    match node.operator:
        case Convolve():
            return _convolution(node, prefix, buffer_of)
        case Contract():
            return _product(node, prefix, buffer_of, fixed, sizes)
        case _:
            return None


def _convolution(node: Node, prefix: str, buffer_of: Mapping[Node, str]) -> Packed:
    x, w = (buffer_of[operand] for operand in node.inputs)
    source, _, groups, columns, size = numbers = windows(node)
    room = source.times(groups).times(size).times(whole_vectors(columns.factor))
    matrix = _buffer(f"{prefix}{node.name} packed", Element.REAL, room)
    memory = tuple(
        Buffer(f"{prefix}{node.name} {purpose}", type, Segment.ARENA)
        for purpose, type in scratch(node).items()
    )
    names = tuple(buffer.name for buffer in memory)
    pack = _packing(node, "pack_windows", w, matrix, numbers)
    kernel, arguments = convolution(node, buffer_of[node], (x, matrix.name), names, accumulate=False)
    return Packed(
        pack, _multiplying(node, kernel, arguments, x, matrix, buffer_of[node], names), matrix, memory
    )


def _product(
    node: Node, prefix: str, buffer_of: Mapping[Node, str], fixed: Collection[str], sizes: Mapping[str, int]
) -> Packed | None:
    found = product(node)
    assert found is not None, "contractions have been aligned"
    a, b = (buffer_of[x] for x in (reversed(node.inputs) if found.swapped else node.inputs))
    if b not in fixed or not _pays(found, sizes):
        return None
    matrix = _buffer(f"{prefix}{node.name} packed", Element.REAL, _room(found))
    places = _buffer(f"{prefix}{node.name} places", Element.INDEX, found.m.times(3))
    sizes_of_b = (found.n, found.k, Count(int(found.b.transposed)), found.b.leading)
    result = buffer_of[node]
    addresses = map(Address, (result, a, matrix.name, places.name))
    arguments: tuple[Argument, ...] = (
        *addresses,
        found.m,
        found.n,
        found.k,
        found.a.leading,
        found.c.leading,
    )
    pack = _packing(node, "pack", b, matrix, sizes_of_b)
    multiply = _multiplying(node, "packed_gemm", arguments, a, matrix, result, (places.name,))
    return Packed(pack, multiply, matrix, (places,))


def _packing(node: Node, kernel: str, given: str, matrix: Buffer, numbers: tuple[Count, ...]) -> Instruction:
    """The instruction that packs a matrix. It takes part in a node, and is not all of it."""
    arguments: tuple[Argument, ...] = (Address(matrix.name), Address(given), *numbers)
    return Instruction(kernel, arguments, (node.name,), (given,), (matrix.name,), node.layer, node.span)


def _multiplying(
    node: Node,
    kernel: str,
    arguments: tuple[Argument, ...],
    left: str,
    matrix: Buffer,
    result: str,
    memory: tuple[str, ...],
) -> Instruction:
    reads = (left, matrix.name)
    return Instruction(kernel, arguments, (node.name,), reads, (result,), node.layer, node.span, memory)


def _pays(found: Product, sizes: Mapping[str, int]) -> bool:
    known = not (found.n.extents or found.k.extents)
    alone = found.batch == Count(1) and not found.a.transposed
    return alone and known and found.m.value(sizes) > ROWS_FEW


def _room(found: Product) -> Count:
    return found.k.times(whole_vectors(found.n.factor))


def _buffer(name: str, element: Element, room: Count) -> Buffer:
    extents = (Extent.of(room.factor), *room.extents)
    type = TensorType(tuple(Dimension("scratch", extent) for extent in extents), element)
    return Buffer(name, type, Segment.ARENA)
