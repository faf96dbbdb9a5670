"""How symbols are chosen one after another: what `generate … by …` names.

An entry's body gives the settings of a `Search`, which `nndsl.generation` carries out.
"""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.functions.catalogue import entry

PENALTY = 0.6
"""How far a beam search divides out the length of a sequence, where it does not say."""


@dataclass(frozen=True, slots=True)
class Search:
    """`width` sequences are followed at once, and the best is given, by log p / ((5 + n) / 6)^`penalty` for
    n symbols. A symbol is the most probable one where `temperature` is 0; else it is drawn with probability
    ∝ p^(1/temperature), among the `top` most probable ones where that is not 0.
    """

    width: int = 1
    penalty: float = 0.0
    temperature: float = 0.0
    top: int = 0


@entry("search", "greedy", "()")
def greedy() -> Search:
    """The most probable symbol at each place."""
    return Search()


@entry("search", "sampling", "(; temperature: positive = 1, top: integer = 0)")
def sampling(temperature: float, top: int) -> Search:
    """A symbol drawn with probability ∝ p^(1/temperature), among the `top` most probable ones; all for 0."""
    return Search(temperature=temperature, top=int(top))


@entry("search", "beam", f"(; width: count = 4, penalty: number = {PENALTY})")
def beam(width: int, penalty: float) -> Search:
    """The `width` most probable sequences are followed; of those of n symbols that have ended, the one with
    the greatest log p / ((5 + n) / 6)^penalty is given. Source: Wu et al. (2016), without coverage.
    """
    return Search(width=int(width), penalty=penalty)
