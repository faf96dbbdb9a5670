"""Mistakes in recall: where a descent of an energy begins, and the units that it goes through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Label
from nndsl.diagnostics.mistake import Mistake
from nndsl.source import Span


class NoStart(Mistake):
    """A descent of an energy does not say where it begins.

    Wrong:

        layer y[64] = settle(E)

    Right:

        layer y[64] = settle(E, v from x)
    """

    code: ClassVar[str] = "E0346"
    query: str
    energy: str
    groups: tuple[str, ...]
    declared: Span

    def message(self) -> str:
        return f"expected where '{self.query}' begins, found no state of '{self.energy}' to start from"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "the energy"),)

    def help(self) -> str:
        return f"try `{self.query}({self.energy}, {self.groups[0]} from x)`"


class NotTwoStates(Mistake):
    """Units are to change one after another that are not of two states, or of two kinds.

    So do those of a descent, and those that are coupled with others of their group. All that are not clamped
    must be binary, or all bipolar.

    Wrong:

        energy E(v[64] bipolar, z[10]) = sum(z ^ 2) / 2 - dot(z, full(v))
        layer  y[64] = settle(E, v from x)

    Right:

        energy E(v[64] bipolar, z[10]) = sum(z ^ 2) / 2 - dot(z, full(v))
        layer  y[64] = settle(E, v from x, z = code)
    """

    code: ClassVar[str] = "E0347"
    query: str
    found: tuple[tuple[str, str], ...]
    declared: Span

    def message(self) -> str:
        units = " and ".join(f"{domain} units '{name}'" for name, domain in self.found)
        return f"'{self.query}' changes units one by one, all of them binary, or all bipolar; found {units}"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "the energy"),)

    def help(self) -> str:
        return f"hold units of another kind at a value: `{self.found[-1][0]} = …`"


class NotPairwise(Mistake):
    """Units are to change one after another under an energy that multiplies three of them.

    What a unit's flip changes for the others is looked up in a matrix, which only an energy of second order
    has.

    Wrong:

        energy E(v[64] bipolar) = -sum(full(v, W)) * sum(each(v, U)) * sum(each(v, T))
        layer  y[64] = settle(E, v from x)

    Right:

        energy E(v[64] bipolar) = -dot(v, full(v, W)) / 2
        layer  y[64] = settle(E, v from x)
    """

    code: ClassVar[str] = "E0348"
    query: str
    declared: Span

    def message(self) -> str:
        return f"'{self.query}' needs an energy that multiplies no more than two units, found one that does"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "the energy"),)


class StatesNotGiven(Mistake):
    """A rule that stores patterns is not told the states of all units of the energy.

    Wrong:

        energy E(v[64] bipolar, h[32] bipolar) = -dot(v, full(h, W))
        train { learn W by hebb(E, v = x) }

    Right:

        energy E(v[64] bipolar, h[32] bipolar) = -dot(v, full(h, W))
        train { learn W by hebb(E, v = x, h = y) }
    """

    code: ClassVar[str] = "E0560"
    rule: str
    group: str
    declared: Span

    def message(self) -> str:
        return f"the rule '{self.rule}' stores states of all units, but '{self.group}' is not given"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "the energy"),)


class NotBipolar(Mistake):
    """A rule that stores patterns is used for units that are not -1 or +1.

    The products of the states at both ends of a connection say whether the two agree: with 0 and 1 they would
    not tell two units that are both off from two that differ.

    Wrong:

        energy E(v[64] binary) = -dot(v, full(v, W)) / 2
        train { learn W by hebb(E, v = x) }

    Right:

        energy E(v[64] bipolar) = -dot(v, full(v, W)) / 2
        train { learn W by hebb(E, v = x) }
    """

    code: ClassVar[str] = "E0561"
    rule: str
    name: str
    domain: str
    declared: Span

    def message(self) -> str:
        return f"the rule '{self.rule}' stores states of -1 and +1, found {self.domain} units '{self.name}'"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "declared here"),)

    def help(self) -> str:
        return f"declare '{self.name}' bipolar"
