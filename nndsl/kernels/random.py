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
from nndsl.kernels.native import parallel_innermost_loops
from nndsl.kernels.vector_math import floor, log, polynomial, sqrt

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
    if 0 <= begin < count:
        target[begin] = values[0]
    if 0 <= begin + 1 < count:
        target[begin + 1] = values[1]
    if 0 <= begin + 2 < count:
        target[begin + 2] = values[2]
    if 0 <= begin + 3 < count:
        target[begin + 3] = values[3]


@register_jitable
def uniform_block(block: int, turn: int, stream: int, key: int) -> Any:
    """The four uniform numbers of a block."""
    a, b, c, d = philox(block, turn, stream, key)
    return unit(a), unit(b), unit(c), unit(d)


sine = polynomial(
    np.float64,
    1.58962301576546568060e-10,
    -2.50507477628578072866e-8,
    2.75573136213857245213e-6,
    -1.98412698295895385996e-4,
    8.33333333332211858878e-3,
    -1.66666666666666307295e-1,
)
cosine = polynomial(
    np.float64,
    -1.13585365213876817300e-11,
    2.08757008419747316778e-9,
    -2.75573141792967388112e-7,
    2.48015872888517045348e-5,
    -1.38888888888730564116e-3,
    4.16666666666665929218e-2,
)


@register_jitable
def normal_pair(u: Any, v: Any) -> tuple[Any, Any]:
    """√(−2 ln u) times cos 2πv and sin 2πv: two normal numbers, by Box and Muller's method."""
    radius = sqrt(-2.0 * log(u))
    quarter = floor(4.0 * v + 0.5)
    x = (4.0 * v - quarter) * (math.pi / 2)
    z = x * x
    s, c = x + x * z * sine(z), 1.0 - 0.5 * z + z * z * cosine(z)
    odd = (quarter == 1.0) | (quarter == 3.0)
    c, s = s if odd else c, c if odd else s
    c = -c if (quarter == 1.0) | (quarter == 2.0) else c
    s = -s if (quarter == 2.0) | (quarter == 3.0) else s
    return radius * c, radius * s


@register_jitable
def normal_block(block: int, turn: int, stream: int, key: int) -> Any:
    """The four normal numbers of a block."""
    a, b, c, d = uniform_block(block, turn, stream, key)
    e, f = normal_pair(a, b)
    g, h = normal_pair(c, d)
    return e, f, g, h


@register_jitable
def draw(of_block: Any, target: Any, seed: Any, step: Any, stream: int, first: int, count: int) -> None:
    """target[i] ← entry first + i of the blocks' numbers, for i < count."""
    key, turn = seed[0], step[0]
    begin, end = (first + 3) // 4, (first + count) // 4  # the blocks whose four entries are all wanted
    head = 4 * begin - first
    for i in range(end - begin):
        a, b, c, d = of_block(begin + i, turn, stream, key)
        target[head + 4 * i] = a
        target[head + 4 * i + 1] = b
        target[head + 4 * i + 2] = c
        target[head + 4 * i + 3] = d
    put(target, head - 4, count, of_block(begin - 1, turn, stream, key))
    last = max(begin, end)
    put(target, 4 * last - first, count, of_block(last, turn, stream, key))
    parallel_innermost_loops()


@kernel
def uniform(target: Reals, seed: Indices, step: Indices, stream: int, first: int, count: int) -> None:
    """target[i] ← the uniform number of entry first + i, for i < count.

    `seed` and `step` are read from buffers of one entry.
    """
    draw(uniform_block, target, seed, step, stream, first, count)


@kernel
def normal(target: Reals, seed: Indices, step: Indices, stream: int, first: int, count: int) -> None:
    """target[i] ← the standard normal number of entry first + i, for i < count. Arguments as of `uniform`."""
    draw(normal_block, target, seed, step, stream, first, count)
