"""Runs programs on the native machine, or one instruction at a time under a watcher's eyes.

A program is an array of int64 rows `[opcode, first, second, third]` (see `nndsl.kernels.opcodes`) whose
last is HALT. It holds addresses: whoever made it keeps the memory behind them alive.
"""

from __future__ import annotations

import ctypes
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from nndsl.kernels.opcodes import PATIENCE, WIDTH, Opcode
from nndsl.planning.plan import Precision
from nndsl.runtime.cache import address
from nndsl.runtime.memory import cores

Program = NDArray[np.int64]
Observe = Callable[[int], None]
"""Is told the number of the row that has just been executed."""

BARRIER_CELLS = 24
SPINS = 200
"""How often a waiting thread looks again before it lets another thread have its core, if each has one."""

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


@contextmanager
def _interrupts_put_off(stop: StopRequest) -> Iterator[None]:
    """An interrupt meanwhile asks for a stop, and is raised at the end.

    Were it raised at once, that could be while threads are being started, and nobody would wait for them.
    """
    usual = signal.getsignal(signal.SIGINT)
    if not callable(usual) or threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = False

    def ask(*_: object) -> None:
        nonlocal asked
        asked = True
        stop.ask()

    signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if asked:
        usual(signal.SIGINT, None)


def run_here(table: Program) -> None:
    """Run one program to its end in the calling thread."""
    nobody = StopRequest()
    arguments = np.array([table.ctypes.data, nobody.cell.ctypes.data], np.int64)
    call(address("interpret", Precision.FLOAT64), arguments)


def run(programs: Sequence[Program], stop: StopRequest | None = None) -> None:
    """Run each program in a thread of its own until all have halted.

    On an interrupt from the keyboard the programs are asked to stop, and the interrupt is raised once
    they have: until then they use the memory that the caller keeps alive.
    """
    stop = stop or StopRequest()
    stop.be_patient(len(programs))
    interpret = address("interpret", Precision.FLOAT64)

    def interpreted(table: Program) -> None:
        call(interpret, np.array([table.ctypes.data, stop.cell.ctypes.data], np.int64))

    with _interrupts_put_off(stop):
        for end in [_in_a_thread(partial(interpreted, table)) for table in programs]:
            end.wait()


_Work = tuple[Callable[[], None], threading.Event]

_idle: list[SimpleQueue[_Work]] = []
"""Where threads listen that have nothing to do. They are kept, because starting one takes longer than running
a small minibatch."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # a forked process has none of the threads


def _in_a_thread(work: Callable[[], None]) -> threading.Event:
    """Has an idle thread do something, or a new one; the event tells that it is done."""
    try:
        ear = _idle.pop()
    except IndexError:
        ear = SimpleQueue()
        threading.Thread(target=_serve, args=(ear,), daemon=True).start()
    end = threading.Event()
    ear.put((work, end))
    return end


def _serve(ear: SimpleQueue[_Work]) -> None:
    while True:
        work, end = ear.get()
        work()
        _idle.append(ear)
        end.set()


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
