"""Matrices that a loop multiplies by at each turn: they are packed once, before it (`kernels/product.py`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from nndsl.graph.graph import Node
from nndsl.graph.types import Dimension, Element, TensorType
from nndsl.operators.contraction import Contract
from nndsl.planning.contraction import Product, product
from nndsl.planning.convolution import whole_vectors
from nndsl.planning.plan import Address, Buffer, Count, Instruction, Segment
from nndsl.types import Extent

ROWS_FEW = 8
"""So few rows BLAS multiplies as fast as they are."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A product with a packed matrix: what packs the matrix, what multiplies by it, and their buffers.

    `places` is what the product works in.
    """

    pack: Instruction
    multiply: Instruction
    matrix: Buffer
    places: Buffer


def packed(
    node: Node, prefix: str, buffer_of: Mapping[Node, str], fixed: Collection[str], sizes: Mapping[str, int]
) -> Packed | None:
    """How a contraction multiplies by one of the `fixed` buffers, packed; None where that does not pay.

    `sizes` are the bounds of open ones, and `prefix` begins the names of new buffers.
    """
    if not isinstance(node.operator, Contract):
        return None
    found = product(node)
    assert found is not None, "contractions have been aligned"
    a, b = (buffer_of[x] for x in (reversed(node.inputs) if found.swapped else node.inputs))
    if b not in fixed or not _pays(found, sizes):
        return None
    matrix = _buffer(f"{prefix}{node.name} packed", Element.REAL, _room(found))
    places = _buffer(f"{prefix}{node.name} places", Element.INDEX, found.m.times(3))
    sizes_of_b = (found.n, found.k, Count(int(found.b.transposed)), found.b.leading)
    pack = Instruction(
        "pack",
        (Address(matrix.name), Address(b), *sizes_of_b),
        (node.name,),
        (b,),
        (matrix.name,),
        node.layer,
        node.span,
    )
    result = buffer_of[node]
    addresses = map(Address, (result, a, matrix.name, places.name))
    multiply = Instruction(
        "packed_gemm",
        (*addresses, found.m, found.n, found.k, found.a.leading, found.c.leading),
        (node.name,),
        (a, matrix.name),
        (result,),
        node.layer,
        node.span,
        (places.name,),
    )
    return Packed(pack, multiply, matrix, places)


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
