"""Runs programs on the native machine, or one instruction at a time under a watcher's eyes.

A program is an array of int64 rows `[opcode, first, second, third]` (see `nndsl.kernels.opcodes`) whose
last is HALT. It holds addresses: whoever made it keeps the memory behind them alive.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Sequence
from functools import cache
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from nndsl.kernels.opcodes import ASLEEP, PATIENCE, SPINS, WIDTH, Opcode
from nndsl.planning.plan import Precision
from nndsl.runtime.cache import address
from nndsl.runtime.memory import cores

Program = NDArray[np.int64]
Observe = Callable[[int], None]
"""Is told the number of the row that has just been executed."""

BARRIER_CELLS = 24
MAILBOX_CELLS = 24

_Kernel = ctypes.CFUNCTYPE(None, ctypes.c_void_p)  # releases the interpreter lock while it runs


def program(rows: Sequence[Sequence[int]]) -> Program:
    """Rows of up to four integers as a program; HALT is added."""
    table = np.zeros((len(rows) + 1, WIDTH), np.int64)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    return table


def barrier() -> NDArray[np.int64]:
    """A meeting point of threads, whose address BARRIER and POLL take."""
    return np.zeros(BARRIER_CELLS, np.int64)


class StopRequest:
    """Asks running programs to halt at their next POLL; and tells how patiently they wait for one another.

    Where each thread has a core, a waiting one looks again and again, as the others will soon be there. Where
    they are more, it may be in the way of those that it waits for.
    """

    def __init__(self) -> None:
        self.cell = np.zeros(2, np.int64)

    def be_patient(self, threads: int) -> None:
        """For programs on so many threads."""
        self.cell[PATIENCE] = SPINS if threads <= cores() else 0

    def ask(self) -> None:
        self.cell[0] = 1

    @property
    def asked(self) -> bool:
        return bool(self.cell[0])


@cache
def _callable(function: int) -> Callable[[int], None]:
    return _Kernel(function)


def call(function: int, arguments: NDArray[np.int64]) -> None:
    """Call one kernel by its address."""
    _callable(function)(arguments.ctypes.data)


class Run:
    """Programs ready to be run again and again, each in a thread of its own, the first in the caller's.

    An interrupt from the keyboard is raised once all have halted: until then they use the memory that the
    caller keeps alive.
    """

    def __init__(self, programs: Sequence[Program], stop: StopRequest | None = None) -> None:
        stop = stop or StopRequest()
        stop.be_patient(len(programs))
        self._helpers = len(programs) - 1
        self._done = np.zeros(1, np.int64)
        self._mailboxes = np.zeros(self._helpers, np.int64)
        tables = np.array([table.ctypes.data for table in programs], np.int64)
        self._held = (programs, stop, tables)
        given = [x.ctypes.data for x in (tables, stop.cell, self._mailboxes)]
        self._arguments = np.array([*given, self._helpers, self._done.ctypes.data], np.int64)
        self._place = self._arguments.ctypes.data
        self._lead = _callable(address("lead", Precision.FLOAT64))

    def __call__(self) -> None:
        """Runs all until they have halted."""
        helpers = [_taken() for _ in range(self._helpers)]
        for number, helper in enumerate(helpers):
            self._mailboxes[number] = helper.address
        self._done[0] = 0
        while not self._done[0]:
            for helper in helpers:
                helper.wake()
            self._lead(self._place)
        _idle.extend(helpers)


class _Helper:
    """A thread that runs programs which others lead."""

    def __init__(self) -> None:
        self.mailbox = np.zeros(MAILBOX_CELLS, np.int64)
        self.address = int(self.mailbox.ctypes.data)
        self._ear: SimpleQueue[None] = SimpleQueue()
        threading.Thread(target=self._serve, daemon=True).start()

    def wake(self) -> None:
        """Lets the thread look for a program again, if it sleeps."""
        if self.mailbox[0] == ASLEEP and self._ear.empty():
            self._ear.put(None)

    def _serve(self) -> None:
        serve, packed = address("serve", Precision.FLOAT64), np.array([self.address], np.int64)
        while True:
            self._ear.get()
            call(serve, packed)


_idle: list[_Helper] = []
"""The helpers that nobody has taken. They are kept: starting a thread takes longer than a small minibatch."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # a forked process has none of the threads


def _taken() -> _Helper:
    """An idle helper, or a new one."""
    try:
        return _idle.pop()
    except IndexError:
        return _Helper()


def step(table: Program, observe: Observe, stop: StopRequest | None = None) -> None:
    """Run one program in Python, row by row, and tell `observe` after each kernel call.

    Barriers are passed: the program is alone.
    """
    stop = stop or StopRequest()
    row = 0
    while True:
        opcode, first, second, third = map(int, table[row])
        row += 1
        match Opcode(opcode):
            case Opcode.CALL:
                _callable(first)(second)
                observe(row - 1)
            case Opcode.TAKE:
                raise AssertionError("pieces are for several threads")
            case Opcode.REPEAT:
                ctypes.c_int64.from_address(first).value = 0
                row = third if second <= 0 else row
            case Opcode.NEXT:
                cell = ctypes.c_int64.from_address(first)
                cell.value += 1
                row = third if cell.value < second else row
            case Opcode.POLL if stop.asked:
                return
            case Opcode.BARRIER | Opcode.POLL:
                pass
            case Opcode.HALT:
                return
