"""Learning rules of units that compete: each unit holds a prototype w, the weights of a `distance2`, and the
one nearest to an example wins.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nndsl.functions.catalogue import entry
from nndsl.functions.sheets import Sheet
from nndsl.operators.broadcasting import Sum
from nndsl.operators.contraction import Contract
from nndsl.operators.reductions import ArgMin

if TYPE_CHECKING:
    from nndsl.building.term import Term
    from nndsl.learning.rules import Epoch, Example, Statistics
    from nndsl.semantics.model import Setting

MAP = (
    "neighbourhood: word(gaussian|bubble) = gaussian, grid: word(rectangular|hexagonal) = rectangular, "
    "torus: truth = no"
)
"""The options of a rule that learns a map."""


@entry("rule", "competitive", "(match: real[*u]; rate: share_schedule = 0.1 -> 0.01)")
def competitive(example: Example, match: Term, rate: Setting) -> None:
    """The winner takes all, one example at a time: w ← w + rate · (x − w) for the nearest prototype w.

    `match` is the layer `distance2(x, W)`. Prototypes start at random examples, all different.
    Source: Rumelhart, Zipser (1985).
    """
    winner = match.argmin_units()
    example.add_to(winner, example.at(rate) * (example.x - example.row(winner)))


@entry(
    "rule", "lvq", "(match: real[classes, each], label: onehot[classes]; rate: share_schedule = 0.1 -> 0.01)"
)
def lvq(example: Example, match: Term, label: Term, rate: Setting) -> None:
    """Learning vector quantization (LVQ1), one example at a time: the nearest prototype w goes towards an
    example of its own class, w ← w + rate · (x − w), and away from any other, w ← w − rate · (x − w).

    `match` is the layer `distance2(x, W)`, a row of units for each class. Prototypes start at random examples
    of their class. Source: Kohonen (1986).
    """
    winner = match.argmin_units()
    _, each = match.units
    own = ((winner.real() + 0.5) / each).apply("floor").apply("equal", label.argmax_units().real())
    towards = own.real() * 2.0 - 1.0
    example.add_to(winner, towards * example.at(rate) * (example.x - example.row(winner)))


@entry(
    "rule",
    "som",
    "(match: real[rows, columns]; radius: positive_schedule = 10 -> 1, rate: share_schedule = 0.5 -> 0.02, "
    + MAP
    + ")",
)
def som(
    example: Example, match: Term, radius: Setting, rate: Setting, neighbourhood: str, grid: str, torus: bool
) -> None:
    """Self-organising map, one example at a time: w_u ← w_u + rate · h(u, winner) · (x − w_u) for each unit
    u, where h = exp(−‖u − winner‖² / 2 radius²), or, in a `bubble`, 1 up to the radius and 0 beyond.

    `match` is the layer `distance2(x, W)` on a sheet, neighbours one apart. `hexagonal`, each second row
    is moved to the right by half a unit and rows are √3/2 apart; a `torus` is closed. Radius and rate change
    from example to example. Prototypes start at random examples, all different.
    Source: Kohonen (1982), (2001).
    """
    sheet = Sheet.of(match.units, grid, torus)
    winner = match.argmin_units()
    near = sheet.neighbourhood(neighbourhood, example.numbers, winner, example.at(radius))
    example.add(example.at(rate) * near * (example.x - example.rows.across("unit")))


@entry("rule", "batch_som", f"(match: real[rows, columns]; radius: positive_schedule = 10 -> 1, {MAP})")
def batch_som(
    statistics: Statistics, match: Term, radius: Setting, neighbourhood: str, grid: str, torus: bool
) -> None:
    """Self-organising map, once an epoch: w_u = Σ_b h(u, winner_b) x_b / Σ_b h(u, winner_b) over all examples
    b.

    It has no rate, and the order of the examples makes no difference; the radius changes from epoch to epoch.
    A unit that nothing is near to stays. All else is as for `som`. Source: Kohonen (2001), the batch map.
    """
    sheet = Sheet.of(match.units, grid, torus)
    sums = _sums_by_winner(match.argmin_units(), match.unit_row().units, statistics.x.unit_row())

    def update(epoch: Epoch, total: Term, count: Term) -> Term:
        number = count.unit_number(*count.units)
        units, winners = number.across("unit"), number.across("winner")
        near = sheet.neighbourhood(neighbourhood, units, winners, epoch.at(radius))

        def pooled(sums: Term) -> Term:
            winner = sums.across("winner")
            return near.contract(winner, winner.layout.space, sums.across("unit").layout)

        return epoch.mean_or_old(pooled(total), pooled(count))

    statistics.become(sums, update)


@entry("rule", "kmeans", "(x: real[*u])")
def kmeans(statistics: Statistics, x: Term) -> None:
    """Lloyd's algorithm, once an epoch: each prototype becomes the mean of the examples that are nearest to
    it.

    The learned weights of a `distance2` are the prototypes c; the nearest is argmin ‖c‖² − 2 c·x. A prototype
    that no example is nearest to stays. Prototypes start at random examples, all different. Source: Lloyd
    (1957, 1982).
    """
    c, x = statistics.rows, x.unit_row()
    rows = c.across("unit")
    places = replace(x.layout, space=rows.layout.space, units=())
    products = x.contract(rows, (0,), places)
    distances = (rows.square().sum_units() - 2 * products).ordered(places.keys)
    winner = distances.made(ArgMin(1), distances.layout.without((1,)))

    def update(epoch: Epoch, total: Term, count: Term) -> Term:
        return epoch.mean_or_old(total.across("unit"), count.across("unit"))

    statistics.become(_sums_by_winner(winner, c.units[:1], x), update)


def _sums_by_winner(winner: Term, units: tuple[int, ...], x: Term) -> dict[str, Term]:
    """For each unit the `total` of the examples that it wins, `[units, inputs]`, and their `count`."""
    won = winner.one_hot(units)
    whole = replace(won.layout, batch=False, units=(*units, *x.units))
    return {"total": won.made(Contract("bk,bd->kd"), whole, x.real()), "count": won.reduced(Sum, (0,))}
