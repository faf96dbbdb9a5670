"""What `report` shows beside the losses: one number an example, averaged over those that count."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nndsl.functions.catalogue import entry

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


@entry("measure", "topographic_error", "(match: real[a, b]) -> real[1]")
def topographic_error(match: Term) -> Term:
    """The share of examples whose nearest and second nearest prototypes are no neighbours on the sheet
    (of the eight around a unit; Kiviluoto 1996)."""
    columns = match.units[1]
    best = match.argmin_units()
    beyond = match.max_units() - match.min_units() + 1
    second = (match + best.one_hot(match.units) * beyond).argmin_units()
    best_row, second_row = (((winner.real() + 0.5) / columns).apply("floor") for winner in (best, second))
    rows_apart = (best_row - second_row).apply("absolute")
    columns_apart = (best.real() - second.real() - columns * (best_row - second_row)).apply("absolute")
    return match.constant(1.5).apply("less", rows_apart.apply("maximum", columns_apart))
