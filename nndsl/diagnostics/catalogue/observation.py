"""Mistakes in what an energy reads, and in the states that its units are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Label
from nndsl.diagnostics.mistake import Mistake
from nndsl.source import Span


class ReadsOther(Mistake):
    """The formula of an energy reads a layer or an input.

    An energy is a function of its units and of parameters alone. What else it depends on is a group of units
    that is given where the energy is asked something.

    Wrong:

        energy E(v[64] binary) = -dot(v, full(v, W)) / 2 - dot(v, drive)
        layer  y[64] = sample(v | E, sweeps = 100)

    Right:

        energy E(v[64] binary, u[64]) = -dot(v, full(v, W)) / 2 - dot(v, u) + sum(u^2) / 2
        layer  y[64] = sample(v | E, u = drive, sweeps = 100)
    """

    code: ClassVar[str] = "E0345"
    name: str
    energy: str
    declared: Span

    def message(self) -> str:
        return f"expected units and parameters in the energy '{self.energy}', found the value '{self.name}'"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "declared here"),)

    def help(self) -> str:
        return f"declare a unit group for it, `{self.energy}(…, u)`, and give it: `u = {self.name}`"


class OpenUnits(Mistake):
    """An energy has as many units as a sequence has steps, or a data graph nodes.

    Which units interact, and which are updated at once, is found before there are data: the number of units
    must be known.

    Wrong:

        energy E(v[8] binary over T, h[4] binary over T) = -dot(v, full(h, W))

    Right:

        energy E(v[8] binary over 1..20, h[4] binary over 1..20) = -dot(v, full(h, W))
    """

    code: ClassVar[str] = "E0349"
    group: str
    space: str

    def message(self) -> str:
        return f"expected a known number of units, but '{self.group}' is over {self.space}, an open set"

    def help(self) -> str:
        return "try a grid or a range, such as `over 28x28` or `over 1..20`"


class NothingObserved(Mistake):
    """What an energy says of data is asked, or learned, and no units are given.

    The likelihood is that of the units that are observed; all others are summed over.

    Wrong:

        maximize likelihood(E) by contrastive_divergence(k = 1)

    Right:

        maximize likelihood(E, v = x) by contrastive_divergence(k = 1)
    """

    code: ClassVar[str] = "E0350"
    query: str
    energy: str
    groups: tuple[str, ...]
    declared: Span

    def message(self) -> str:
        return f"expected observed units for '{self.query}', found none of '{self.energy}' given"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "the energy"),)

    def help(self) -> str:
        return f"try `{self.query}({self.energy}, {self.groups[0]} = x)`"


class NothingBegins(Mistake):
    """A state is said to begin with (`v from x`), and what is asked does not go on from anywhere.

    Draws, means by iteration and descents begin with a state; all else is asked of units that are held.

    Wrong:

        layer code[4] = mean(h | E, v from x)

    Right:

        layer code[4] = mean(h | E, v = x)
    """

    code: ClassVar[str] = "E0353"
    query: str
    group: str
    value: str

    def message(self) -> str:
        return f"expected units that are held, found a beginning, '{self.group}', and '{self.query}' has none"

    def help(self) -> str:
        return f"try `{self.group} = {self.value}`"


class OtherPlaces(Mistake):
    """Units are given a value that is over another index space than they are.

    Wrong:

        input  x[8] binary over t in T
        energy E(v[8] binary, h[4] binary) = -dot(v, full(h, W))
        layer  y[4] = mean(h | E, v = x)

    Right:

        input  x[8] binary over t in T
        energy E(v[8] binary, h[4] binary) = -dot(v, full(h, W))
        layer  y[4] = mean(h | E, v = mean(x over T))
    """

    code: ClassVar[str] = "E0351"
    group: str
    found: str
    wanted: str
    declared: Span

    def message(self) -> str:
        return f"expected a value over {self.wanted} for '{self.group}', found one over {self.found}"

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "its units"),)


class MoreThanTwoStates(Mistake):
    """The pseudo-likelihood is asked of units of more than two states, beside hidden ones.

    One unit, drawn for each example, is compared with its other state, and hidden units are summed over for
    both. Where all units are given, units of any kind will do.

    Wrong:

        energy E(v[8], h[4] binary) = sum(v^2) / 2 - dot(v, full(h, W))
        report pseudo_likelihood(E, v = x)

    Right:

        energy E(v[8], h[4] binary) = sum(v^2) / 2 - dot(v, full(h, W))
        report reconstruction_error(E, v = x)
    """

    code: ClassVar[str] = "E0352"
    group: str
    domain: str
    declared: Span

    def message(self) -> str:
        return (
            "'pseudo_likelihood' compares the two states of a unit where others are hidden, "
            f"found {self.domain} units '{self.group}'"
        )

    def labels(self) -> Sequence[Label]:
        return (Label(self.declared, "its units"),)

    def help(self) -> str:
        return "try `reconstruction_error`, or `free_energy`"
