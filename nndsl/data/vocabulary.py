"""The symbols of a text -> class numbers.

The most frequent symbols of the training part come first, those that are equally frequent in the order of
the alphabet. The mark `</s>` has the number 0 where texts are marked. Where the classes have room for all
symbols and one more, or must do with fewer symbols, `<unk>` comes next: it stands for every other symbol.
"""

from __future__ import annotations

import numpy as np

from nndsl.data.examples import Array
from nndsl.data.sequences import MARK
from nndsl.data.table import Ragged

UNKNOWN = "<unk>"

Words = tuple[str, ...]


def vocabulary(symbols: Array, size: int) -> Words:
    """At most `size` words for the symbols of the training part, with what stands for the others."""
    found, counts = np.unique(symbols, return_counts=True)
    order = np.lexsort((np.arange(len(found)), -counts))
    ranked = [word for word in found[order].tolist() if word != MARK]
    special = [MARK] if MARK in found else []
    if len(special) + len(ranked) != size:
        special.append(UNKNOWN)
    return (*special, *ranked)[:size]


def encoded(rows: Ragged, words: Words) -> tuple[Ragged, str | None]:
    """The number of each symbol, and the first symbol that has none: it is -1."""
    found, numbered = np.unique(rows.values, return_inverse=True)
    known = {word: number for number, word in enumerate(words)}
    other = known.get(UNKNOWN, -1)
    numbers = np.array([known.get(word, other) for word in found.tolist()], np.int32)
    strange = found[numbers < 0]
    return Ragged(numbers[numbered], rows.starts), str(strange[0]) if len(strange) else None
