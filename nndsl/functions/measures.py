"""What `report` shows beside the losses: one number an example, averaged over those that count."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nndsl.functions.catalogue import entry
from nndsl.functions.sheets import Sheet

if TYPE_CHECKING:
    from nndsl.building.term import Term


@entry("measure", "accuracy", "(y: real[*u], target: onehot[*u]) -> real[1]")
def accuracy(y: Term, target: Term) -> Term:
    """The share of examples whose largest unit is the target's. Of equal units the first is the largest."""
    return y.argmax_units().apply("equal", target.argmax_units())


@entry("measure", "perplexity", "(logits: real[*u], target: onehot[*u]) -> real[1]", after=math.exp)
def perplexity(logits: Term, target: Term) -> Term:
    """exp of the mean cross entropy over all examples and positions."""
    return logits.log_sum_exp_units() - (target * logits).sum_units()


@entry("measure", "quantization_error", "(match: real[*u]) -> real[1]")
def quantization_error(match: Term) -> Term:
    """The mean distance from an example to the nearest prototype, sqrt(min_k match_k); `match` holds the
    squared distances that `distance2` gives (Kohonen 2001)."""
    return match.min_units().apply("sqrt")


@entry(
    "measure",
    "topographic_error",
    "(match: real[rows, columns]; grid: word(rectangular|hexagonal) = rectangular, torus: truth = no) "
    "-> real[1]",
)
def topographic_error(match: Term, grid: str, torus: bool) -> Term:
    """The share of examples whose nearest and second nearest prototypes are no neighbours on the sheet: of
    the eight around a unit, or, `hexagonal`, of the six (Kiviluoto 1996).

    In a stage that learns a map, `grid` and `torus` are those of its rule unless they are given.
    """
    sheet = Sheet.of(match.units, grid, torus)
    best = match.argmin_units()
    beyond = match.max_units() - match.min_units() + 1
    second = (match + best.one_hot(match.units) * beyond).argmin_units()
    return sheet.are_neighbours(best, second).apply("not")
