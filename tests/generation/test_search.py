"""How symbols are chosen, on a table of probabilities in the place of a network."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from nndsl.functions.searches import Search
from nndsl.generation.search import Hypotheses, follow

SYMBOLS, END = 4, 3


class Chain:
    """Logits of a place that depend on the last two symbols of each row."""

    def __init__(self, hypotheses: Hypotheses) -> None:
        self.table = np.random.default_rng(7).normal(size=(SYMBOLS, SYMBOLS, SYMBOLS)) * 2
        self.hypotheses = hypotheses
        self.before = np.zeros(hypotheses.symbols[..., 0].size, np.int64)

    def logits(self, place: int) -> np.ndarray:
        now = self.hypotheses.symbols[:, :, place].reshape(-1)
        found = self.table[self.before, now]
        self.before = now
        return found

    def reorder(self, rows: np.ndarray) -> None:
        self.before = self.before[rows]

    def score(self, given: list[int], chosen: tuple[int, ...]) -> float:
        row, total = [*given, *chosen], 0.0
        for place in range(len(given) - 1, len(row) - 1):
            logits = self.table[row[place - 1] if place else 0, row[place]]
            total += logits[row[place + 1]] - np.log(np.exp(logits).sum())
        return total


def searched(given: list[list[int]], search: Search, at_most: int = 4, seed: int = 0) -> list[list[int]]:
    hypotheses = Hypotheses([np.array(row) for row in given], search, END, at_most, seed)
    chain = Chain(hypotheses)
    return [row.tolist() for row in follow(hypotheses, chain.logits, chain.reorder)]


def chain() -> Chain:
    return Chain(Hypotheses([np.array([0])], Search(), END, 1))


@pytest.mark.parametrize("given", [[0], [2], [1, 2]])
@pytest.mark.parametrize("penalty", [0.0, 0.6])
def test_a_wide_beam_finds_the_best_of_all(given: list[int], penalty: float) -> None:
    def rank(chosen: tuple[int, ...]) -> float:
        return chain().score(given, chosen) / ((5 + len(chosen)) / 6) ** penalty

    every = [c for n in range(1, 5) for c in product(range(SYMBOLS), repeat=n)]
    whole = [c for c in every if END not in c[:-1] and (len(c) == 4 or c[-1] == END)]
    best = max(whole, key=rank)
    found = searched([given], Search(width=SYMBOLS**4, penalty=penalty))[0]
    assert found == [symbol for symbol in best if symbol != END]


def test_greedy_takes_the_most_probable_symbol() -> None:
    table = chain().table
    row = [1]
    for _ in range(4):
        row.append(int(table[row[-2] if len(row) > 1 else 0, row[-1]].argmax()))
        if row[-1] == END:
            break
    assert searched([[1]], Search())[0] == [symbol for symbol in row[1:] if symbol != END]
    assert searched([[1]], Search(temperature=1.0, top=1)) == searched([[1]], Search())


@pytest.mark.parametrize("search", [Search(), Search(width=3, penalty=0.6)], ids=["greedy", "beam"])
def test_many_at_once_are_as_one_by_one(search: Search) -> None:
    given = [[0], [2, 1, 0], [1, 2], [3]]
    assert searched(given, search) == [searched([row], search)[0] for row in given]


def test_draws_follow_the_probabilities() -> None:
    """First symbols, over many examples of one beginning, with temperature 2."""
    count = 4000
    found = searched([[1]] * count, Search(temperature=2.0), at_most=1)
    logits = chain().table[0, 1] / 2
    expected = np.exp(logits) / np.exp(logits).sum()
    frequency = np.bincount([row[0] if row else END for row in found], minlength=SYMBOLS) / count
    assert np.abs(frequency - expected).max() < 4 * np.sqrt(0.25 / count)


def test_draws_repeat_by_their_seed() -> None:
    drawn = [searched([[1]] * 8, Search(temperature=1.0), seed=seed) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
