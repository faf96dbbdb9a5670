"""What `report` shows beside the losses: one number an example, averaged over those that count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.functions.catalogue import entry

if TYPE_CHECKING:
    from nndsl.building.term import Term


@entry("measure", "accuracy", "(y: real[*u], target: onehot[*u]) -> real[1]")
def accuracy(y: Term, target: Term) -> Term:
    """The share of examples whose largest unit is the target's. Of equal units the first is the largest."""
    return y.argmax_units().apply("equal", target.argmax_units())


@entry("measure", "perplexity", "(logits: real[*u], target: onehot[*u]) -> real[1]")
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
    rows, columns = match.units
    best = match.argmin_units()
    second = (match + best.one_hot(match.units) * match.constant(1e30)).argmin_units()
    row = [float(unit // columns) for unit in range(rows * columns)]
    column = [float(unit % columns) for unit in range(rows * columns)]
    apart = [(best.look_up(place) - second.look_up(place)).apply("abs") for place in (row, column)]
    return match.constant(1.5).apply("less", apart[0].apply("maximum", apart[1]))
