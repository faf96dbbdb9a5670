"""Threads that help to run programs: each has a mailbox, and waits natively for a while for the next program.

Waking a sleeping thread takes longer than running a small network, and so does handing a program over in
Python. A thread for which nothing has come goes back to Python, to sleep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba.extending import register_jitable

from nndsl.kernels.interpreter import atomic_load, integers, interpret, look_again, replace_if
from nndsl.kernels.kernel import kernel
from nndsl.kernels.opcodes import ASLEEP, BUSY, KEPT, PATIENCE, READY, SPINS

if TYPE_CHECKING:
    from nndsl.kernels.kernel import Integers

STATE, PROGRAM, STOP = range(3)
"""The cells of a mailbox."""

LOOKS = 4000
"""How often a thread looks for another one in vain before it gives up: for about half a millisecond."""


@kernel
def serve(mailbox: Integers) -> None:
    """Runs the programs that are posted, until none has come for a while."""
    replace_if(mailbox, STATE, ASLEEP, READY)
    looks = 0
    while True:
        if atomic_load(mailbox, STATE) == BUSY:
            interpret(integers(mailbox[PROGRAM]), integers(mailbox[STOP]))
            replace_if(mailbox, STATE, BUSY, READY)
            looks = 0
        elif looks < LOOKS:
            looks += 1
            look_again(looks, SPINS)
        elif replace_if(mailbox, STATE, READY, ASLEEP) != 0:
            return


@register_jitable
def keep_awake(mailboxes: Integers, count: int, patience: int) -> bool:
    """Keeps all helpers awake, or none: whether they are."""
    looks = 0
    for helper in range(count):
        while replace_if(integers(mailboxes[helper]), STATE, READY, KEPT) == 0:
            looks += 1
            look_again(looks, patience)
            if looks > LOOKS:
                for other in range(helper):
                    replace_if(integers(mailboxes[other]), STATE, KEPT, READY)
                return False
    return True


@kernel
def lead(programs: Integers, stop: int, mailboxes: Integers, count: int, done: Integers) -> None:
    """Runs the first of some programs, while `count` helpers run the others; done[0] ← 1 when all have
    halted.

    Programs, mailboxes and `stop` are given by address. Where a helper is asleep, and does not wake up in a
    while, nothing is done.
    """
    done[0], patience = 0, integers(stop)[PATIENCE]
    if keep_awake(mailboxes, count, patience):
        for helper in range(count):
            mailbox = integers(mailboxes[helper])
            mailbox[PROGRAM], mailbox[STOP] = programs[1 + helper], stop
            replace_if(mailbox, STATE, KEPT, BUSY)
        interpret(integers(programs[0]), integers(stop))
        for helper in range(count):
            looks = 0
            while atomic_load(integers(mailboxes[helper]), STATE) == BUSY:
                looks += 1
                look_again(looks, patience)
        done[0] = 1
