"""Where values come from: inputs, parameters, constants, sizes and positions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nndsl.graph.types import Dimension, Element, TensorType, index, real
from nndsl.operators.lazy import Array, np
from nndsl.operators.operator import Kind, Operator, Sample, require
from nndsl.types import Extent

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node


@dataclass(frozen=True)
class Leaf(Operator):
    """A value without operands."""

    kind = Kind.LEAF
    differentiable = False

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return ()

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        for sample in cls.samples():
            yield Sample(sample.operator, (real(),))


@dataclass(frozen=True)
class Fed(Leaf):
    """A value that is handed in, by its key: `interpret` and the runtime look it up."""

    key: str
    type: TensorType

    def infer(self, *operands: TensorType) -> TensorType:
        require(not operands, "{} takes no operands", self.name)
        return self.type

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        """Zeros, of the right shape: what has not been fed."""
        return np.zeros(self.type.shape(sizes))

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls("x", real(2, 3)), ())


@dataclass(frozen=True)
class Input(Fed):
    """Data: one row an example along the batch, or a setting of the run."""

    name = "input"


@dataclass(frozen=True)
class ParameterLeaf(Fed):
    """Numbers of the network's own, kept from step to step: weights, optimizer state, statistics."""

    name = "parameter"


@dataclass(frozen=True)
class Constant(Leaf):
    """One number, `y = value`, as a scalar; `expand` makes it larger."""

    name = "constant"
    value: float
    element: Element = Element.REAL

    def infer(self, *operands: TensorType) -> TensorType:
        require(not operands, "constant takes no operands")
        return TensorType((), self.element)

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        dtype = {Element.REAL: np.float64, Element.INDEX: np.int64, Element.TRUTH: np.bool_}[self.element]
        return np.asarray(self.value, dtype)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls(1.5), ())
        yield Sample(cls(float("-inf")), ())
        yield Sample(cls(3, Element.INDEX), ())
        yield Sample(cls(True, Element.TRUTH), ())


@dataclass(frozen=True)
class Size(Leaf):
    """The number of entries along some axes, `y = n₁·n₂·…`, as a real scalar: what a mean divides by."""

    name = "size"
    extents: tuple[Extent, ...]

    def infer(self, *operands: TensorType) -> TensorType:
        require(not operands, "size takes no operands")
        return TensorType()

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return np.asarray(np.prod([float(extent.value(sizes)) for extent in self.extents]))

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls((Extent.of(3), Extent.of(4))), ())


@dataclass(frozen=True)
class Position(Leaf):
    """The place along one axis, `y[i] = i`. Shapes: `index[dimension]`."""

    name = "position"
    dimension: Dimension

    def infer(self, *operands: TensorType) -> TensorType:
        require(not operands, "position takes no operands")
        return TensorType((self.dimension,), Element.INDEX)

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return np.arange(self.dimension.extent.value(sizes))

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls(index(4).dimensions[0]), ())
