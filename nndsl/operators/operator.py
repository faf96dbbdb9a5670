"""What an operator of the computation graph is. One operator, one class, one place.

A class with a name in a module of this package is found and registered by
`nndsl.operators.registry`; nothing else has to be touched. Everything that is known of an operator
stands in its class: the shape rule, the NumPy meaning, the gradient, how generated code writes it,
operands to test it on, and operands that it must refuse.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from nndsl.graph.types import Dimension, Element, TensorType, index, real
from nndsl.operators.lazy import Array, np

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node


class Kind(StrEnum):
    """What passes and the planner match on."""

    LEAF = "leaf"  # inputs, parameters, constants
    ELEMENTWISE = "elementwise"  # operands of one shape, entry by entry
    REDUCTION = "reduction"  # some dimensions disappear
    MOVEMENT = "movement"  # entries are copied, placed or repeated
    CONTRACTION = "contraction"  # products summed over common dimensions
    RANDOM = "random"
    LOOP = "loop"


class ShapeError(Exception):
    """Operands that an operator does not take: a defect of a builder or a pass, never of a spec."""


@dataclass(frozen=True, slots=True)
class Sample:
    """An instance of an operator with operand types (all extents known) to test it on.

    `low` and `high` bound the random operands, for operators with a restricted or kinked domain;
    `symmetric` are the places of those that must be symmetric matrices.
    """

    operator: Operator
    operands: tuple[TensorType, ...]
    low: float = -2.0
    high: float = 2.0
    symmetric: tuple[int, ...] = ()


@dataclass(frozen=True)
class Operator(ABC):
    """A function of tensors. Instances are frozen dataclasses; fields are its constants."""

    name: ClassVar[str]
    kind: ClassVar[Kind]
    differentiable: ClassVar[bool] = True

    @abstractmethod
    def infer(self, *operands: TensorType) -> TensorType:
        """The type of the result. Raises ShapeError where the operands do not fit."""

    @abstractmethod
    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        """The meaning, in NumPy. `sizes` gives every symbol's number."""

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        """The cotangent of each operand, given that of the result; None where it is zero."""
        raise NotImplementedError(f"{self.name} has no gradient")

    def lift(
        self, build: Builder, operands: tuple[Node, ...], lifted: tuple[bool, ...], time: Dimension
    ) -> Node:
        """What the operator gives for all steps of a loop at once: an axis `time` in front of the result.

        `lifted` tells which operands, one at least, have this axis; the others are the same at each step.
        (Of an element-wise operator all have it.) Operators without this rule stay in loops.
        """
        raise NotImplementedError(f"{self.name} is done step by step")

    @classmethod
    @abstractmethod
    def samples(cls) -> Iterator[Sample]:
        """Instances with operands, for the laws in tests/laws."""

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        """Instances with operands that `infer` must refuse."""
        return iter(())

    def constants(self) -> dict[str, Any]:
        """The fields, for printing."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class Elementwise(Operator):
    """Operands of one shape, entry by entry.

    `code` is the scalar formula that generated kernels use, over `{0}`, `{1}`, … and the functions
    of `nndsl.kernels.vector_math` (`exp`, `tanh`, `sigmoid`, `log`, `erf`, `sqrt`, …).
    `numpy` names the NumPy function that is the reference, where there is one.
    `low` and `high` bound what the samples are drawn from. What is `costly` takes as long as tens of
    additions, unless it is computed for many entries at once. What is `slow` takes longer than to read an
    entry again that has been computed before.
    """

    kind = Kind.ELEMENTWISE
    arity: ClassVar[int]
    code: ClassVar[str]
    numpy: ClassVar[str]
    takes: ClassVar[tuple[Element, ...]] = (Element.REAL,)
    gives: ClassVar[Element | None] = None  # None: what the operands are
    costly: ClassVar[bool] = False
    slow: ClassVar[bool] = False
    low: ClassVar[float] = -2.0
    high: ClassVar[float] = 2.0

    def infer(self, *operands: TensorType) -> TensorType:
        require(
            len(operands) == self.arity, "{} takes {} operands, not {}", self.name, self.arity, len(operands)
        )
        first = operands[0]
        require(first.element in self.takes, "{} does not take {}", self.name, first)
        for other in operands[1:]:
            require(
                other.extents == first.extents and other.element == first.element,
                "{} of {} and {}",
                self.name,
                first,
                other,
            )
        return first if self.gives is None else TensorType(first.dimensions, self.gives)

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return np.asarray(getattr(np, self.numpy)(*operands))

    def lift(
        self, build: Builder, operands: tuple[Node, ...], lifted: tuple[bool, ...], time: Dimension
    ) -> Node:
        return build(self, *operands)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        for shape in ((3, 4), (), (0, 2)):
            for element in cls.takes:
                type = TensorType(real(*shape).dimensions, element)
                yield Sample(cls(), (type,) * cls.arity, cls.low, cls.high)

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls(), (real(3),) * (cls.arity + 1))
        if cls.arity > 1:
            yield Sample(cls(), (real(3), real(4))[: cls.arity] + (real(3),) * (cls.arity - 2))
        if Element.INDEX not in cls.takes:
            yield Sample(cls(), (index(3),) * cls.arity)


def require(condition: bool, reason: str, *values: object) -> None:
    """Raises ShapeError where the condition does not hold; `reason` has a `{}` for each of the values."""
    if not condition:
        raise ShapeError(reason.format(*values))
