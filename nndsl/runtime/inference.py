"""Runs a graph once on given arrays: predictions, gradients, updates between epochs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nndsl.graph.graph import Graph
from nndsl.graph.types import BATCH, FIRST, TensorType
from nndsl.operators.leaves import Input
from nndsl.operators.random import LARGEST_SEED, SEED, STEP
from nndsl.planning.plan import Plan, Precision
from nndsl.planning.planner import plan
from nndsl.runtime import machine
from nndsl.runtime.binding import bind
from nndsl.runtime.cache import OnCompile, prepare
from nndsl.runtime.memory import Array, address, dtype, require_memory, symbol_sizes, zeros
from nndsl.runtime.program import Turns, kernels_of

ROWS_AT_ONCE = 256
"""How many examples are run together: enough for matrix products, few enough for the cache."""


class Inference:
    """A graph ready to be run on examples. It is planned anew only for larger sizes than before.

    Outputs with a batch dimension are filled in blocks of `rows_at_once` examples. One without (a loss, a
    gradient) needs all examples at once, for which `rows_at_once` must suffice.
    """

    def __init__(
        self,
        graph: Graph,
        precision: Precision,
        rows_at_once: int = ROWS_AT_ONCE,
        on_compile: OnCompile | None = None,
    ) -> None:
        self.graph, self.precision = graph, precision
        self.rows_at_once = max(rows_at_once, 1)
        self.on_compile = on_compile
        self.outputs = {name: node.type for name, node in graph.outputs.items()}
        self.inputs = {n.operator.key: n.type for n in graph.nodes if isinstance(n.operator, Input)}
        self._plan: Plan | None = None
        self._arena = zeros((0,), np.dtype(np.uint8))

    def __call__(
        self, inputs: Mapping[str, Array], parameters: Mapping[str, Array], count: int, seed: int = 0
    ) -> dict[str, Array]:
        """The outputs by name, for `count` examples. Arrays are C-contiguous and of the plan's types.
        `seed` is that of what is drawn at random.

        Raises NNDSLError where they need more memory than there is.
        """
        held = {SEED: np.array(seed % LARGEST_SEED, np.int32), STEP: np.array(0, np.int32), **inputs}
        given = {name: held[name] for name in self.inputs}
        sizes = symbol_sizes(self.inputs, given)
        planned = self._planned({**sizes, BATCH: min(count, self.rows_at_once)})
        results = {
            name: zeros(type.shape({**sizes, BATCH: count}), dtype(type.element, self.precision))
            for name, type in self.outputs.items()
        }
        for first in range(0, count, self.rows_at_once):
            rows = slice(first, min(first + self.rows_at_once, count))
            held = {_result(name): _rows(self.outputs[name], array, rows) for name, array in results.items()}
            held |= {name: _rows(self.inputs[name], array, rows) for name, array in given.items()}
            self._run(planned, {**parameters, **held}, sizes, rows)
        return results

    def _planned(self, sizes: Mapping[str, int]) -> Plan:
        if self._plan is None or any(size > self._plan.bounds[symbol] for symbol, size in sizes.items()):
            external = {name: _result(name) for name in self.outputs}
            self._plan = plan(self.graph, sizes, self.precision, external)
            require_memory(self._plan.arena_bytes, None)
            self._arena = zeros((self._plan.arena_bytes,), np.dtype(np.uint8))
        return self._plan

    def _run(self, planned: Plan, arrays: Mapping[str, Array], sizes: Mapping[str, int], rows: slice) -> None:
        sizes = {**sizes, BATCH: rows.stop - rows.start, FIRST: rows.start}
        addresses = {name: address(array) for name, array in arrays.items()}
        calls = bind(planned, sizes, sizes, addresses, address(self._arena))
        functions = prepare(kernels_of(calls), self.precision, self.on_compile)
        program = Turns(calls, functions, np.zeros(2, np.int64), machine.barrier(), threads=1)
        program.set_count(1)
        machine.run_here(program.table)


def _result(name: str) -> str:
    """What the buffer of an output is called: an input may have the same name."""
    return f"output {name}"


def _rows(type: TensorType, array: Array, rows: slice) -> Array:
    """The rows of an array with a batch dimension; any other array as it is."""
    return array[rows] if any(extent.symbol == BATCH for extent in type.extents) else array
