"""The loop over minibatches of data graphs, which differ in size.

The graphs of a minibatch are put side by side and the plan is bound to their sizes, in Python: about a
millisecond for each, before all of it runs natively. Where a minibatch is the whole data set, as it is for
one large graph, that is done once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from nndsl.data.graphs import Graphs
from nndsl.planning.plan import Plan
from nndsl.runtime.binding import Call
from nndsl.runtime.memory import Array
from nndsl.runtime.minibatches import MinibatchLoop, share


class GraphLoop(MinibatchLoop):
    """One graph of computation over the data graphs of a data set, minibatch after minibatch.

    `graphs` says where in the columns of `data` each example's nodes and edges lie; all else is as in
    `MinibatchLoop`.
    """

    def __init__(
        self, graphs: Graphs, plan: Plan, data: Mapping[str, Array], *rest: Any, **named: Any
    ) -> None:
        self.graphs = graphs
        self._wanted = {buffer.name for buffer in plan.externals}
        self._own: list[dict[str, int]] = []
        super().__init__(plan, data, *rest, **named)

    def _run(self, batch: int, first: int, turns: int) -> None:
        whole = batch == self.count
        for turn in range(first, first + turns):
            if not (whole and self._programs):
                order = np.arange(batch) if whole else self.order[turn * self.step :][:batch]
                self._put_side_by_side(order)
            super()._run(batch, turn, 1)

    def _put_side_by_side(self, order: Array) -> None:
        """Makes the examples of a minibatch what the threads find as theirs."""
        self._programs.clear()
        shares = (share(len(order), thread, self.copies) for thread in range(self.copies))
        chosen = [order[first : first + count] for first, count in shares]
        held = {name: array for name, array in self.data.items() if name in self._wanted}
        for thread, examples in enumerate(chosen):
            union = self.graphs.union(held, examples)
            self._rows[thread] = {name: array for name, array in union.items() if name in self._wanted}
        self._own = [self.graphs.sizes(examples) for examples in chosen]

    def _sizes(self, thread: int) -> dict[str, int]:
        return super()._sizes(thread) | self._own[thread]

    def _sizes_together(self) -> dict[str, int]:
        together = {name: sum(own[name] for own in self._own) for name in self._own[0]}
        return super()._sizes_together() | together

    def _take(self, thread: int, first: int, count: int) -> Iterator[Call]:
        """Nothing: the rows of a thread are its own arrays."""
        yield from ()

    def _memory_for_rows(self) -> dict[str, Array]:
        return {}

    def _count(self) -> int:
        return self.graphs.count
