"""Mistakes in energies: units without a conditional, questions that have no exact answer."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Label
from nndsl.diagnostics.mistake import Mistake
from nndsl.diagnostics.wording import listed
from nndsl.source import Span


class NotLinear(Mistake):
    """An energy is not linear in each of its discrete units.

    A unit's conditional follows from ∂E/∂s, so that the unit's own state must not be in it: a unit must not
    be multiplied with itself or with another value of the same onehot unit, nor be in a function that bends.

    Wrong:

        param  W
        energy E(v[64] binary) = -dot(v, full(v, W)) / 2

    Right:

        param  W symmetric no_self
        energy E(v[64] binary) = -dot(v, full(v, W)) / 2
    """

    code: ClassVar[str] = "E0340"
    group: str
    domain: str
    declared: Span

    def message(self) -> str:
        return (
            f"expected a term that is linear in each {self.domain} unit of '{self.group}', found one in "
            "which a unit's own state changes its net input"
        )

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "its units"),)

    def help(self) -> str:
        return "a unit is not connected to itself under `param W symmetric no_self`"


class NotQuadratic(Mistake):
    """An energy is of higher than second order in a real unit, so that its conditional is not Gaussian.

    Neither a third power nor a square that other units scale is quadratic.

    Wrong:

        energy E(v[4], h[8] binary) = sum(v ^ 4) - dot(h, full(v))

    Right:

        energy E(v[4], h[8] binary) = sum(v ^ 2) / 2 - dot(h, full(v))
    """

    code: ClassVar[str] = "E0341"
    group: str
    declared: Span

    def message(self) -> str:
        return (
            f"expected a term of at most second order in the real units of '{self.group}', found one of "
            "higher order, or a square scaled by other units"
        )

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "its units"),)


class NoQuadraticTerm(Mistake):
    """Real units have no positive quadratic term, so that their energy falls without bound.

    Wrong:

        energy E(v[4], h[8] binary) = -dot(h, full(v))

    Right:

        energy E(v[4], h[8] binary) = sum(v ^ 2) / 2 - dot(h, full(v))
    """

    code: ClassVar[str] = "E0342"
    group: str

    def message(self) -> str:
        return f"expected a positive quadratic term for each real unit of '{self.group}', found none"

    def help(self) -> str:
        return f"add `sum({self.group} ^ 2) / 2`, a variance of one"


class NotIndependent(Mistake):
    """An exact answer is asked for where units depend on others that are not given.

    Given what is clamped, the units of the group must not interact with each other, nor with units that are
    not clamped.

    Wrong:

        energy E(v[64] binary, h[32] binary) = -dot(h, full(h, J)) / 2 - dot(v, full(h, W))
        layer  code[32] = mean(h | E, v = x)

    Right:

        energy E(v[64] binary, h[32] binary) = -dot(h, full(h, J)) / 2 - dot(v, full(h, W))
        layer  code[32] = mean_field(h | E, v = x)
    """

    code: ClassVar[str] = "E0343"
    query: str
    group: str
    others: tuple[str, ...]

    def message(self) -> str:
        return (
            f"'{self.query}' is exact where units are independent, but those of '{self.group}' depend on "
            f"units of {listed(self.others)} that are not given"
        )

    def help(self) -> str | None:
        return f"try `mean_field({self.group} | …)`" if self.query == "mean" else None


class TooManyStates(Mistake):
    """A sum over all states is asked for, again and again, of an energy that has too many.

    What `likelihood` and `log_partition` sum over is counted after all units that are independent given the
    others have been summed at once. An output is asked once, and estimated by annealed importance sampling
    where there are too many states; a measure or an objective is asked for every minibatch.

    Wrong:

        train {
          maximize  likelihood(E, v = x)
          optimizer sgd(rate = 0.1)
        }

    Right:

        output log_p = likelihood(E, v = x)
        train {
          maximize  likelihood(E, v = x) by contrastive_divergence(k = 1)
          optimizer sgd(rate = 0.1)
          report pseudo_likelihood(E, v = x)
        }
    """

    code: ClassVar[str] = "E0344"
    query: str
    bits: float
    most_bits: int
    in_stage: bool

    def message(self) -> str:
        many = "infinitely many" if self.bits == inf else f"2^{self.bits:.0f}"
        return (
            f"expected at most 2^{self.most_bits} states to sum over for '{self.query}' "
            f"with every {'minibatch' if self.in_stage else 'example'}, found {many}"
        )

    def help(self) -> str:
        if self.in_stage:
            return (
                "learn `by contrastive_divergence(k = 1)`, report `pseudo_likelihood`, and ask the trained "
                "network by an output: `output log_p = likelihood(…)`"
            )
        return "give all groups but such as are independent of each other"
