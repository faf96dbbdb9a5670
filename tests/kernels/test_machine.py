"""The native machine: loops, barriers between more threads than cores, and how it is stopped."""

import os
import signal
import threading
import time

import numpy as np
import pytest
from calling import entry

from nndsl.kernels.opcodes import Opcode
from nndsl.planning.plan import Precision
from nndsl.runtime import machine
from nndsl.runtime.cache import address

HUGE = 2**60


class Made:
    """Rows of a program, and the memory that they point to."""

    def __init__(self) -> None:
        self.rows: list[list[int]] = []
        self.alive: list[np.ndarray] = []

    def call(self, kernel: str, *arguments) -> None:
        packed = np.array([entry(argument) for argument in arguments], np.int64)
        self.alive += [packed, *(a for a in arguments if isinstance(a, np.ndarray))]
        self.rows.append([Opcode.CALL, address(kernel, Precision.FLOAT64), packed.ctypes.data])

    def repeat(self, cell: np.ndarray, count: int, body) -> None:
        self.alive.append(cell)
        begin = len(self.rows)
        self.rows.append([])
        body()
        self.rows.append([Opcode.NEXT, cell.ctypes.data, count, begin + 1])
        self.rows[begin] = [Opcode.REPEAT, cell.ctypes.data, count, len(self.rows)]

    def wait(self, opcode: Opcode, barrier: np.ndarray, threads: int) -> None:
        self.rows.append([opcode, barrier.ctypes.data, threads])

    @property
    def program(self) -> machine.Program:
        return machine.program(self.rows)


@pytest.fixture
def number() -> np.ndarray:
    return np.zeros(1)


def cell() -> np.ndarray:
    return np.zeros(1, np.int64)


@pytest.mark.parametrize(("outer", "inner"), [(3, 4), (1, 1), (0, 5), (5, 0)])
@pytest.mark.parametrize("stepped", [True, False])
def test_loops(number, outer, inner, stepped):
    made, cells = Made(), (cell(), cell())
    made.repeat(cells[0], outer, lambda: made.repeat(cells[1], inner, lambda: made.call("count_up", number)))
    observed: list[int] = []
    if stepped:
        machine.step(made.program, observed.append)
        assert observed == [2] * (outer * inner)
    else:
        machine.Run([made.program])()
    assert number[0] == outer * inner
    assert cells[0][0] == outer


def test_barriers_hold_with_more_threads_than_cores():
    threads, rounds = 8, 50
    barrier = machine.barrier()
    own, everyones, totals = np.zeros(threads), np.zeros((threads, 1)), np.zeros((threads, 1))
    programs = []
    for thread in range(threads):
        made = Made()

        def one_round(made=made, thread=thread):
            made.call("count_up", own[thread : thread + 1])
            made.wait(Opcode.BARRIER, barrier, threads)
            made.call("add_shares", everyones[thread], own, 0, 1, threads, 1)
            made.call("tally", totals[thread], everyones[thread], 1.0)
            made.wait(Opcode.BARRIER, barrier, threads)

        made.repeat(cell(), rounds, one_round)
        programs.append(made)
    machine.Run([made.program for made in programs])()
    # In round r each thread sees r of every thread.
    np.testing.assert_array_equal(totals[:, 0], threads * rounds * (rounds + 1) / 2)


def endless(number, barrier, threads) -> Made:
    made = Made()

    def body():
        made.call("count_up", number)
        made.wait(Opcode.POLL, barrier, threads)

    made.repeat(cell(), HUGE, body)
    return made


def test_all_threads_stop_at_the_same_poll():
    numbers, barrier, stop = np.zeros(3), machine.barrier(), machine.StopRequest()
    programs = [endless(numbers[i : i + 1], barrier, 3) for i in range(3)]
    threading.Timer(0.1, stop.ask).start()
    machine.Run([made.program for made in programs], stop)()
    assert stop.asked
    assert numbers[0] > 0
    assert (numbers == numbers[0]).all()


def test_an_interrupt_waits_until_all_have_halted():
    numbers, barrier, stop = np.zeros(2), machine.barrier(), machine.StopRequest()
    programs = [endless(numbers[i : i + 1], barrier, 2) for i in range(2)]
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    ended = threading.Timer(0.3, stop.ask)
    ended.start()
    with pytest.raises(KeyboardInterrupt):
        machine.Run([made.program for made in programs], stop)()
    assert stop.asked
    after = numbers[0]
    time.sleep(0.02)
    assert (numbers == after).all() and after > 0


def test_helpers_that_have_fallen_asleep_are_woken(number):
    """After programs in quick succession, and after a pause."""
    for pause_s in (0, 0, 0.05, 0, 0.2):
        time.sleep(pause_s)
        cells, barrier = np.zeros(3), machine.barrier()
        programs = [Made() for _ in range(3)]
        for made, thread in zip(programs, range(3), strict=True):
            made.call("count_up", cells[thread : thread + 1])
            made.wait(Opcode.BARRIER, barrier, 3)
        machine.Run([made.program for made in programs])()
        assert list(cells) == [1, 1, 1]


def test_the_interpreter_lock_is_free_meanwhile(number):
    stop = machine.StopRequest()
    made = endless(number, machine.barrier(), 1)
    running = threading.Thread(target=machine.Run([made.program], stop))
    running.start()
    seen = []
    while len(seen) < 3:
        time.sleep(0.01)
        seen.append(number[0])
    stop.ask()
    running.join()
    assert seen[0] < seen[2]


def test_laps_add_up_the_time_between_them():
    made, laps, last = Made(), np.zeros(2, np.int64), np.array([time.time_ns()])
    made.repeat(cell(), 3, lambda: made.call("lap", laps, last))
    begin = int(last[0])
    machine.Run([made.program])()
    assert list(laps) == [last[0] - begin, 3]
