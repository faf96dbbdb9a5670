"""How far ahead a value looks: what is known of its entries at later rows than the current one.

Attention weighs all rows j of a sequence at row t; it is causal where the entries with j > t are the same
whatever those rows hold. This follows one fact through the operators: such an entry is a formula of t and j
alone (a mask, zero), or depends on rows up to t, or on later ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from nndsl.operators.arithmetic import Add, Divide, Multiply, Negate, Subtract
from nndsl.operators.comparisons import And, Equal, Less, LessEqual, Not, Or, ToReal, Where
from nndsl.operators.operator import Elementwise


class Reach(Enum):
    """What entries at later rows depend on, where they are no plain formula."""

    SEEN = "rows up to the current one"
    AHEAD = "later rows"


@dataclass(frozen=True, slots=True)
class Linear:
    """The number `row · t + later · j + constant`, at each row j later than t."""

    constant: float
    row: float = 0.0
    later: float = 0.0

    def plus(self, other: Linear, sign: float = 1.0) -> Linear:
        return Linear(
            self.constant + sign * other.constant,
            self.row + sign * other.row,
            self.later + sign * other.later,
        )

    def times(self, factor: float) -> Linear:
        return Linear(factor * self.constant, factor * self.row, factor * self.later)

    @property
    def number(self) -> float | None:
        """The number, where it is the same everywhere."""
        return None if self.row or self.later else self.constant

    def always_below(self, limit: float) -> bool:
        """Whether it is less than a limit for all t ≥ 0 and j ≥ t + 1."""
        return self.row + self.later <= 0 and self.later <= 0 and self.constant + self.later < limit


Fact = Linear | Reach

TRUE, FALSE = Linear(1.0), Linear(0.0)


def elementwise(operator: Elementwise, facts: list[Fact]) -> Fact:
    """The fact of a result from those of its operands. Truths are 0 and 1."""
    match operator, facts:
        case Add(), [Linear() as a, Linear() as b]:
            return a.plus(b)
        case Subtract(), [Linear() as a, Linear() as b]:
            return a.plus(b, -1.0)
        case Negate(), [Linear() as a]:
            return a.times(-1.0)
        case ToReal(), [Linear() as a]:
            return a
        case Multiply(), [Linear(0.0, 0.0, 0.0), _] | [_, Linear(0.0, 0.0, 0.0)]:
            return FALSE
        case Divide(), [Linear(0.0, 0.0, 0.0), _]:
            return FALSE
        case ((Less() | LessEqual()), [Linear() as a, Linear() as b]):
            return _compared(isinstance(operator, Less), a, b)
        case Equal(), [Linear() as a, Linear() as b]:
            difference = a.plus(b, -1.0)
            apart = difference.always_below(0) or difference.times(-1.0).always_below(0)
            return FALSE if apart else _known(operator, facts)
        case And(), _ if FALSE in facts:
            return FALSE
        case Or(), _ if TRUE in facts:
            return TRUE
        case Not(), [Linear() as a]:
            return FALSE if a == TRUE else TRUE
        case Where(), [Linear() as condition, a, b]:
            return a if condition == TRUE else b
        case Where(), [_, Linear() as a, b] if a == b:
            return a
        case _:
            return _known(operator, facts)


def _compared(strict: bool, a: Linear, b: Linear) -> Fact:
    difference = a.plus(b, -1.0)  # a < b where it is below 0, b < a where its opposite is
    if difference.always_below(0) or (not strict and difference.number == 0):
        return TRUE
    if difference.times(-1.0).always_below(0) or (strict and difference.number == 0):
        return FALSE
    return Reach.SEEN


def _known(operator: Elementwise, facts: list[Fact]) -> Fact:
    if Reach.AHEAD in facts:
        return Reach.AHEAD
    numbers = [fact.number for fact in facts if isinstance(fact, Linear)]
    if len(numbers) < len(facts) or None in numbers:
        return Reach.SEEN
    with np.errstate(all="ignore"):
        return Linear(float(operator.evaluate(tuple(np.asarray(number) for number in numbers), {})))


def product(a: Fact, b: Fact) -> Fact:
    """The fact of products, entry by entry."""
    return elementwise(Multiply(), [a, b])
