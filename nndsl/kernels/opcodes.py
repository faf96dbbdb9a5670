"""The instructions of the native machine: rows of four integers, an opcode and up to three operands."""

from __future__ import annotations

from enum import IntEnum

WIDTH = 4
"""Integers a row."""

PATIENCE = 1
"""Beside the request to stop: how often a waiting thread looks again before it lets another have its core."""

SPINS = 200
"""How often a waiting thread looks again before it lets another thread have its core, if each has one."""

ASLEEP, READY, KEPT, BUSY = range(4)
"""The states of a helper: it is `KEPT` awake while others are awaited, `BUSY` until it has run a program."""


FUNCTION, STRIDE, SHARES, SHARE_CELLS = range(4)
"""The cells of a table of TAKE: the function of its calls, the bytes from the arguments of one to those of
the next, the number of shares of them, and the cells of the shares, one after another."""

COUNTER, BEFORE, CALLS, ARGUMENTS, CELLS_OF_SHARE = range(5)
"""The cells of a share: the address of a counter, to which each thread adds one for each call that it takes;
what it was when this thread came here; the number of calls; the address of the first one's arguments."""


class Opcode(IntEnum):
    """What a row does; `cell` is the address of an integer in memory."""

    HALT = 0
    CALL = 1  # function, arguments: call void function(int64 *arguments)
    REPEAT = 2  # cell, count, end: cell ← 0, and go to row `end` where count is not positive
    NEXT = 3  # cell, count, begin: cell ← cell + 1, and go to row `begin` while cell < count
    BARRIER = 4  # barrier, threads: wait until that many threads are here
    POLL = 5  # barrier, threads: a barrier where all threads halt if a stop has been asked for
    TAKE = 6  # table: make calls that other threads may make as well, as long as there are any
