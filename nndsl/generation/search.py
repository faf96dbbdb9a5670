"""Chooses symbols one after another: greedily, by chance, or following the best few sequences at once.

An example is followed by `width` hypotheses. At each place the scores s of all their continuations are
compared, s = Σ log p / ((5 + n) / 6)^penalty for n symbols, and the best `width` go on; one that has ended
stays as it is. With one hypothesis that is greedy choice, and with Gumbel noise added to log p / temperature
a draw from p^(1/temperature) (Gumbel 1954).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from nndsl.data.examples import Array
from nndsl.functions.searches import Search

Logits = Callable[[int], Array]
"""The logits of a place, from all symbols up to it, for each example's hypotheses: (rows, symbols)."""

Reorder = Callable[[Array], None]
"""Makes each row go on as another one: (rows,)."""


@dataclass
class Hypotheses:
    """What is followed. Rows are examples × width; the symbols of an example begin with those `given`.

    `until` is the symbol that ends a sequence, `at_most` how many are chosen of one.
    """

    given: Sequence[Array]
    search: Search
    until: int | None
    at_most: int
    seed: int = 0
    symbols: Array = field(init=False)

    def __post_init__(self) -> None:
        width, count = self.search.width, len(self.given)
        longest = max(map(len, self.given)) + self.at_most
        self.symbols = np.zeros((count, width, longest), np.int32)
        for row, known in zip(self.symbols, self.given, strict=True):
            row[:, : len(known)] = known
        self._total = np.full((count, width), -np.inf)
        self._total[:, 0] = 0.0  # all hypotheses of an example begin alike
        self._ends = np.zeros(
            (count, width), np.int64
        )  # how many symbols were chosen at the end; 0 before it
        self._random = [np.random.default_rng((self.seed, example)) for example in range(count)]

    @property
    def is_done(self) -> bool:
        """Whether all hypotheses have ended."""
        return bool(self._over.all())

    @property
    def _over(self) -> Array:
        """Which hypotheses have ended, or are none: there are not always as many as the width."""
        over: Array = (self._ends > 0) | np.isneginf(self._total)
        return over

    def choose(self, place: int, logits: Array) -> Array | None:
        """Chooses the symbols of the place after this one, where they are not given.

        Logits: (examples, width, symbols). Gives the hypotheses that go on, (examples, width), where some
        went on in the place of others.
        """
        count, width, _ = self.symbols.shape
        parents = np.broadcast_to(np.arange(width), (count, width)).copy()
        for example, known in enumerate(self.given):
            chosen = place + 2 - len(known)
            if chosen >= 1 and not self._over[example].all():
                parents[example] = self._choose(example, place + 1, chosen, logits[example])
        return parents if (parents != np.arange(width)).any() else None

    def best(self) -> list[Array]:
        """What was chosen for each example, without the symbol that ends it."""
        found = []
        for example, known in enumerate(self.given):
            lengths = np.where(self._ends[example] > 0, self._ends[example], self.at_most)
            winner = int(np.argmax(self._ranked(self._total[example], lengths)))
            row = self.symbols[example, winner, len(known) : len(known) + int(lengths[winner])]
            ended = self.until is not None and len(row) > 0 and row[-1] == self.until
            found.append(row[:-1] if ended else row)
        return found

    def _choose(self, example: int, place: int, chosen: int, logits: Array) -> Array:
        width, count = logits.shape
        ended = self._ends[example] > 0
        scores = self._total[example][:, None] + _log_softmax(logits.astype(np.float64))
        ranked = self._ranked(scores, np.full((width, 1), chosen))
        if self.search.temperature:
            ranked = self._drawn(example, logits)
        stay = np.full((width, 1), -np.inf)
        stay[ended, 0] = self._ranked(self._total[example], np.maximum(self._ends[example], 1))[ended]
        ranked[ended] = -np.inf
        candidates = np.concatenate([ranked, stay], axis=1)
        order = np.argsort(-candidates, axis=None, kind="stable")[:width]
        parents, symbols = np.divmod(order, count + 1)
        there = candidates.ravel()[order] > -np.inf  # there may be fewer than the width
        goes_on = there & (symbols < count)
        self.symbols[example] = self.symbols[example][parents]
        self._total[example] = np.where(there, self._total[example][parents], -np.inf)
        self._ends[example] = self._ends[example][parents]
        self.symbols[example, goes_on, place] = symbols[goes_on]
        self._total[example, goes_on] = scores[parents[goes_on], symbols[goes_on]]
        over = goes_on & ((symbols == self.until) | (chosen == self.at_most))
        self._ends[example, over] = chosen
        return parents

    def _ranked(self, scores: Array, lengths: Array) -> Array:
        ranked: Array = scores / ((5 + lengths) / 6) ** self.search.penalty
        return ranked

    def _drawn(self, example: int, logits: Array) -> Array:
        """Numbers of which the greatest is at a symbol drawn by its probability."""
        top = self.search.top or logits.shape[1]
        least = np.sort(logits, axis=1)[:, -min(top, logits.shape[1]), None]
        noise = self._random[example].gumbel(size=logits.shape)
        drawn: Array = np.where(logits < least, -np.inf, logits / self.search.temperature + noise)
        return drawn


def follow(hypotheses: Hypotheses, logits: Logits, reorder: Reorder) -> list[Array]:
    """The symbols chosen for each example, one place after the other until all have ended."""
    count, width, places = hypotheses.symbols.shape
    for place in range(places - 1):
        parents = hypotheses.choose(place, logits(place).reshape(count, width, -1))
        if hypotheses.is_done:
            break
        if parents is not None:
            reorder((parents + width * np.arange(count)[:, None]).reshape(-1))
    return hypotheses.best()


def _log_softmax(logits: Array) -> Array:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result
