"""Sparse matrices as compressed rows: the entries row by row, and where each row begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from nndsl.graph.types import Dimension, Element, TensorType, index, real
from nndsl.operators.lazy import Array, np
from nndsl.operators.operator import Kind, Operator, Sample, require

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node


def compressed(build: Builder, rows: Node, dimension: Dimension) -> tuple[Node, Node]:
    """Where rows begin, and the order of entries row by row, given the row of each entry."""
    return build(RowStarts(dimension), rows), build(RowOrder(dimension), rows)


@dataclass(frozen=True)
class RowStarts(Operator):
    """Where each row begins among entries in the order of their rows: `y[k]` is the number of the i with
    `0 ≤ r[i] < k`.

    Shapes: the entries' rows r `index[e]`, to `index[dimension + 1]`.
    """

    name = "row_starts"
    kind = Kind.MOVEMENT
    differentiable = False
    dimension: Dimension

    def infer(self, *operands: TensorType) -> TensorType:
        _require_rows(self, operands)
        bounds = Dimension(self.dimension.name, self.dimension.extent.then(1))
        return TensorType((bounds,), Element.INDEX)

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        (rows,) = operands
        count = self.dimension.extent.value(sizes)
        inside = rows[(rows >= 0) & (rows < count)]
        return np.concatenate([[0], np.cumsum(np.bincount(inside, minlength=count))])

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls(real(4).dimensions[0]), (index(6),), low=-1, high=5)

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls(real(4).dimensions[0]), (index(6, 2),))


@dataclass(frozen=True)
class RowOrder(Operator):
    """The numbers of all entries row by row, those of a row as they were, those of no row at the end.

    Shapes: the entries' rows `index[e]`, to `index[e]`.
    """

    name = "row_order"
    kind = Kind.MOVEMENT
    differentiable = False
    dimension: Dimension

    def infer(self, *operands: TensorType) -> TensorType:
        _require_rows(self, operands)
        return operands[0]

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        (rows,) = operands
        count = self.dimension.extent.value(sizes)
        return np.argsort(np.where((rows >= 0) & (rows < count), rows, count), kind="stable")

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls(real(4).dimensions[0]), (index(9),), low=-1, high=5)

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls(real(4).dimensions[0]), (real(6),))


@dataclass(frozen=True)
class SparseProduct(Operator):
    """A sparse matrix times a dense one: `y[k] = Σᵢ v[i]·x[c[i]]` over `s[k] ≤ i < s[k + 1]`.

    Shapes: where rows begin s `index[dimension + 1]`, the entries' columns c `index[e]`, x `real[m, *a]`, the
    entries v `real[e]`, which are 1 where they are not given, to `real[dimension, *a]`. Entries with a column
    outside are left out.
    """

    name = "sparse_product"
    kind = Kind.MOVEMENT
    differentiable = False
    dimension: Dimension

    def infer(self, *operands: TensorType) -> TensorType:
        require(len(operands) in (3, 4), "sparse_product of {} operands", len(operands))
        starts, columns, x, *values = operands
        bounds = (self.dimension.extent.then(1),)
        fits = starts.extents == bounds and columns.rank == 1 and x.rank > 0
        indices = starts.element == columns.element == Element.INDEX
        reals = all(type.element == Element.REAL for type in (x, *values))
        paired = all(type.extents == columns.extents for type in values)
        require(fits and indices and reals and paired, "sparse_product of {}", operands)
        return TensorType((self.dimension, *x.dimensions[1:]))

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        starts, columns, x, *values = operands
        inside = (columns >= 0) & (columns < len(x))
        y = np.zeros((len(starts) - 1, *x.shape[1:]))
        for k, (first, end) in enumerate(pairwise(starts)):
            entries = first + np.flatnonzero(inside[first:end])
            weights = values[0][entries] if values else np.ones(len(entries))
            y[k] = np.tensordot(weights, x[columns[entries]], 1)
        return y

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        rows = real(4).dimensions[0]
        yield Sample(cls(rows), (index(5), index(6), real(5, 3)), low=0, high=6)
        yield Sample(cls(rows), (index(5), index(6), real(5, 3, 7), real(6)), low=0, high=6)
        yield Sample(cls(rows), (index(5), index(6), real(5), real(6)), low=0, high=6)

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        rows = real(4).dimensions[0]
        yield Sample(cls(rows), (index(5), index(6)))
        yield Sample(cls(rows), (index(4), index(6), real(5, 3)))
        yield Sample(cls(rows), (index(5), index(6), real(5, 3), real(5)))
        yield Sample(cls(rows), (index(5), index(6), real()))
        yield Sample(cls(rows), (real(5), index(6), real(5)))


def _require_rows(operator: Operator, operands: tuple[TensorType, ...]) -> None:
    fits = len(operands) == 1 and operands[0].rank == 1 and operands[0].element == Element.INDEX
    require(fits, "{} of {}", operator.name, operands)
