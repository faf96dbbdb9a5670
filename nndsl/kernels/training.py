"""What a training step does around its graph: examples in, sums of measures out, gradients of threads
added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba.extending import register_jitable

from nndsl.kernels.interpreter import integers
from nndsl.kernels.kernel import kernel

if TYPE_CHECKING:
    from nndsl.kernels.kernel import Doubles, Indices, Integers, Real, Reals


@register_jitable
def take(rows: Any, source: Any, order: Any, start: int, count: int, width: int, distance: int) -> None:
    """rows[r] ← the first `width` entries of source[order[start + r]], for r < count."""
    for r in range(count):
        example = order[start + r] * distance
        for i in range(width):
            rows[r * width + i] = source[example + i]


@kernel
def take_examples(
    rows: Reals,
    source: Reals,
    order: Indices,
    turn: Integers,
    step: int,
    first: int,
    count: int,
    width: int,
    distance: int,
) -> None:
    """rows[r] ← the first `width` of source[order[n·step + first + r]] for r < count, in the n-th
    minibatch, n = turn[0] + turn[1].

    Shapes: rows (count, width), source (examples, distance). `step` is the size of a minibatch, and `first`
    is where this thread's share of it begins. The loop counts turn[0]; turn[1] is the minibatch it began
    with.
    """
    take(rows, source, order, (turn[0] + turn[1]) * step + first, count, width, distance)


@kernel
def take_labels(
    rows: Indices,
    source: Indices,
    order: Indices,
    turn: Integers,
    step: int,
    first: int,
    count: int,
    width: int,
    distance: int,
) -> None:
    """As `take_examples`, for indices."""
    take(rows, source, order, (turn[0] + turn[1]) * step + first, count, width, distance)


@kernel
def tally(total: Doubles, value: Reals, weight: Real) -> None:
    """total[0] ← total[0] + weight · value[0]: the sum of a measure over an epoch."""
    total[0] += weight * value[0]


@kernel
def advance(table: Integers, count: int) -> None:
    """Adds table[2i + 1] to the integer at the address table[2i], for i < count: arguments move on."""
    for i in range(count):
        cell = integers(table[2 * i])
        cell[0] += table[2 * i + 1]


@kernel
def count_up(number: Reals) -> None:
    """number[0] ← number[0] + 1: steps taken."""
    number[0] += 1


@kernel
def count_up_index(number: Indices) -> None:
    """number[0] ← number[0] + 1: minibatches drawn for."""
    number[0] += 1


@kernel
def add_shares(total: Reals, shares: Reals, first: int, count: int, threads: int, distance: int) -> None:
    """total[i] ← Σ over threads of shares[thread·distance + i], for first ≤ i < first + count."""
    for i in range(first, first + count):
        total[i] = shares[i]
    for thread in range(1, threads):
        for i in range(first, first + count):
            total[i] += shares[thread * distance + i]


@kernel
def all_reduce(total: Reals, part: Reals, count: int, threads: int, distance: int) -> None:
    """total[i] ← Σ over threads of part[thread·distance + i] for i < count, in each thread."""
    for i in range(count):
        total[i] = part[i]
    for thread in range(1, threads):
        for i in range(count):
            total[i] += part[thread * distance + i]
