"""What the rule of a `wired` connection turns out to join, worked out before anything runs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nndsl.building.term import Term
from nndsl.graph.builder import prune
from nndsl.graph.interpret import interpret
from nndsl.operators.lazy import Array


@dataclass(frozen=True, slots=True)
class Structure:
    """Groups of `units` units here, each wired to a stretch of the source and fully to it: group g to the
    `window` sources from g·stride - before on, as far as there are any.

    `name` is full, one-to-one, block-wise or local. Single units with a window of one are one-to-one; groups
    side by side are block-wise; single units with windows that overlap or leave out sources are local.
    """

    name: str
    units: int
    window: int
    stride: int = 1
    before: int = 0

    def pairs(self, units: int, sources: int) -> Array:
        """Which units here (rows) are joined to which of the source (columns)."""
        start = np.arange(units) // self.units * self.stride - self.before
        past = np.arange(sources) - start[:, None]
        return (past >= 0) & (past < self.window)

    def pays(self, sources: int) -> bool:
        """Whether to run it so. Windows that see most of the source are faster as one product with zeros."""
        return self.name != "local" or 2 * self.window <= sources

    @property
    def plain(self) -> bool:
        """Whether the stretches are the source, cut up."""
        return self.stride == self.window and not self.before


def pairs_of(wiring: Term) -> Array:
    """The truths of a matrix that depends on no value."""
    graph = prune(wiring.build.graph({"pairs": wiring.node}))
    return interpret(graph, {})["pairs"]


def structure(pairs: Array) -> Structure | None:
    """The plainest structure that joins the same pairs of units (rows) and sources (columns), if any does."""
    units, sources = pairs.shape
    found = (
        Structure("full", units, sources, sources),
        Structure("one-to-one", 1, 1),
        *_blocks(pairs),
        *_windows(pairs),
    )
    return next((each for each in found if (each.pairs(units, sources) == pairs).all()), None)


def _blocks(pairs: Array) -> tuple[Structure, ...]:
    """Blocks of one size, one after the other, as the first unit's looks."""
    units, sources = pairs.shape
    window, alike = int(pairs[0].sum()), int((pairs == pairs[0]).all(axis=1).sum())
    fits = window and sources % window == 0 and units % alike == 0 and sources // window == units // alike
    return (Structure("block-wise", alike, window, window),) if fits else ()


def _windows(pairs: Array) -> tuple[Structure, ...]:
    """Windows of the width and the step that two units away from the border have."""
    first = pairs.argmax(axis=1)
    last = pairs.shape[1] - 1 - pairs[:, ::-1].argmax(axis=1)
    inside = np.flatnonzero(pairs.any(axis=1) & (first > 0) & (last < pairs.shape[1] - 1))
    found = []
    for unit in inside[:1]:
        window = int(last[unit] - first[unit] + 1)
        steps = {int(first[other] - first[unit]) for other in inside if other == unit + 1} or {1}
        found += [
            Structure("local", 1, window, step, int(unit * step - first[unit])) for step in steps if step > 0
        ]
    return tuple(found)
