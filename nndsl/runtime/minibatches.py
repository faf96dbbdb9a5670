"""The native loop over minibatches: examples in, a graph's plan, sums of its measures, an update.

Each thread runs the same plan on its share of every minibatch. They meet at barriers to add their
shares of what is summed over examples, and each updates its slice of the learned vector. Or a team of threads
runs the plan on the whole minibatch together, call by call. What is the same for every minibatch is bound
once; between two calls of `run` only the order of the examples changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from nndsl.graph.types import BATCH, FIRST, LEARNED, Element
from nndsl.operators.random import SEED, STEP, STEPS
from nndsl.planning.kernels import ALL_REDUCE
from nndsl.planning.plan import SUM, Plan, Segment
from nndsl.runtime import machine
from nndsl.runtime.binding import MEET, Call, Calls, Meeting, Repeated, Stretch, bind, bits
from nndsl.runtime.cache import OnCompile
from nndsl.runtime.debug import watch
from nndsl.runtime.memory import Array, address, dtype, for_buffer, zeros
from nndsl.runtime.program import Programs
from nndsl.runtime.stopwatch import Stopwatch
from nndsl.runtime.team import together
from nndsl.runtime.vector import VectorLayout


@dataclass(frozen=True)
class Update:
    """What becomes of the learned vector from the sums over a minibatch, or over an epoch.

    `plan` has the external buffers `learned`, `gradient`, `state.NAME`, `step`, `steps` and `square`, as
    far as it needs them. `square`, where it is there, is the plan of the gradient's squared length.
    """

    plan: Plan
    square: Plan | None = None


@dataclass(frozen=True)
class Learned:
    """The vector of learned numbers, and the states of their optimizer by name."""

    layout: VectorLayout
    vector: Array
    states: Mapping[str, Array]


def share(whole: int, thread: int, threads: int) -> tuple[int, int]:
    """Where a thread's share of something begins, and how large it is."""
    first = whole * thread // threads
    return first, whole * (thread + 1) // threads - first


def _is_measure(plan: Plan, output: str) -> bool:
    """Whether an output is a number to be averaged; sums and states are written to memory of the runtime."""
    return plan.buffers[plan.outputs[output]].segment is Segment.ARENA


