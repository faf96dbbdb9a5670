"""Colours of units on a lattice: the place of a unit tells its colour, as on a chessboard.

A unit at the place i₀, i₁, … has the colour (c₀·i₀ + c₁·i₁ + …) mod n.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from nndsl.building.layout import Layout, unit_dimensions
from nndsl.building.term import Term
from nndsl.graph.builder import Builder
from nndsl.operators.leaves import Position
from nndsl.operators.movement import Reshape

MOST_COLOURS = 6
"""With more colours than this, units are as well updated one by one."""


@dataclass(frozen=True)
class Colour:
    """The units of one colour, `number`, among `count`; `steps` are c₀, c₁, …, and `sizes` those of the
    axes."""

    sizes: tuple[int, ...]
    steps: tuple[int, ...]
    count: int
    number: int

    def mask(self, build: Builder, layout: Layout) -> Term:
        """A truth for each unit of a layout, whose last axis may be the values of a onehot unit."""
        units = prod(self.sizes)
        (dimension,) = unit_dimensions((units,))
        place = Term(build, build(Position(dimension)), Layout(units=(units,))).real()
        total, inner = place.zero(), units
        for size, step in zip(self.sizes, self.steps, strict=True):
            inner //= size
            total = total + step * remainder(quotient(place, inner), size)
        chosen = remainder(total, self.count).apply("equal", place.constant(self.number))
        rows = Layout(space=layout.space, units=layout.units[: len(self.sizes) - len(layout.space)])
        return chosen.made(Reshape(rows.dimensions), rows)


def colours_on_lattice(pairs: NDArray[np.bool_], sizes: tuple[int, ...]) -> tuple[Colour, ...]:
    """The fewest colours of a lattice with which no two units that interact have the same; none where these
    would be more than `MOST_COLOURS`, or no two units would have the same."""
    places = np.indices(sizes).reshape(len(sizes), -1).T
    first, second = np.nonzero(np.triu(pairs))
    for count in range(2, min(MOST_COLOURS + 1, len(pairs))):
        for steps in product(range(count), repeat=len(sizes)):
            found = places @ steps % count
            if (found[first] != found[second]).all():
                return tuple(Colour(sizes, steps, count, number) for number in range(count))
    return ()


def quotient(x: Term, divisor: int) -> Term:
    """⌊x / n⌋ of whole numbers; half a one more, lest the quotient falls short."""
    return ((x + 0.5) / divisor).apply("floor")


def remainder(x: Term, divisor: int) -> Term:
    """x mod n of whole numbers."""
    return x - divisor * quotient(x, divisor)
