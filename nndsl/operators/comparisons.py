"""Truths: comparisons, connectives, choices by a truth, and truths as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from nndsl.graph.types import Element, TensorType, index, real, truth
from nndsl.operators.broadcasting import filled
from nndsl.operators.lazy import Array, np
from nndsl.operators.operator import Elementwise, Sample, require

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node


class Comparison(Elementwise):
    """Two reals or two indices, entry by entry; false wherever one is not a number."""

    arity = 2
    takes = (Element.REAL, Element.INDEX)
    gives = Element.TRUTH
    differentiable = False


class Less(Comparison):
    """`y = a < b`."""

    name = "less"
    code = "{0} < {1}"
    numpy = "less"


class LessEqual(Comparison):
    """`y = a ≤ b`."""

    name = "less_equal"
    code = "{0} <= {1}"
    numpy = "less_equal"


class Equal(Comparison):
    """`y = a = b`."""

    name = "equal"
    code = "{0} == {1}"
    numpy = "equal"


class Connective(Elementwise):
    """Truths, entry by entry."""

    takes = (Element.TRUTH,)
    differentiable = False


class And(Connective):
    """`y = a ∧ b`."""

    name = "and"
    arity = 2
    code = "{0} and {1}"
    numpy = "logical_and"


class Or(Connective):
    """`y = a ∨ b`."""

    name = "or"
    arity = 2
    code = "{0} or {1}"
    numpy = "logical_or"


class Not(Connective):
    """`y = ¬a`."""

    name = "not"
    arity = 1
    code = "not {0}"
    numpy = "logical_not"


class ToReal(Elementwise):
    """A truth as 0 or 1, an index as a number."""

    name = "to_real"
    arity = 1
    code = "float({0})"
    takes = (Element.TRUTH, Element.INDEX)
    gives = Element.REAL
    differentiable = False

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return operands[0].astype(np.float64)

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls(), (real(3),))


class Where(Elementwise):
    """`y = a` where the condition holds, else `b`. Operands: `truth`, then two of one type."""

    name = "where"
    arity = 3
    code = "{1} if {0} else {2}"
    numpy = "where"

    def infer(self, *operands: TensorType) -> TensorType:
        require(len(operands) == self.arity, "where takes 3 operands, not {}", len(operands))
        condition, a, b = operands
        require(condition.element == Element.TRUTH, "where asks {}", condition)
        fits = condition.extents == a.extents == b.extents and a.element == b.element
        require(fits, "where {} chooses between {} and {}", condition, a, b)
        return a

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        condition, _, _ = node.inputs
        zero = filled(build, 0.0, node.type)
        return None, build(Where(), condition, dy, zero), build(Where(), condition, zero, dy)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls(), (truth(3, 4), real(3, 4), real(3, 4)))
        yield Sample(cls(), (truth(2), index(2), index(2)))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls(), (real(3), real(3), real(3)))
        yield Sample(cls(), (truth(3), real(3), index(3)))
        yield Sample(cls(), (truth(3), real(3), real(4)))
        yield Sample(cls(), (truth(3), real(3)))
