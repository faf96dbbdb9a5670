"""Entries copied or moved: transpose, reshape, slice, pad, concatenate, flip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nndsl.graph.types import Dimension, TensorType, index, real
from nndsl.operators.broadcasting import at_each, behind
from nndsl.operators.lazy import Array, np
from nndsl.operators.operator import Kind, Operator, Sample, require
from nndsl.types import Extent

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node


@dataclass(frozen=True)
class Movement(Operator):
    """One operand of any element, whose entries are placed elsewhere."""

    kind = Kind.MOVEMENT


@dataclass(frozen=True)
class Transpose(Movement):
    """The axes in another order: axis k of the result is axis `permutation[k]` of the operand."""

    name = "transpose"
    permutation: tuple[int, ...]

    def infer(self, *operands: TensorType) -> TensorType:
        (x,) = operands
        require(sorted(self.permutation) == list(range(x.rank)), "transpose {} of {}", self.permutation, x)
        return TensorType(tuple(x.dimensions[axis] for axis in self.permutation), x.element)

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return np.transpose(operands[0], self.permutation)

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (build(self.inverse(), dy),)

    def lift(
        self, build: Builder, operands: tuple[Node, ...], lifted: tuple[bool, ...], time: Dimension
    ) -> Node:
        return build(Transpose((0, *behind(self.permutation))), *operands)

    def inverse(self) -> Transpose:
        """The transposition that undoes this one."""
        return Transpose(tuple(self.permutation.index(axis) for axis in range(len(self.permutation))))

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls((2, 0, 1)), (real(2, 3, 4),))
        yield Sample(cls((1, 0)), (index(2, 3),))
        yield Sample(cls(()), (real(),))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls((0, 0)), (real(2, 3),))
        yield Sample(cls((1, 0)), (real(2, 3, 4),))


def reordered(build: Builder, node: Node, labels: str, wanted: str) -> Node:
    """A value whose axes have labels, a letter each, with its axes in another order."""
    return node if labels == wanted else build(Transpose(tuple(map(labels.index, wanted))), node)


@dataclass(frozen=True)
class Reshape(Movement):
    """The same entries, row-major, along other dimensions.

    Axes of known extent may be merged and split; those of unknown extent stay in their order and
    with their neighbours: `[batch, 28, 28]` to `[batch, 784]`.
    """

    name = "reshape"
    dimensions: tuple[Dimension, ...]

    def infer(self, *operands: TensorType) -> TensorType:
        (x,) = operands
        require(_blocks(x.dimensions) == _blocks(self.dimensions), "reshape {} to {}", x, self.dimensions)
        return TensorType(self.dimensions, x.element)

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return np.reshape(operands[0], TensorType(self.dimensions).shape(sizes))

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (build(Reshape(node.inputs[0].type.dimensions), dy),)

    def lift(
        self, build: Builder, operands: tuple[Node, ...], lifted: tuple[bool, ...], time: Dimension
    ) -> Node:
        return build(Reshape((time, *self.dimensions)), *operands)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls(real(2, 12).dimensions), (real(2, 3, 4),))
        yield Sample(cls(real(3, 1, 2).dimensions), (real(6),))
        yield Sample(cls(()), (real(1, 1),))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls(real(2, 5).dimensions), (real(2, 3),))


def _blocks(dimensions: tuple[Dimension, ...]) -> list[int | Extent]:
    """The unknown extents, in order, and the number of entries between them."""
    blocks: list[int | Extent] = []
    count = 1
    for dimension in dimensions:
        if dimension.extent.known is not None:
            count *= dimension.extent.known
        else:
            blocks += [count, dimension.extent]
            count = 1
    return [*blocks, count]


@dataclass(frozen=True)
class Ends(Movement):
    """Entries at both ends of an axis go or come."""

    axis: int
    before: int
    after: int

    def lift(
        self, build: Builder, operands: tuple[Node, ...], lifted: tuple[bool, ...], time: Dimension
    ) -> Node:
        return build(replace(self, axis=self.axis + 1), *operands)

    def _resized(self, x: TensorType, by: int) -> TensorType:
        require(0 <= self.axis < x.rank and min(self.before, self.after) >= 0, "{} of {}", self, x)
        return _resized(x, self.axis, by)


@dataclass(frozen=True)
class Slice(Ends):
    """Without the first `before` and the last `after` entries along an axis."""

    name = "slice"

    def infer(self, *operands: TensorType) -> TensorType:
        (x,) = operands
        type = self._resized(x, -self.before - self.after)
        require((type.extents[self.axis].known or 0) >= 0, "{} of {}", self, x)
        return type

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        (x,) = operands
        places: list[slice] = [slice(None)] * x.ndim
        places[self.axis] = slice(self.before, x.shape[self.axis] - self.after)
        return x[tuple(places)]

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (build(Pad(self.axis, self.before, self.after), dy),)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls(1, 1, 2), (real(2, 5),))
        yield Sample(cls(0, 0, 3), (index(3, 2),))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls(0, 2, 2), (real(3),))
        yield Sample(cls(1, 0, 0), (real(3),))
        yield Sample(cls(0, -1, 0), (real(3),))


@dataclass(frozen=True)
class Pad(Ends):
    """With `before` and `after` entries more along an axis, all of them `value`."""

    name = "pad"
    value: float = 0.0

    def infer(self, *operands: TensorType) -> TensorType:
        return self._resized(operands[0], self.before + self.after)

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        (x,) = operands
        widths = [(0, 0)] * x.ndim
        widths[self.axis] = self.before, self.after
        return np.pad(x, widths, constant_values=self.value)

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (build(Slice(self.axis, self.before, self.after), dy),)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls(1, 1, 2), (real(2, 3),))
        yield Sample(cls(0, 0, 1, -9.0), (real(3),))
        yield Sample(cls(0, 1, 0, -1), (index(3),))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls(1, 0, 0), (real(3),))
        yield Sample(cls(0, 0, -1), (real(3),))


def _resized(type: TensorType, axis: int, by: int) -> TensorType:
    dimensions = list(type.dimensions)
    dimensions[axis] = Dimension(dimensions[axis].name, dimensions[axis].extent.then(by))
    return TensorType(tuple(dimensions), type.element)


@dataclass(frozen=True)
class Concatenate(Movement):
    """The operands one after another along an axis, whose extents must be known."""

    name = "concatenate"
    axis: int

    def infer(self, *operands: TensorType) -> TensorType:
        require(len(operands) > 0, "concatenate of nothing")
        first = operands[0]
        for x in operands:
            require(0 <= self.axis < x.rank and x.extents[self.axis].known is not None, "{} of {}", self, x)
            rests = [y.extents[: self.axis] + y.extents[self.axis + 1 :] for y in (first, x)]
            require(rests[0] == rests[1] and x.element == first.element, "{} of {} and {}", self, first, x)
        return _resized(first, self.axis, sum(self._sizes(operands[1:])))

    def _sizes(self, operands: tuple[TensorType, ...]) -> list[int]:
        return [x.extents[self.axis].known or 0 for x in operands]

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return np.concatenate(operands, axis=self.axis)

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        sizes = self._sizes(tuple(operand.type for operand in node.inputs))
        return tuple(
            build(Slice(self.axis, sum(sizes[:place]), sum(sizes[place + 1 :])), dy)
            for place in range(len(sizes))
        )

    def lift(
        self, build: Builder, operands: tuple[Node, ...], lifted: tuple[bool, ...], time: Dimension
    ) -> Node:
        parts = (at_each(build, x, has, time) for x, has in zip(operands, lifted, strict=True))
        return build(Concatenate(self.axis + 1), *parts)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls(1), (real(2, 3), real(2, 1), real(2, 4)))
        yield Sample(cls(0), (index(2), index(3)))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls(0), ())
        yield Sample(cls(1), (real(2, 3), real(3, 3)))
        yield Sample(cls(0), (real(2), index(2)))
        yield Sample(cls(0), (real(2), real(2, 2)))


@dataclass(frozen=True)
class Flip(Movement):
    """Back to front along an axis."""

    name = "flip"
    axis: int

    def infer(self, *operands: TensorType) -> TensorType:
        (x,) = operands
        require(0 <= self.axis < x.rank, "{} of {}", self, x)
        return x

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return np.flip(operands[0], self.axis)

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (build(self, dy),)

    def lift(
        self, build: Builder, operands: tuple[Node, ...], lifted: tuple[bool, ...], time: Dimension
    ) -> Node:
        return build(Flip(self.axis + 1), *operands)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls(1), (real(2, 3),))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls(1), (real(2),))
