"""Which examples are for training, which for validation, which for the test."""

from __future__ import annotations

import numpy as np

from nndsl.data.examples import Array
from nndsl.data.table import Part

SHARES = (0.8, 0.1, 0.1)
Split = tuple[Array, Array, Array]
"""Row numbers of the training, validation and test part, each in ascending order."""

VALIDATION_OF_TRAINING = 1 / 9  # of a training part without validation: 80 : 10 with the default shares


def split(
    count: int,
    part: Array | None = None,
    shares: tuple[float, float, float] | None = None,
    in_order: bool = False,
    seed: int = 0,
) -> Split:
    """Which rows are for training, validation and test.

    Shares that are given come first, then the data's own split `part` (count,), then 80 : 10 : 10. A part
    is drawn by the seed, or, in order, cut off one after the other. Where the data's own split has no
    validation part, a ninth of its training part becomes one, in order its end.
    """
    if shares is None and part is not None:
        return _own(part[:count], in_order, seed)
    a, b, c = shares or SHARES
    rows = np.arange(count) if in_order else _shuffled(count, seed)
    first = round(count * a / (a + b + c))
    second = round(count * (a + b) / (a + b + c))
    return np.sort(rows[:first]), np.sort(rows[first:second]), np.sort(rows[second:])


def _own(part: Array, in_order: bool, seed: int) -> Split:
    train, validation, test = (
        np.flatnonzero(part == which) for which in (Part.TRAIN, Part.VALIDATION, Part.TEST)
    )
    if not len(validation):
        size = round(len(train) * VALIDATION_OF_TRAINING)
        drawn = train[::-1] if in_order else train[_shuffled(len(train), seed)]
        train, validation = np.sort(drawn[size:]), np.sort(drawn[:size])
    return train, validation, test


def _shuffled(count: int, seed: int) -> Array:
    return np.random.default_rng(seed).permutation(count)
