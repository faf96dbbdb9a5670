"""Long sequences read side by side, window after window, with the state that goes on.

A stream is a run of windows that are read one after the other; a minibatch is the next window of each. The
longest streams come first, so that those that have ended are the last of a minibatch, and leave it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from nndsl.graph.types import BATCH
from nndsl.operators.loop import CARRIED
from nndsl.planning.plan import Plan
from nndsl.runtime.binding import Call
from nndsl.runtime.memory import Array, address, for_buffer
from nndsl.runtime.sequence_loop import SequenceLoop, cuttable


@dataclass(frozen=True)
class Streams:
    """The rows of windows, stream by stream. Of each stream, the first window begins without a state."""

    rows: Sequence[Array]

    @classmethod
    def side_by_side(cls, count: int, streams: int) -> Streams:
        """So many windows in order, in streams of which none is longer than another by more than one."""
        return cls(np.array_split(np.arange(count), streams))

    @classmethod
    def whole(cls, begins: Array, most: int) -> Streams:
        """Streams of whole sequences, at most so many: each sequence goes to where there is least so far.

        `begins` tells which windows are the first of a sequence.
        """
        sequences = np.split(np.arange(len(begins)), np.flatnonzero(begins)[1:])
        found: list[list[Array]] = [[] for _ in range(min(most, len(sequences)))]
        loads = np.zeros(len(found), np.int64)
        for sequence in sorted(sequences, key=len, reverse=True):
            least = int(np.argmin(loads))
            found[least].append(sequence)
            loads[least] += len(sequence)
        return cls([np.concatenate(parts) for parts in sorted(found, key=lambda p: -sum(map(len, p)))])

    @property
    def active(self) -> Array:
        """How many streams still have a window, turn by turn."""
        lengths = np.array([len(rows) for rows in self.rows])
        return np.array([(lengths > turn).sum() for turn in range(lengths.max(initial=0))], np.int64)

    @property
    def order(self) -> Array:
        """The windows, turn by turn; streams that have ended leave zeros. Shape: (turns · streams,)."""
        table = np.zeros((len(self.active), len(self.rows)), np.int32)
        for stream, rows in enumerate(self.rows):
            table[: len(rows), stream] = rows
        return table.ravel()

    def begun(self, begins: Array) -> Array:
        """Which windows begin without a state: the first of a sequence, and of a stream."""
        found = begins.copy()
        found[[rows[0] for rows in self.rows]] = 1
        return found


class StreamLoop(SequenceLoop):
    """One graph over windows of long sequences, whose state goes on; see `MinibatchLoop`.

    The columns `begins` tell which windows are the first of a sequence. The order is never changed.
    """

    def __init__(
        self,
        streams: Streams,
        begins: Mapping[str, Array],
        plan: Plan,
        data: Mapping[str, Array],
        *rest: Any,
        **named: Any,
    ) -> None:
        self._active = streams.active
        begun = {key: streams.begun(column) for key, column in begins.items()}
        super().__init__(cuttable(plan, data), plan, {**data, **begun}, *rest, **named)
        self.order = streams.order

    def shuffle(self, random: np.random.Generator) -> None:
        """Nothing: windows stay in their order."""

    def sort(self) -> None:
        """Nothing, likewise."""

    def run(self, first: int, turns: int) -> None:
        if first == 0:
            self.totals[:] = 0
        for batch, group in groupby(range(first, first + turns), key=lambda turn: int(self._active[turn])):
            same = list(group)
            self._run(batch, same[0], len(same))

    def seen(self, turns: int) -> int:
        return int(self._active[:turns].sum())

    @property
    def turns(self) -> int:
        return len(self._active)

    def _memory_for_rows(self) -> dict[str, Array]:
        self._carried = {
            buffer.name: for_buffer(buffer, {**self.plan.bounds, BATCH: self.step}, self.plan.precision)
            for buffer in self.plan.externals
            if buffer.name.startswith(CARRIED)
        }
        return super()._memory_for_rows()

    def _addresses(self, thread: int, first: int) -> dict[str, int]:
        own = {name: address(array[first:]) for name, array in self._carried.items()}
        return super()._addresses(thread, first) | own

    def _carry(self, thread: int, first: int, count: int) -> Iterator[Call]:
        """What each loop leaves is what it begins the next window with. It is copied only now: until the end
        of the plan, the values from before may be read."""
        for name, array in self._carried.items():
            if left(name) in self._carried:
                source, target = (address(self._carried[n][first:]) for n in (left(name), name))
                kernel = "strided_copy_indices" if array.dtype == np.int32 else "strided_copy"
                yield Call(kernel, (target, 0, source, 0, 1, array[:count].size, 1, 1))


def left(name: str) -> str:
    """The buffer of what a loop leaves, from the name of what it begins with."""
    return f"{name} after"
