"""The loop over minibatches of sequences: each is only as long as its longest example.

Padding changes no result, so that what lies beyond the longest example of a minibatch need not be computed.
A plan is bound once for each of a few lengths, and minibatches are run with the next larger one.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import numpy as np

from nndsl.graph.types import BATCH
from nndsl.planning.plan import Plan
from nndsl.runtime.memory import Array
from nndsl.runtime.minibatches import MinibatchLoop
from nndsl.runtime.program import Programs
from nndsl.types import length_key

LENGTHS = 16
"""How many lengths a plan is bound for, at most."""


def cuttable(plan: Plan, data: Mapping[str, Array]) -> dict[str, Array]:
    """The sequences, with each example's length, that can be cut off at the longest of a minibatch.

    They differ in length, and begin the index space of all that lies over them: what is cut off is the end of
    each example's row.
    """
    symbols = {e.symbol for buffer in plan.buffers.values() for e in buffer.type.extents if e.symbol}
    lengths = {symbol: data[length_key(symbol)] for symbol in symbols if length_key(symbol) in data}
    found = {symbol: of for symbol, of in sorted(lengths.items()) if len(of) and of.min() < of.max()}
    for buffer in plan.externals:
        if buffer.name in data:
            for place, extent in enumerate(buffer.type.extents):
                if extent.symbol != BATCH and (place > 1 or extent.steps):
                    found.pop(extent.symbol or "", None)
    return found


def least(plan: Plan, symbol: str) -> int:
    """The smallest size of a sequence of which the windows over it leave something."""
    extents = {e for buffer in plan.buffers.values() for e in buffer.type.extents if e.symbol == symbol}
    size = 1
    while any(extent.value({symbol: size}) < 1 for extent in extents):
        size += 1
    return size


class SequenceLoop(MinibatchLoop):
    """One graph over examples with sequences, minibatch after minibatch; see `MinibatchLoop`.

    `lengths` are those of each example, by the symbol of the sequence's size.
    """

    def __init__(
        self, lengths: Mapping[str, Array], plan: Plan, data: Mapping[str, Array], *rest: Any, **named: Any
    ) -> None:
        self._lengths = lengths
        self._steps = {symbol: -(-plan.bounds[symbol] // LENGTHS) for symbol in lengths}
        self._least = {symbol: least(plan, symbol) for symbol in lengths}
        self._cut: dict[str, int] = {}
        self._programs_by_lengths: dict[tuple[int, ...], dict[int, Programs]] = {}
        super().__init__(plan, data, *rest, **named)

    def _run(self, batch: int, first: int, turns: int) -> None:
        for cut, group in groupby(range(first, first + turns), key=lambda turn: self._longest(turn, batch)):
            same = list(group)
            self._cut = dict(zip(self._lengths, cut, strict=True))
            self._programs = self._programs_by_lengths.setdefault(cut, {})
            super()._run(batch, same[0], len(same))

    def sort(self) -> None:
        """Puts the examples in the order of their lengths, where the order does not matter."""
        self.order[:] = np.argsort(np.sum(list(self._lengths.values()), axis=0), kind="stable")

    def _longest(self, turn: int, batch: int) -> tuple[int, ...]:
        """How long the sequences of a minibatch are, rounded up."""
        chosen = self.order[turn * self.step :][:batch]
        return tuple(self._rounded(symbol, int(of[chosen].max())) for symbol, of in self._lengths.items())

    def _rounded(self, symbol: str, length: int) -> int:
        step = self._steps[symbol]
        return min(max(-(-length // step) * step, self._least[symbol]), self.plan.bounds[symbol])

    def _sizes(self, thread: int) -> dict[str, int]:
        return super()._sizes(thread) | self._cut
