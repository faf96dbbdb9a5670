"""Products and rearrangements that join units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.functions.catalogue import function
from nndsl.operators.reductions import Min

if TYPE_CHECKING:
    from nndsl.building.term import Term


@function("dot", "(x: real[*u, k], y: real[*u, k]) -> real[*u]")
def dot(x: Term, y: Term) -> Term:
    """Σ_k x_k · y_k along the last unit axis; of two plain vectors one number, `[1]`."""
    return x.dot(y)


@function("flatten", "(x: real[*u]) -> real[n]")
def flatten(x: Term) -> Term:
    """All units and the grid as one unit axis; sequences, clocks and graphs stay.

    Entries are in the order in which they are written: row by row, and at each place the units.
    """
    return x.flatten()


@function("nearest", "(match: real[*u, k]) -> real[*u]")
def nearest(match: Term) -> Term:
    """min_k match_k along the last unit axis: the distance to the nearest of each class's prototypes."""
    return match.reduced(Min, match.layout.unit_axes[-1:])
