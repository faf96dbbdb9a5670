"""Descent of an energy from a state: recall in a Hopfield network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from zlib import crc32

from nndsl.building.layout import Layout
from nndsl.building.term import Term
from nndsl.energies.coupling import Chain, Row
from nndsl.energies.energy import States
from nndsl.operators.movement import Concatenate, Reshape
from nndsl.operators.sweeps import Order


@dataclass(frozen=True)
class Descent:
    """The units of some groups, sweep by sweep from the states `start` of all, in which the others are held.

    Random orders depend on the run and the name of the energy alone, so that all that is asked of one
    descent sees the same.
    """

    row: Row
    start: States
    order: Order

    @cached_property
    def _chain(self) -> Chain:
        stream = crc32(self.row.energy.model.name.encode())
        return Chain(self.row, self.start, "settle", self.order, stream)

    def after(self, sweeps: int) -> States:
        """The states after so many sweeps."""
        return self._chain.swept(self.start, sweeps)

    def further(self, states: States, sweeps: int) -> States:
        """The states one sweep after those that follow so many sweeps."""
        return self._chain.swept(states, 1, begin=sweeps)

    def energies(self, sweeps: int) -> Term:
        """E after each sweep: `[batch, sweeps]`."""
        states, found = self.start, []
        for sweep in range(sweeps):
            states = self.further(states, sweep)
            found.append(self.row.energy.of(states))
        one, all_of_them = (Layout(batch=True, units=(units,)) for units in (1, sweeps))
        first, *rest = (energy.made(Reshape(one.dimensions), one) for energy in found)
        return first.made(Concatenate(1), all_of_them, *rest) if rest else first

    def same(self, one: States, other: States) -> Term:
        """Whether all units are in the same states: 1 or 0 for each example."""
        equal = self.row.joined(one).apply("equal", self.row.joined(other))
        return equal.real().min_units()
