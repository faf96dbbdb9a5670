"""Expand and Sum: repetition along new axes and the sum over axes, each the other's gradient.

Element-wise operators never broadcast by themselves, so a gradient is summed in exactly one place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nndsl.graph.types import Dimension, TensorType, index, real
from nndsl.operators.lazy import Array, np
from nndsl.operators.leaves import Constant
from nndsl.operators.operator import Kind, Operator, Sample, require

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node


@dataclass(frozen=True)
class Repetition(Operator):
    """Repetition along new axes: `dimensions[k]` stands at place `new[k]` (ascending) of the result."""

    kind = Kind.MOVEMENT
    new: tuple[int, ...]
    dimensions: tuple[Dimension, ...]

    def infer(self, *operands: TensorType) -> TensorType:
        (x,) = operands
        rank = x.rank + len(self.new)
        require(len(self.new) == len(self.dimensions), "{} needs one dimension for each new axis", self.name)
        require(ascending(self.new, rank), "{} to axes {} of {}", self.name, self.new, rank)
        added = dict(zip(self.new, self.dimensions, strict=True))
        kept = iter(x.dimensions)
        return TensorType(
            tuple(added[axis] if axis in added else next(kept) for axis in range(rank)), x.element
        )

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        (x,) = operands
        shape = list(x.shape)
        for axis, dimension in zip(self.new, self.dimensions, strict=True):
            shape.insert(axis, dimension.extent.value(sizes))
        return np.broadcast_to(np.expand_dims(x, self.new), shape)

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (build(Sum(self.new), dy),)

    def lift(
        self, build: Builder, operands: tuple[Node, ...], lifted: tuple[bool, ...], time: Dimension
    ) -> Node:
        return build(type(self)(behind(self.new), self.dimensions), *operands)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls((0, 2), real(2, 5).dimensions), (real(3),))
        yield Sample(cls((0,), real(3).dimensions), (real(),))
        yield Sample(cls((1,), real(3).dimensions), (index(2),))
        yield Sample(cls((), ()), (real(2, 3),))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls((2,), real(3).dimensions), (real(),))
        yield Sample(cls((1, 0), real(3, 2).dimensions), (real(4),))
        yield Sample(cls((0, 1), real(3).dimensions), (real(4),))


class Expand(Repetition):
    """Repetition that takes no memory: whoever reads the result reads the operand.

    `expand[new=(0,), dimensions=(batch,)]` of `real[unit]` is `real[batch, unit]`, the same for each
    example.
    """

    name = "expand"


class Repeat(Repetition):
    """Repetition in memory: rows that are narrow become long ones."""

    name = "repeat"


@dataclass(frozen=True)
class Sum(Operator):
    """`y = Σ x` over the axes, which disappear; an empty sum is 0."""

    name = "sum"
    kind = Kind.REDUCTION
    axes: tuple[int, ...]

    def infer(self, *operands: TensorType) -> TensorType:
        return reduced(self.name, self.axes, operands)

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return np.asarray(np.sum(operands[0], axis=self.axes))

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (restored(build, dy, self.axes, node.inputs[0].type),)

    def lift(
        self, build: Builder, operands: tuple[Node, ...], lifted: tuple[bool, ...], time: Dimension
    ) -> Node:
        return build(Sum(behind(self.axes)), *operands)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        return axes_samples(cls)

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        return axes_mistakes(cls)


def restored(build: Builder, node: Node, axes: tuple[int, ...], type: TensorType) -> Node:
    """A value reduced over axes of a type, repeated along them again."""
    return build(Expand(axes, tuple(type.dimensions[axis] for axis in axes)), node) if axes else node


def like(build: Builder, node: Node, type: TensorType) -> Node:
    """A scalar, repeated to the shape of a type."""
    return restored(build, node, tuple(range(type.rank)), type)


def filled(build: Builder, value: float, type: TensorType) -> Node:
    """A constant of the shape and element of a type."""
    return like(build, build(Constant(value, type.element)), type)


def behind(axes: tuple[int, ...]) -> tuple[int, ...]:
    """The same axes, where one more stands in front."""
    return tuple(axis + 1 for axis in axes)


def at_each(build: Builder, node: Node, lifted: bool, time: Dimension) -> Node:
    """A value for each step of a loop, where it is not so already."""
    return node if lifted else build(Expand((0,), (time,)), node)


def ascending(axes: tuple[int, ...], rank: int) -> bool:
    """Whether these are different axes of a tensor, in order."""
    return list(axes) == sorted({axis for axis in axes if 0 <= axis < rank})


def reduced(name: str, axes: tuple[int, ...], operands: tuple[TensorType, ...]) -> TensorType:
    """The shape rule of a reduction: the axes are gone."""
    require(len(operands) == 1, "{} takes one operand", name)
    (x,) = operands
    require(x.element == TensorType().element, "{} of {}", name, x)
    require(ascending(axes, x.rank), "{} over axes {} of {}", name, axes, x)
    return TensorType(tuple(d for axis, d in enumerate(x.dimensions) if axis not in axes))


def axes_samples(cls: type) -> Iterator[Sample]:
    """Samples for a reduction whose only field is its axes."""
    yield Sample(cls((1,)), (real(3, 4, 2),))
    yield Sample(cls((0, 2)), (real(3, 4, 2),))
    yield Sample(cls((0, 1)), (real(3, 4),))


def axes_mistakes(cls: type) -> Iterator[Sample]:
    yield Sample(cls((2,)), (real(3, 4),))
    yield Sample(cls((1, 0)), (real(3, 4),))
    yield Sample(cls((0,)), (index(3),))
    yield Sample(cls((0,)), (real(3), real(3)))
