"""Indices as places: one-hot rows, rows picked from a table, rows combined into one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from nndsl.graph.types import Dimension, Element, TensorType, index, real, truth
from nndsl.operators.arithmetic import Divide, Maximum, Multiply
from nndsl.operators.broadcasting import at_each, filled
from nndsl.operators.comparisons import Equal, ToReal
from nndsl.operators.lazy import Array, np
from nndsl.operators.operator import Kind, Operator, Sample, require

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node


@dataclass(frozen=True)
class OneHot(Operator):
    """`y[…, k] = 1` where the index is k, else 0; all zeros for an index outside (a missing one is −1).

    Shapes: `index[*a]` to `real[*a, dimension]`.
    """

    name = "one_hot"
    kind = Kind.MOVEMENT
    differentiable = False
    dimension: Dimension

    def infer(self, *operands: TensorType) -> TensorType:
        (x,) = operands
        require(x.element == Element.INDEX, "one_hot of {}", x)
        return TensorType((*x.dimensions, self.dimension))

    def lift(
        self, build: Builder, operands: tuple[Node, ...], lifted: tuple[bool, ...], time: Dimension
    ) -> Node:
        return build(self, *operands)

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        count = self.dimension.extent.value(sizes)
        return np.equal(operands[0][..., None], np.arange(count)).astype(np.float64)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls(real(4).dimensions[0]), (index(2, 3),), low=-1, high=5)

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls(real(4).dimensions[0]), (real(3),))


@dataclass(frozen=True)
class Gather(Operator):
    """Entries of a table by their index along an axis; zeros for an index outside.

    Shapes: table `[*batch, *before, n, *after]` of any element with `n` at `axis`, index
    `index[*batch, *a]`, to `[*batch, *a, *before, *after]`; `batch` counts the leading axes that both have.
    """

    name = "gather"
    kind = Kind.MOVEMENT
    axis: int = 0
    batch: int = 0

    def infer(self, *operands: TensorType) -> TensorType:
        table, places = operands
        fits = places.element == Element.INDEX and self.batch <= self.axis < table.rank
        require(fits, "{} of {} at {}", self, table, places)
        shared = table.extents[: self.batch] == places.extents[: self.batch]
        require(shared and self.batch <= places.rank, "{} of {} at {}", self, table, places)
        kept = table.dimensions[self.batch : self.axis] + table.dimensions[self.axis + 1 :]
        return TensorType(places.dimensions + kept, table.element)

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        table, places = operands
        table = np.moveaxis(table, self.axis, self.batch)
        inside = (places >= 0) & (places < table.shape[self.batch])
        batch = np.indices(places.shape, sparse=True)[: self.batch]
        rows = (
            table[(*batch, np.where(inside, places, 0))]
            if table.shape[self.batch]
            else np.zeros(places.shape + table.shape[self.batch + 1 :], table.dtype)
        )
        inside = inside.reshape(inside.shape + (1,) * (rows.ndim - inside.ndim))
        return np.where(inside, rows, np.zeros((), table.dtype))

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        table, places = node.inputs
        if table.type.element != Element.REAL:
            return None, None
        return build(ScatterAdd(table.type.dimensions[self.axis], self.axis, self.batch), places, dy), None

    def lift(
        self, build: Builder, operands: tuple[Node, ...], lifted: tuple[bool, ...], time: Dimension
    ) -> Node:
        if not (self.batch or lifted[0]):
            return build(self, *operands)
        both = (at_each(build, x, has, time) for x, has in zip(operands, lifted, strict=True))
        return build(Gather(self.axis + 1, self.batch + 1), *both)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls(), (real(4, 3), index(2, 5)), low=-1, high=5)
        yield Sample(cls(axis=1), (real(3, 4), index(5)), low=-1, high=5)
        yield Sample(cls(axis=1, batch=1), (real(2, 4, 3), index(2, 5)), low=-1, high=5)
        yield Sample(cls(axis=2, batch=1), (real(2, 3, 4), index(2)), low=-1, high=5)
        yield Sample(cls(), (index(4, 3), index(5)), low=-1, high=5)
        yield Sample(cls(), (truth(4), index(2, 5)), low=-1, high=5)

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls(), (real(4, 3), real(2)))
        yield Sample(cls(axis=2), (real(4, 3), index(2)))
        yield Sample(cls(axis=1, batch=1), (real(2, 4), index(3, 5)))


@dataclass(frozen=True)
class Scatter(Operator):
    """Rows combined by their index.

    Shapes: index `index[*batch, *a]`, values `real[*batch, *a, *before, *after]`, to
    `real[*batch, *before, dimension, *after]` with `dimension` at `axis`. Rows with an index outside are
    left out.
    """

    kind = Kind.MOVEMENT
    combination: ClassVar[str]  # NumPy's function of two numbers
    dimension: Dimension
    axis: int = 0
    batch: int = 0

    def infer(self, *operands: TensorType) -> TensorType:
        places, values = operands
        elements = places.element == Element.INDEX and values.element == Element.REAL
        require(
            elements and places.extents == values.extents[: places.rank],
            "{} of {} at {}",
            self,
            values,
            places,
        )
        kept = places.dimensions[: self.batch] + values.dimensions[places.rank :]
        require(self.batch <= places.rank, "{} of {} at {}", self, values, places)
        require(self.batch <= self.axis <= len(kept), "{} of {} at {}", self, values, places)
        return TensorType((*kept[: self.axis], self.dimension, *kept[self.axis :]))

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        places, values = operands
        count = self.dimension.extent.value(sizes)
        shape = (*places.shape[: self.batch], count, *values.shape[places.ndim :])
        table = np.full(shape, self.start)
        inside = np.nonzero((places >= 0) & (places < count))
        combine = getattr(np, self.combination)
        combine.at(table, (*inside[: self.batch], places[inside]), values[inside])
        return np.moveaxis(table, self.batch, self.axis)

    @property
    def start(self) -> float:
        """What the rows are combined with first, and what stands where there is none."""
        raise NotImplementedError

    def lift(
        self, build: Builder, operands: tuple[Node, ...], lifted: tuple[bool, ...], time: Dimension
    ) -> Node:
        both = (at_each(build, x, has, time) for x, has in zip(operands, lifted, strict=True))
        return build(replace(self, axis=self.axis + 1, batch=self.batch + 1), *both)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        rows = real(4).dimensions[0]
        yield Sample(cls(rows), (index(2, 5), real(2, 5, 3)), low=-1, high=5)
        yield Sample(cls(rows, axis=1), (index(5), real(5, 3)), low=-1, high=5)
        yield Sample(cls(rows, axis=1, batch=1), (index(2, 5), real(2, 5, 3)), low=-1, high=5)
        yield Sample(cls(rows, axis=2, batch=1), (index(2), real(2, 3)), low=-1, high=5)

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        rows = real(4).dimensions[0]
        yield Sample(cls(rows), (index(2), real(3)))
        yield Sample(cls(rows, axis=2), (index(2), real(2)))
        yield Sample(cls(rows), (real(2), real(2)))


@dataclass(frozen=True)
class ScatterAdd(Scatter):
    """Rows added up by their index: `y[k] = Σ v` over the rows v of index k; the adjoint of `gather`."""

    name = "scatter_add"
    combination = "add"

    @property
    def start(self) -> float:
        return 0.0

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return None, build(Gather(self.axis, self.batch), dy, node.inputs[0])


@dataclass(frozen=True)
class GatherAdd(Operator):
    """Rows of a table added up along edges: `y[k] = Σ x[p]` over the pairs (k, p) that two indices give.

    It is `scatter_add` of `gather`, without the rows of edges in between; edges with an end outside are left
    out. Shapes: the targets k `index[n]`, table `real[m, *a]`, the sources p `index[n]`, to
    `real[dimension, *a]`.
    """

    name = "gather_add"
    kind = Kind.MOVEMENT
    dimension: Dimension

    def infer(self, *operands: TensorType) -> TensorType:
        require(len(operands) == 3, "gather_add of {} operands", len(operands))
        targets, table, sources = operands
        pairs = targets.extents == sources.extents and targets.rank == 1
        elements = targets.element == sources.element == Element.INDEX and table.element == Element.REAL
        require(pairs and elements and table.rank > 0, "gather_add of {}", operands)
        return TensorType((self.dimension, *table.dimensions[1:]))

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        targets, table, sources = operands
        return ScatterAdd(self.dimension).evaluate(
            (targets, Gather().evaluate((table, sources), sizes)), sizes
        )

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        targets, table, sources = node.inputs
        return None, build(GatherAdd(table.type.dimensions[0]), sources, dy, targets), None

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        rows = real(4).dimensions[0]
        yield Sample(cls(rows), (index(6), real(5, 3), index(6)), low=-1, high=5)
        yield Sample(cls(rows), (index(6), real(5), index(6)), low=-1, high=5)

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        rows = real(4).dimensions[0]
        yield Sample(cls(rows), (index(6), real(5, 3)))
        yield Sample(cls(rows), (index(6), real(5, 3), index(5)))
        yield Sample(cls(rows), (index(6), real(), index(6)))
        yield Sample(cls(rows), (real(6), real(5), index(6)))


@dataclass(frozen=True)
class ScatterMax(Scatter):
    """The greatest row by index: `y[k] = max(least, max v)` over the rows v whose index is k.

    Rows that are greatest together share the cotangent evenly.
    """

    name = "scatter_max"
    combination = "maximum"
    least: float = -math.inf

    @property
    def start(self) -> float:
        return self.least

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        for sample in super().samples():
            assert isinstance(sample.operator, ScatterMax)
            yield replace(sample, operator=replace(sample.operator, least=-0.5))

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        places, values = node.inputs
        gather = Gather(self.axis, self.batch)
        won = build(ToReal(), build(Equal(), values, build(gather, node, places)))
        winners = build(ScatterAdd(self.dimension, self.axis, self.batch), places, won)
        some = build(Maximum(), winners, filled(build, 1.0, winners.type))
        return None, build(Multiply(), won, build(gather, build(Divide(), dy, some), places))
