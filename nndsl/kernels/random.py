"""Random numbers from a counter, the same for any number of threads: Philox4x32-10.

See `nndsl.operators.random`, whose numbers these are. A thread that computes the entries from
`first` on gets those that a single thread would have there.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numba.extending import register_jitable

from nndsl.kernels.kernel import kernel
from nndsl.kernels.vector_math import log, sqrt

if TYPE_CHECKING:
    from nndsl.kernels.kernel import Indices, Reals

LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
ROUNDS = 10

Words = tuple[np.uint64, np.uint64, np.uint64, np.uint64]


@register_jitable
def philox(block: int, step: int, stream: int, seed: int) -> Words:
    """The four 32-bit words of a block, each in 64 bits."""
    c0, c1 = np.uint64(block) & LOW, np.uint64(block) >> HALF
    c2, c3 = np.uint64(step) & LOW, np.uint64(stream) & LOW
    k0, k1 = np.uint64(seed) & LOW, np.uint64(seed) >> HALF
    for _ in range(ROUNDS):
        p0, p1 = c0 * MULTIPLIERS[0], c2 * MULTIPLIERS[1]
        c0, c1 = (p1 >> HALF) ^ c1 ^ k0, p1 & LOW
        c2, c3 = (p0 >> HALF) ^ c3 ^ k1, p0 & LOW
        k0, k1 = (k0 + WEYL[0]) & LOW, (k1 + WEYL[1]) & LOW
    return c0, c1, c2, c3


@register_jitable
def unit(word: Any) -> Any:
    """A word as a number in (0, 1) with 24 significant bits."""
    return (np.float64(np.int64(word >> np.uint64(9))) + 0.5) * 2.0**-23


@register_jitable
def put(target: Any, begin: int, count: int, values: tuple[Any, Any, Any, Any]) -> None:
    """target[begin + lane] ← values[lane], where that place is one of the first `count`."""
    if begin >= 0 and begin + 4 <= count:
        target[begin] = values[0]
        target[begin + 1] = values[1]
        target[begin + 2] = values[2]
        target[begin + 3] = values[3]
        return
    if 0 <= begin < count:
        target[begin] = values[0]
    if 0 <= begin + 1 < count:
        target[begin + 1] = values[1]
    if 0 <= begin + 2 < count:
        target[begin + 2] = values[2]
    if 0 <= begin + 3 < count:
        target[begin + 3] = values[3]


@kernel
def uniform(target: Reals, seed: Indices, step: Indices, stream: int, first: int, count: int) -> None:
    """target[i] ← the uniform number of entry first + i, for i < count.

    `seed` and `step` are read from buffers of one entry.
    """
    key, turn = seed[0], step[0]
    for block in range(first // 4, (first + count + 3) // 4):
        a, b, c, d = philox(block, turn, stream, key)
        put(target, 4 * block - first, count, (unit(a), unit(b), unit(c), unit(d)))


@register_jitable
def normal_pair(first: Any, second: Any) -> tuple[Any, Any]:
    """Two normal numbers from two words, by Box and Muller's method."""
    radius = sqrt(-2.0 * log(unit(first)))
    angle = 2.0 * math.pi * unit(second)
    return radius * math.cos(angle), radius * math.sin(angle)


@kernel
def normal(target: Reals, seed: Indices, step: Indices, stream: int, first: int, count: int) -> None:
    """target[i] ← the standard normal number of entry first + i, for i < count. Arguments as of `uniform`."""
    key, turn = seed[0], step[0]
    for block in range(first // 4, (first + count + 3) // 4):
        a, b, c, d = philox(block, turn, stream, key)
        put(target, 4 * block - first, count, (*normal_pair(a, b), *normal_pair(c, d)))
