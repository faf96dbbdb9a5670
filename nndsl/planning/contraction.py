"""Contractions as matrix products: which axes are rows, columns, summed and batch, and how they lie."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.graph.graph import Node
from nndsl.operators.contraction import AddContract, Contract
from nndsl.planning.plan import Count
from nndsl.types import Extent

Extents = dict[str, Extent]


@dataclass(frozen=True, slots=True)
class Matrix:
    """One operand as a batch of row-major matrices: entries from one row to the next, and from one matrix
    to the next; `transposed` where rows of the product are columns in memory."""

    transposed: bool
    leading: Count
    batch_stride: Count


@dataclass(frozen=True, slots=True)
class Product:
    """C = A·B, `batch` times: A is m×k, B is k×n. `swapped`: A is the contraction's right operand."""

    batch: Count
    m: Count
    n: Count
    k: Count
    a: Matrix
    b: Matrix
    c: Matrix
    swapped: bool


@dataclass(frozen=True, slots=True)
class Blocks:
    """The labels of a contraction by their part, each in one order."""

    batch: str
    rows: str
    columns: str
    summed: str


def blocks_of(left: str, right: str, result: str) -> Blocks:
    return Blocks(
        batch="".join(x for x in result if x in left and x in right),
        rows="".join(x for x in result if x in left and x not in right),
        columns="".join(x for x in result if x in right and x not in left),
        summed="".join(x for x in left if x in right and x not in result),
    )


def product(node: Node) -> Product | None:
    """How the factors and the result of a contraction, or of one that is added, lie as matrices; None where
    one must be rearranged first."""
    assert isinstance(node.operator, Contract | AddContract)
    left, right, result = node.operator.labels
    blocks = blocks_of(left, right, result)
    extents: Extents = {}
    for labels, operand in zip((left, right), node.inputs[-2:], strict=True):
        extents.update(zip(labels, operand.type.extents, strict=True))
    for swapped in (False, True):
        first, second = (right, left) if swapped else (left, right)
        rows, columns = (blocks.columns, blocks.rows) if swapped else (blocks.rows, blocks.columns)
        a = _matrix(first, blocks.batch, rows, blocks.summed, extents)
        b = _matrix(second, blocks.batch, blocks.summed, columns, extents)
        c = _matrix(result, blocks.batch, rows, columns, extents)
        if a and b and c and not c.transposed:
            batch, m, n, k = (_size(block, extents) for block in (blocks.batch, rows, columns, blocks.summed))
            return Product(batch, m, n, k, a, b, c, swapped)
    return None


def _size(labels: str, extents: Extents) -> Count:
    return Count.of(extents[x] for x in labels)


def _matrix(labels: str, batch: str, rows: str, columns: str, extents: Extents) -> Matrix | None:
    """An operand's layout for these rows and columns, or None where it is not one matrix after another."""
    if any(block not in labels for block in (batch, rows, columns)):
        return None

    def stride(block: str) -> Count:
        return _size(labels[labels.index(block) + len(block) :], extents)

    if labels.endswith(columns):
        transposed, leading = False, stride(rows) if rows else _size(columns, extents)
    elif labels.endswith(rows):
        transposed, leading = True, stride(columns) if columns else _size(rows, extents)
    else:
        return None
    return Matrix(transposed, leading, stride(batch) if batch else Count(0))
