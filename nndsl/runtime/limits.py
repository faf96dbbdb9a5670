"""What this machine does at most: operations and bytes a second of each of some busy threads, measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nndsl.graph.types import Element
from nndsl.planning.plan import Precision
from nndsl.runtime.binding import Call, bits
from nndsl.runtime.memory import Array, address, dtype, zeros
from nndsl.runtime.program import Programs
from nndsl.runtime.stopwatch import BETWEEN, Stopwatch

SIDE = 256
"""Rows and columns of the matrices whose product shows how many operations there can be."""

PRODUCTS = 8

ROOMS_BYTES = (16 << 10, 256 << 10, 4 << 20, 64 << 20)
"""How much is copied to show how fast memory is that fits into each cache, and into none."""

COPIED_BYTES = 32 << 20
"""Small rooms are copied several times, until they have moved so much."""

LAPS = 1000

RUNS = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one thread, while all of them are busy.

    `bandwidths` are pairs of a room and the bytes that are read and written in it a second. `lap_seconds` is
    what it takes to read the clock after a call.
    """

    operations_a_second: float
    bandwidths: tuple[tuple[int, float], ...]
    lap_seconds: float

    def least_seconds(self, operations: int, moved_bytes: int) -> float:
        """What a call cannot be quicker than that does so many operations and touches so many bytes."""
        fitting = [speed for room, speed in self.bandwidths if moved_bytes <= room]
        bandwidth = fitting[0] if fitting else self.bandwidths[-1][1]
        return max(operations / self.operations_a_second, moved_bytes / bandwidth)


def measured_limits(threads: int, precision: Precision) -> Limits:
    """The limits of each of so many threads. Takes a fraction of a second."""
    real = dtype(Element.REAL, precision)
    held = [tuple(zeros((SIDE, SIDE), real) for _ in range(3)) for _ in range(threads)]
    product_seconds = _seconds([[_product(*matrices)] for matrices in held], precision, PRODUCTS)
    bandwidths = []
    for room in ROOMS_BYTES:
        pairs = [_pair(room, real) for _ in range(threads)]
        times = max(COPIED_BYTES // room, 1)
        bandwidths.append((room, room / _seconds([[_copy(*pair)] for pair in pairs], precision, times)))
    lap_seconds = _seconds([[]], precision, LAPS)
    return Limits(2 * SIDE**3 / product_seconds, tuple(bandwidths), lap_seconds)


def _product(c: Array, a: Array, b: Array) -> Call:
    """A product of two square matrices."""
    places = map(address, (c, a, b))
    return Call("gemm", (*places, SIDE, SIDE, SIDE, 0, 0, SIDE, SIDE, SIDE, bits(1.0), bits(0.0)))


def _pair(room_bytes: int, real: np.dtype[np.generic]) -> tuple[Array, Array]:
    """Two arrays that fill a room."""
    entries = room_bytes // 2 // real.itemsize
    return zeros((entries,), real), zeros((entries,), real)


def _copy(target: Array, source: Array) -> Call:
    """A copy, which is what the sum of one thread's share is."""
    return Call("add_shares", (address(target), address(source), 0, target.size, 1, target.size))


def _seconds(calls: Sequence[Sequence[Call]], precision: Precision, times: int) -> float:
    """The least seconds of one turn of some threads' calls, in runs of so many turns.

    Without any call, a turn is a look at the clock.
    """
    stopwatch = Stopwatch()
    programs = Programs([stopwatch.timed(thread, own) for thread, own in enumerate(calls)], precision)
    least = float("inf")
    for _ in range(RUNS):
        stopwatch.restart()
        programs.run(times)
        wanted = [time for time in stopwatch.times() if time.what != BETWEEN or not any(calls)]
        least = min(least, max(time.seconds / time.count for time in wanted))
    return least
