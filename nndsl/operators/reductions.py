"""Maxima and minima over axes, and where they are. Sums stand with `expand`, in broadcasting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from nndsl.graph.types import Dimension, Element, TensorType, index, real
from nndsl.operators.broadcasting import axes_mistakes, axes_samples, behind, filled, reduced, restored
from nndsl.operators.comparisons import Equal, Where
from nndsl.operators.lazy import Array, np
from nndsl.operators.leaves import Position
from nndsl.operators.operator import Kind, Operator, Sample, require

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node


@dataclass(frozen=True)
class Extremum(Operator):
    """The greatest or least entry along the axes, which disappear; not a number if one is not.

    The cotangent goes to the first entry, in the order of the axes, that attains it.
    """

    kind = Kind.REDUCTION
    axes: tuple[int, ...]

    def infer(self, *operands: TensorType) -> TensorType:
        type = reduced(self.name, self.axes, operands)
        empty = any(operands[0].extents[axis].known == 0 for axis in self.axes)
        require(not empty, "{} over nothing: {}", self.name, operands[0])
        return type

    def first(self, axis: int) -> Operator:
        """The operator that finds where along one axis the extremum is."""
        raise NotImplementedError

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        values = [node.inputs[0]]
        for axis in reversed(self.axes):
            values.append(build(type(self)((axis,)), values[-1]))
        for axis, value in zip(self.axes, reversed(values[:-1]), strict=True):
            winner = restored(build, build(self.first(axis), value), (axis,), value.type)
            dimension = value.type.dimensions[axis]
            others = tuple(other for other in range(value.type.rank) if other != axis)
            place = restored(build, build(Position(dimension)), others, value.type)
            shares = restored(build, dy, (axis,), value.type)
            zero = filled(build, 0.0, value.type)
            dy = build(Where(), build(Equal(), place, winner), shares, zero)
        return (dy,)

    def lift(
        self, build: Builder, operands: tuple[Node, ...], lifted: tuple[bool, ...], time: Dimension
    ) -> Node:
        return build(type(self)(behind(self.axes)), *operands)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        return axes_samples(cls)

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield from axes_mistakes(cls)
        yield Sample(cls((1,)), (real(3, 0),))


@dataclass(frozen=True)
class Max(Extremum):
    """`y = max x` over the axes."""

    name = "max"

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return np.asarray(np.max(operands[0], axis=self.axes))

    def first(self, axis: int) -> Operator:
        return ArgMax(axis)


@dataclass(frozen=True)
class Min(Extremum):
    """`y = min x` over the axes."""

    name = "min"

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return np.asarray(np.min(operands[0], axis=self.axes))

    def first(self, axis: int) -> Operator:
        return ArgMin(axis)


@dataclass(frozen=True)
class Winner(Operator):
    """The place of the extremum along one axis, as an index; the first of equal ones."""

    kind = Kind.REDUCTION
    differentiable = False
    extremum: ClassVar[type[Extremum]]
    axis: int

    @property
    def axes(self) -> tuple[int, ...]:
        return (self.axis,)

    def infer(self, *operands: TensorType) -> TensorType:
        type = reduced(self.name, self.axes, operands)
        require(operands[0].extents[self.axis].known != 0, "{} over nothing: {}", self.name, operands[0])
        return TensorType(type.dimensions, Element.INDEX)

    def lift(
        self, build: Builder, operands: tuple[Node, ...], lifted: tuple[bool, ...], time: Dimension
    ) -> Node:
        return build(type(self)(self.axis + 1), *operands)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls(1), (real(3, 4, 2),))
        yield Sample(cls(1), (real(2, 40),))
        yield Sample(cls(0), (real(5),))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls(1), (real(3),))
        yield Sample(cls(0), (index(3),))
        yield Sample(cls(0), (real(0),))


@dataclass(frozen=True)
class ArgMax(Winner):
    """`y = argmax x` along the axis."""

    name = "argmax"
    extremum = Max

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return np.asarray(np.argmax(operands[0], axis=self.axis))


@dataclass(frozen=True)
class ArgMin(Winner):
    """`y = argmin x` along the axis."""

    name = "argmin"
    extremum = Min

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return np.asarray(np.argmin(operands[0], axis=self.axis))
