"""How many minibatches are run natively at a time: as many as a tenth of a second holds.

Between two stretches observers hear the news, and an interrupt from the keyboard is heeded.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

SECONDS_A_STRETCH = 0.1

FASTER = 10
"""A stretch is at most so many times as long as those before it."""


class Pace:
    """Finds out how long minibatches take, and keeps it from epoch to epoch."""

    def __init__(self) -> None:
        self._most = 1

    def stretches(self, turns: int) -> Iterator[tuple[int, int]]:
        """Where each stretch of an epoch of so many minibatches begins, and how many it has.

        Whoever takes one runs it before taking the next.
        """
        first = 0
        while first < turns:
            count = min(self._most, turns - first)
            begin = perf_counter()
            yield first, count
            elapsed_seconds = max(perf_counter() - begin, 1e-6)
            first += count
            self._most = max(1, min(int(count * SECONDS_A_STRETCH / elapsed_seconds), FASTER * self._most))
