"""Runs the steps of a growing sequence natively: one call a step, on memory that is kept."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nndsl.decoding.step import Stepwise
from nndsl.graph.graph import Graph
from nndsl.graph.types import BATCH, FIRST
from nndsl.operators.leaves import Input
from nndsl.planning.plan import Precision
from nndsl.planning.planner import plan
from nndsl.runtime.binding import bind
from nndsl.runtime.cache import OnCompile
from nndsl.runtime.memory import Array, address, dtype, require_memory, symbol_sizes, zeros
from nndsl.runtime.program import Programs


class Stepping:
    """Sequences that grow side by side, one a row of the batch, up to `places` places each.

    `step` is the optimised graph of the steps; `once` holds what was computed before the first one, for each
    row, by its names. Raises NNDSLError where it needs more memory than there is.
    """

    def __init__(
        self,
        steps: Stepwise,
        step: Graph,
        once: Mapping[str, Array],
        parameters: Mapping[str, Array],
        *,
        rows: int,
        places: int,
        precision: Precision,
        on_compile: OnCompile | None = None,
    ) -> None:
        self.place, self.places = 0, places
        self._steps, self._once = steps, once
        types = {n.operator.key: n.type for n in step if isinstance(n.operator, Input)}
        fixed = {name: array for name, array in once.items() if name in types and name not in steps.kept}
        sizes = symbol_sizes({name: types[name] for name in fixed}, fixed)
        sizes |= {BATCH: rows, FIRST: 0, steps.time: places}
        self._held = {name: zeros(t.shape(sizes), dtype(t.element, precision)) for name, t in types.items()}
        self.restart()
        self.results = {
            name: self._held[name]
            if name in steps.growing
            else zeros(node.type.shape(sizes), dtype(node.type.element, precision))
            for name, node in step.outputs.items()
        }
        written = {name: f"output {name}" for name in self.results}
        planned = plan(step, sizes, precision, written)
        require_memory(planned.arena_bytes, None)
        self._arena = zeros((planned.arena_bytes,), np.dtype(np.uint8))
        arrays = {**parameters, **self._held, **{written[name]: a for name, a in self.results.items()}}
        addresses = {name: address(array) for name, array in arrays.items()}
        calls = bind(planned, sizes, sizes, addresses, address(self._arena))
        self._programs = Programs([calls], precision, on_compile)

    def restart(self) -> None:
        """Goes back to before the first place."""
        self.place = 0
        for name, array in self._held.items():
            array[...] = self._once.get(name, 0)

    def advance(self, symbols: Array) -> Mapping[str, Array]:
        """The results for the next place, given its symbols `index[rows]`; they change with the next call."""
        self._held[self._steps.into][:, 0] = symbols
        for key, shift in self._steps.rows.items():
            self._held[key][...] = self.place + shift
        self._programs.run()
        for name in self._steps.kept.keys() - self._steps.growing:
            self._held[name][...] = self.results[name]
        self.place += 1
        return self.results

    def reorder(self, rows: Array) -> None:
        """Goes on with other rows in the place of each: what is kept of row `rows[i]` becomes that of i."""
        for name, type in self._steps.kept.items():
            axis = next((k for k, extent in enumerate(type.extents) if extent.symbol == BATCH), None)
            if axis is not None:
                self._held[name][...] = np.take(self._held[name], rows, axis)
