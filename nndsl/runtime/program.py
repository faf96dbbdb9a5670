"""Calls -> programs of the native machine: tables of rows, and the memory of the calls' arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from nndsl.kernels.opcodes import Opcode
from nndsl.planning.plan import Instruction, Precision
from nndsl.runtime import machine
from nndsl.runtime.binding import Call, Calls, Meeting, Repeated, Taken, flat
from nndsl.runtime.blas import calls_blas, one_thread
from nndsl.runtime.cache import Kernel, OnCompile, prepare

ADVANCE = "advance"
"""The kernel that moves arguments on from turn to turn."""


def kernels_of(calls: Calls) -> list[Kernel]:
    """All kernels that a program of these calls needs."""
    found: list[Kernel] = [call.kernel for call in flat(calls)]
    loops = any(isinstance(call, Repeated) for call in calls)
    return [*found, *([ADVANCE] if loops else [])]


class Turns:
    """Calls that are repeated a number of times, which may be set before each run.

    `turn` is the cell that counts. All threads may be stopped together before each turn.
    """

    def __init__(
        self,
        calls: Calls,
        addresses: Mapping[Kernel, int],
        turn: NDArray[np.int64],
        barrier: NDArray[np.int64],
        threads: int,
    ) -> None:
        self._addresses = addresses
        self._turn, self._barrier = turn, barrier  # whose addresses are in the program
        self._meeting = (int(barrier.ctypes.data), threads)
        self._held: list[NDArray[np.int64]] = []
        self._cells: dict[str, list[tuple[int, int]]] = {}
        self._rows: list[list[int]] = []
        self._instructions: dict[int, Instruction] = {}
        self._add(Opcode.REPEAT, int(turn.ctypes.data), 0, 0)
        self._add(Opcode.POLL, *self._meeting)
        self._add_all(calls)
        self._add(Opcode.NEXT, int(turn.ctypes.data), 0, 1)
        self._rows[0][3] = len(self._rows)
        self.table = machine.program(self._rows)

    @property
    def turn(self) -> int:
        """The number of the turn that is under way."""
        return int(self._turn.sum())

    def instruction(self, row: int) -> Instruction | None:
        """The plan's instruction behind a row, if it is one of a plan's."""
        return self._instructions.get(row)

    def set_count(self, count: int) -> None:
        """How often the calls are repeated."""
        self.table[0, 2] = self.table[-2, 2] = count

    def _add(self, *row: int) -> None:
        self._rows.append(list(row))

    def _add_all(self, calls: Iterable[Call | Taken | Repeated | Meeting]) -> None:
        for call in calls:
            match call:
                case Call():
                    self._add_call(call)
                case Taken():
                    self._add_taken(call)
                case Repeated():
                    self._add_loop(call)
                case Meeting():
                    self._add(Opcode.BARRIER, *self._meeting)

    def _add_call(self, call: Call) -> None:
        place = self._memory(call.arguments)
        for argument, loop, by in call.moves:
            self._cells.setdefault(loop, []).append((place + 8 * argument, by))
        if call.instruction is not None:
            self._instructions[len(self._rows)] = call.instruction
        self._add(Opcode.CALL, self._addresses[call.kernel], place)

    def _add_taken(self, taken: Taken) -> None:
        stride = 8 * len(taken.call.arguments)
        table = [self._addresses[taken.call.kernel], stride, len(taken.shares)]
        for calls, counter in zip(taken.shares, taken.counters, strict=True):
            arguments = self._memory([number for call in calls for number in call.arguments])
            table += [int(counter.ctypes.data), int(counter[0]), len(calls), arguments]
        self._held += [*taken.counters, *taken.memory]
        self._add(Opcode.TAKE, self._memory(table))

    def _add_loop(self, loop: Repeated) -> None:
        cell = self._memory((0,))
        begin = len(self._rows)
        self._add(Opcode.REPEAT, cell, loop.count, 0)
        self._add_all(loop.calls)
        self._move(loop.name, 1)
        self._add(Opcode.NEXT, cell, loop.count, begin + 1)
        self._move(loop.name, -loop.count)
        self._rows[begin][3] = len(self._rows)

    def _move(self, loop: str, turns: int) -> None:
        """A call that moves a loop's arguments on, or back to where they were at its beginning."""
        cells = [number for cell, by in self._cells.get(loop, []) for number in (cell, by * turns)]
        table = self._memory(cells)
        self._add(Opcode.CALL, self._addresses[ADVANCE], self._memory((table, len(cells) // 2)))

    def _memory(self, numbers: Sequence[int]) -> int:
        """The address of some numbers, which are kept as long as the program."""
        self._held.append(np.array(numbers, np.int64))
        return int(self._held[-1].ctypes.data)


class Programs:
    """What some threads do together, a program of `Turns` each; ready to be run again and again.

    `counters` has two cells a thread, which count its turns; all zero at first.
    """

    def __init__(
        self,
        threads: Sequence[Calls],
        precision: Precision,
        on_compile: OnCompile | None = None,
        counters: NDArray[np.int64] | None = None,
        stop: machine.StopRequest | None = None,
    ) -> None:
        kernels = [kernel for calls in threads for kernel in kernels_of(calls)]
        found = prepare(kernels, precision, on_compile)
        barrier = machine.barrier()
        cells = np.zeros((len(threads), 2), np.int64) if counters is None else counters
        self.turns = [
            Turns(calls, found, cell, barrier, len(threads))
            for calls, cell in zip(threads, cells, strict=True)
        ]
        self._run = machine.Run([program.table for program in self.turns], stop)
        self._count, self._stop = 0, stop
        self._calls_blas = any(map(calls_blas, chain(*map(flat, threads))))

    def run(self, count: int = 1) -> None:
        """Repeats the calls of each thread so many times."""
        self._set_count(count)
        if self._calls_blas:
            with one_thread():
                self._run()
        else:
            self._run()

    def step(self, observe: Callable[[Turns], machine.Observe], count: int = 1) -> None:
        """The same for the only thread, one call at a time; see `machine.step`."""
        (program,) = self.turns
        self._set_count(count)
        with one_thread() if self._calls_blas else nullcontext():
            machine.step(program.table, observe(program), self._stop)

    def _set_count(self, count: int) -> None:
        if count != self._count:
            self._count = count
            for program in self.turns:
                program.set_count(count)
