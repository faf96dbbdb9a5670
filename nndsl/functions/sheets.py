"""Units on a sheet, as maps have them: where they lie, how far apart, and which are neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nndsl.building.term import Term

ROUNDING = 1e-4
"""A distance counts as equal to another that it exceeds by this share."""


@dataclass(frozen=True)
class Sheet:
    """Units in rows and columns, numbered row by row, neighbours one apart.

    Where it is `hexagonal`, every second row is moved to the right by half a unit and rows are √3/2 apart, so
    that a unit has six neighbours at equal distance. A `torus` is closed: the first row follows the last, the
    first column the last.
    """

    rows: int
    columns: int
    hexagonal: bool = False
    torus: bool = False

    @classmethod
    def of(cls, units: tuple[int, ...], grid: str, torus: bool) -> Sheet:
        """The sheet of a layer's units, as the options of a rule say."""
        rows, columns = units
        return cls(rows, columns, grid == "hexagonal", torus)

    def squared_distance(self, first: Term, second: Term) -> Term:
        """‖u − v‖² of units by their numbers."""
        down, across = (
            u - v for u, v in zip(self._place(first.real()), self._place(second.real()), strict=True)
        )
        if self.torus:
            down = _around(down, self.rows * self._height)
            across = _around(across, self.columns)
        return down.square() + across.square()

    def are_neighbours(self, first: Term, second: Term) -> Term:
        """Whether units touch: the eight around a unit, on a hexagonal sheet the six."""
        farthest = 1.0 if self.hexagonal else 2.0
        apart = self.squared_distance(first, second)
        return apart.apply("less", apart.constant(farthest * (1 + ROUNDING)))

    def neighbourhood(self, kind: str, first: Term, second: Term, radius: Term | float) -> Term:
        """How much units learn with one another: `gaussian` exp(−‖u − v‖² / 2 radius²), `bubble` 1 up to the
        radius and 0 beyond."""
        squared = self.squared_distance(first, second)
        if kind == "bubble":
            reach = squared.term(radius).square() * (1 + ROUNDING)
            return squared.apply("less", reach).real()
        return (squared * (-0.5 / squared.term(radius).square())).apply("exp")

    @property
    def _height(self) -> float:
        """From row to row."""
        return sqrt(3) / 2 if self.hexagonal else 1.0

    def _place(self, unit: Term) -> tuple[Term, Term]:
        """How far down and across units lie."""
        row = _quotient(unit, self.columns)
        column = unit - row * self.columns
        if not self.hexagonal:
            return row, column
        odd = row - _quotient(row, 2) * 2
        return row * self._height, column + odd * 0.5


def _quotient(x: Term, divisor: int) -> Term:
    """⌊x / divisor⌋ of whole numbers: half of one more, lest the quotient falls short of a whole number."""
    return ((x + 0.5) / divisor).apply("floor")


def _around(distance: Term, circumference: float) -> Term:
    """The shorter way around."""
    forth = distance.apply("absolute")
    return forth.apply("minimum", circumference - forth)