class MinibatchLoop:
    """One graph over the examples of a data set, minibatch after minibatch.

    `data` are whole columns by input, and `parameters` arrays by name: views of the learned vector
    where they are learned. `step` is the minibatch's size. `layout` is that of the sums over examples.
    There are so many `copies` of the plan's memory, for as many shares of a minibatch.
    `debug` runs each kernel from Python, on one thread, and looks at what it has written. What is drawn at
    random depends on `seed` and on how many minibatches there have been. A `stopwatch` that is given before
    the first run times each call.
    """

    stopwatch: Stopwatch | None = None

    def __init__(
        self,
        plan: Plan,
        data: Mapping[str, Array],
        parameters: Mapping[str, Array],
        step: int,
        copies: int = 1,
        layout: VectorLayout | None = None,
        on_compile: OnCompile | None = None,
        debug: bool = False,
        seed: int = 0,
    ) -> None:
        self.debug = debug
        self.plan, self.data, self.step, self.copies = plan, data, step, copies
        self.threads = copies * plan.team
        self.parameters, self.on_compile = parameters, on_compile
        self.real = dtype(Element.REAL, plan.precision)
        self.count = self._count()
        self.order = np.arange(self.count, dtype=np.int32)
        self.stop = machine.StopRequest()
        self.layout = layout or VectorLayout.of({})
        self.measures = tuple(name for name in plan.outputs if _is_measure(plan, name))
        self.totals = np.zeros((copies, len(self.measures)))
        self.shares = zeros((copies, self.layout.size), self.real)
        self.sums = self.shares[0]
        self.learned: Learned | None = None
        self.update: Update | None = None
        self.clock = zeros((copies, 2), self.real)
        self.square = zeros((copies, 1), self.real)
        self.counters = np.full((copies, 3), (seed, 0, 0), np.int32)
        self._turn = np.zeros((self.threads, 2), np.int64)
        self._rows = [self._memory_for_rows() for _ in range(copies)]
        self._arenas = zeros((copies, plan.arena_bytes), np.dtype(np.uint8))
        self._states = self._states_of_threads()
        self._programs: dict[int, Programs] = {}

    def learn(self, learned: Learned, update: Update, steps: int) -> None:
        """From now on each minibatch updates the learned vector; the whole training has `steps` of them."""
        self.learned, self.update = learned, update
        size_bytes = max(p.arena_bytes for p in (update.plan, update.square) if p is not None)
        self._update_arenas = [zeros((size_bytes,), np.dtype(np.uint8)) for _ in range(self.copies)]
        self.clock[:] = (1, steps)

    def count_to(self, steps: int) -> None:
        """Tells schedules how many minibatches there will be in all."""
        self.counters[:, 2] = steps

    def shuffle(self, random: np.random.Generator) -> None:
        """A new order of the examples."""
        self.order[:] = random.permutation(self.count)

    def run(self, first: int, turns: int) -> None:
        """Runs minibatches `first` to `first + turns - 1` of the order; the last one may be smaller.

        An interrupt from the keyboard waits until they are done.
        """
        whole = min(turns, max(self.count // self.step - first, 0))
        if first == 0:
            self.totals[:] = 0
        if whole:
            self._run(self.step, first, whole)
        if whole < turns:
            self._run(self.count % self.step, first + whole, 1)

    def rewind(self) -> None:
        """What is drawn from now on is what was drawn in the beginning."""
        self.counters[:, 1] = 0

    @property
    def measured(self) -> dict[str, float]:
        """Each measure's sum over the examples since minibatch 0."""
        return dict(zip(self.measures, map(float, self.totals.sum(axis=0)), strict=True))

    def seen(self, turns: int) -> int:
        """How many examples the first minibatches of an epoch have."""
        return min(turns * self.step, self.count)

    @property
    def turns(self) -> int:
        """How many minibatches there are in an epoch."""
        return -(-self.count // self.step)

    def _run(self, batch: int, first: int, turns: int) -> None:
        if batch not in self._programs:
            self._programs[batch] = self._bound(batch)
        self._turn[:, 1] = first
        for own in self._states[1:]:
            for name, state in own.items():
                state[...] = self.parameters[name]
        if self.debug:
            sizes = {**self._sizes(0), BATCH: batch}
            self._programs[batch].step(lambda program: watch(program, self.plan, sizes), turns)
        else:
            self._programs[batch].run(turns)

    def _bound(self, batch: int) -> Programs:
        shares = (list(self._calls(share, batch)) for share in range(self.copies))
        own = [calls for share in shares for calls in together(share, self.plan.team, self.real.itemsize)]
        rows = [self._timed(thread, calls) for thread, calls in enumerate(own)]
        with nullcontext() if self.stopwatch is None else self.stopwatch.paused():
            return Programs(rows, self.plan.precision, self.on_compile, self._turn, self.stop)

    def _timed(self, thread: int, calls: Calls) -> Calls:
        return calls if self.stopwatch is None else self.stopwatch.timed(thread, calls)

    def _calls(self, thread: int, batch: int) -> Iterator[Call | Repeated | Meeting]:
        """What one thread does for one minibatch."""
        first, count = share(batch, thread, self.copies)
        yield from self._take(thread, first, count)
        addresses = self._addresses(thread, first)
        # Also where a thread has no example: its portion of what depends on none counts.
        sizes = {**self._sizes(thread), BATCH: count, FIRST: first}
        together = {**self._sizes_together(), BATCH: batch}
        for call in bind(self.plan, sizes, together, addresses, address(self._arenas[thread])):
            yield from self._together(thread, call)
        yield from self._tally(thread, batch)
        yield from self._carry(thread, first, count)
        if STEP in self.plan.buffers:
            counter = self.counters[thread, 1:2]
            yield Call("count_up_index", (address(counter),), writes=(Stretch.of(counter),))
        if self.update is not None:
            yield from self._update(thread, self.update)

    def _addresses(self, thread: int, first: int) -> dict[str, int]:
        """Where the plan's external buffers are for one thread, whose share begins at row `first`."""
        held = {**self.parameters, **self._states[thread], **self._rows[thread]}
        addresses = {name: address(array) for name, array in held.items()}
        sums = self.layout.views(self.shares[thread])
        addresses |= {SUM + name: address(view) for name, view in sums.items()}
        counters = self.counters[thread]
        return addresses | {key: address(counters[n:]) for n, key in enumerate((SEED, STEP, STEPS))}

    def _states_of_threads(self) -> list[dict[str, Array]]:
        """The parameters that a step changes, by thread: all compute the same, each in its own memory."""
        written = (self.plan.buffers[name] for name in self.plan.outputs.values())
        names = {buffer.name for buffer in written if buffer.segment is Segment.EXTERNAL}
        states = {name: self.parameters[name] for name in self.parameters if name in names}
        return [states, *({name: x.copy() for name, x in states.items()} for _ in range(1, self.copies))]

    def _together(self, thread: int, call: Call | Repeated) -> Iterator[Call | Repeated | Meeting]:
        """A plan's call; a sum over threads with the others' memory, while they wait."""
        if isinstance(call, Repeated) or call.kernel != ALL_REDUCE or self.copies == 1:
            yield call
            return
        total, part, count, *_ = call.arguments
        first = part - thread * self._arenas[0].nbytes
        distance = self._arenas[0].nbytes // self.real.itemsize
        yield MEET
        yield replace(call, arguments=(total, first, count, self.copies, distance))
        yield MEET

    def _carry(self, thread: int, first: int, count: int) -> Iterator[Call]:
        """What goes on to the next minibatch."""
        yield from ()

    def _count(self) -> int:
        """How many examples there are."""
        return len(next(iter(self.data.values())))

    def _sizes(self, thread: int) -> dict[str, int]:
        """The sizes of index sets, but for the batch, in one thread's share of a minibatch."""
        return {symbol: size for symbol, size in self.plan.bounds.items() if symbol != BATCH}

    def _sizes_together(self) -> dict[str, int]:
        """The sizes of index sets, but for the batch, in a whole minibatch."""
        return self._sizes(0)

    def _take(self, thread: int, first: int, count: int) -> Iterator[Call]:
        for name, rows in self._rows[thread].items():
            column = self.data[name]
            kernel = "take_labels" if column.dtype == np.int32 else "take_examples"
            places = (rows, column, self.order, self._turn[thread])
            type = self.plan.buffers[name].type
            width = prod(type.shape({**self._sizes(thread), BATCH: 1}))
            sizes = (self.step, first, count, width, column[:1].size)
            yield Call(kernel, (*map(address, places), *sizes), writes=(Stretch.of(rows),))

    def _tally(self, thread: int, batch: int) -> Iterator[Call]:
        for number, name in enumerate(self.measures):
            buffer = self.plan.buffers[self.plan.outputs[name]]
            value = self._arenas[thread, buffer.offset_bytes :][: self.real.itemsize]
            total = self.totals[thread, number : number + 1]
            arguments = (address(total), address(value), bits(float(batch)))
            yield Call("tally", arguments, reads=(Stretch.of(value),), writes=(Stretch.of(total),))

    def _update(self, thread: int, update: Update) -> Iterator[Call | Repeated | Meeting]:
        assert self.learned is not None
        first, count = share(self.layout.size, thread, self.copies)
        arena = address(self._update_arenas[thread])
        if self.copies > 1:
            yield MEET
            places = (address(self.sums), address(self.shares))
            yield Call("add_shares", (*places, first, count, self.copies, self.layout.size))
        if update.square is not None:
            yield MEET
            whole = {"gradient": address(self.sums), "square": address(self.square[thread])}
            sizes = {LEARNED: self.layout.size}
            yield from bind(update.square, sizes, sizes, whole, arena)
        slices = {LEARNED: self.learned.vector, "gradient": self.sums}
        slices |= {f"state.{name}": state for name, state in self.learned.states.items()}
        addresses = {name: address(vector[first:]) for name, vector in slices.items()}
        addresses |= {"step": address(self.clock[thread]), "steps": address(self.clock[thread, 1:])}
        addresses["square"] = address(self.square[thread])
        yield from bind(update.plan, {LEARNED: count}, {LEARNED: self.layout.size}, addresses, arena)
        clock = self.clock[thread, :1]
        yield Call("count_up", (address(clock),), writes=(Stretch.of(clock),))
        if self.copies > 1:
            yield MEET

    def _memory_for_rows(self) -> dict[str, Array]:
        """A thread's share of a minibatch, by input."""
        return {
            buffer.name: for_buffer(buffer, self.plan.bounds, self.plan.precision)
            for buffer in self.plan.externals
            if buffer.name in self.data
        }
