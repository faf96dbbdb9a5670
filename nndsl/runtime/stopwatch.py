"""Times the calls of native programs, natively: the clock is read after each.

A program stays what it was, with a call of the kernel `lap` behind every call and every meeting of threads,
which takes some thirty nanoseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import time_ns

import numpy as np
from numpy.typing import NDArray

from nndsl.codegen.group import Group
from nndsl.planning.plan import Instruction
from nndsl.runtime.binding import Call, Calls, Meeting, Repeated, Taken
from nndsl.runtime.memory import address

BETWEEN = "between"
"""What passes between the end of a turn and the beginning of the next one."""

MEETING = "meeting"
"""Waiting for other threads."""

What = Instruction | str
"""An instruction of a plan, a kernel that the runtime calls besides, BETWEEN or MEETING."""


@dataclass(frozen=True, slots=True)
class Time:
    """What one thread has spent on something, and how often it did that."""

    what: What
    thread: int
    seconds: float
    count: int


class Stopwatch:
    """Adds up the times of the programs that are made with it, also where they are bound several times."""

    def __init__(self) -> None:
        self._cells: dict[tuple[What, int], NDArray[np.int64]] = {}
        self._last: dict[int, NDArray[np.int64]] = {}

    def timed(self, thread: int, calls: Calls) -> Calls:
        """The calls of one turn of a thread's program, each with a look at the clock behind it."""
        return [self._lap(BETWEEN, thread), *self._with_laps(thread, calls)]

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What happens meanwhile takes no time."""
        begin = time_ns()
        yield
        for last in self._last.values():
            last[0] += time_ns() - begin

    def times(self) -> list[Time]:
        """What has been timed so far, in the order of the programs."""
        return [
            Time(what, thread, int(cell[0]) / 1e9, int(cell[1]))
            for (what, thread), cell in self._cells.items()
            if cell[1]
        ]

    def restart(self) -> None:
        """Begins anew, now."""
        for cell in self._cells.values():
            cell[:] = 0
        for last in self._last.values():
            last[0] = time_ns()

    def _with_laps(self, thread: int, calls: Calls) -> Iterator[Call | Taken | Repeated | Meeting]:
        for call in calls:
            if isinstance(call, Repeated):
                yield Repeated(call.name, list(self._with_laps(thread, call.calls)), call.count)
            else:
                yield call
                yield self._lap(_what(call), thread)

    def _lap(self, what: What, thread: int) -> Call:
        cell = self._cells.setdefault((what, thread), np.zeros(2, np.int64))
        last = self._last.setdefault(thread, np.array([time_ns()]))
        return Call("lap", (address(cell), address(last)))


def _what(call: Call | Taken | Meeting) -> What:
    if isinstance(call, Meeting):
        return MEETING
    if isinstance(call, Taken):
        return _what(call.call)
    if call.instruction is not None:
        return call.instruction
    assert not isinstance(call.kernel, Group)
    return call.kernel
