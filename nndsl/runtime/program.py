"""Calls -> a program of the native machine: the table of rows, and the memory of the calls' arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nndsl.kernels.opcodes import Opcode
from nndsl.planning.plan import Instruction
from nndsl.runtime import machine
from nndsl.runtime.binding import Call
from nndsl.runtime.cache import Kernel


@dataclass(frozen=True, slots=True)
class Meeting:
    """A place where threads wait for one another."""


MEET = Meeting()

FIRST_CALL = 2
"""The row of a program's first call: two rows begin the repetition."""


class Turns:
    """Calls that are repeated a number of times, which may be set before each run.

    `turn` is the cell that counts. All threads may be stopped together before each turn.
    """

    def __init__(
        self,
        calls: Sequence[Call | Meeting],
        addresses: Mapping[Kernel, int],
        turn: NDArray[np.int64],
        barrier: NDArray[np.int64],
        threads: int,
    ) -> None:
        self.calls = calls
        self._arguments = np.array(
            [number for call in calls if isinstance(call, Call) for number in call.arguments], np.int64
        )
        self._turn = turn
        cell, meeting = int(turn.ctypes.data), int(barrier.ctypes.data)
        end = FIRST_CALL + len(calls) + 1
        rows: list[tuple[int, ...]] = [(Opcode.REPEAT, cell, 0, end), (Opcode.POLL, meeting, threads)]
        place = int(self._arguments.ctypes.data)
        for call in calls:
            if isinstance(call, Call):
                rows.append((Opcode.CALL, addresses[call.kernel], place))
                place += 8 * len(call.arguments)
            else:
                rows.append((Opcode.BARRIER, meeting, threads))
        rows.append((Opcode.NEXT, cell, 0, 1))
        self.table = machine.program(rows)

    @property
    def turn(self) -> int:
        """The number of the turn that is under way."""
        return int(self._turn.sum())

    def instruction(self, number: int) -> Instruction | None:
        """The plan's instruction behind a call, if it is one of a plan's."""
        call = self.calls[number]
        return call.instruction if isinstance(call, Call) else None

    def set_count(self, count: int) -> None:
        """How often the calls are repeated."""
        self.table[0, 2] = self.table[-2, 2] = count
