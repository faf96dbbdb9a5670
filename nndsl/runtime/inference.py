"""Runs a graph once on given arrays: predictions, gradients, updates between epochs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nndsl.graph.graph import Graph
from nndsl.graph.types import BATCH, FIRST, TensorType
from nndsl.operators.leaves import Input
from nndsl.planning.plan import Plan, Precision
from nndsl.planning.planner import plan
from nndsl.runtime import machine
from nndsl.runtime.binding import bind
from nndsl.runtime.cache import OnCompile, prepare
from nndsl.runtime.memory import Array, address, dtype, zeros

ROWS_AT_ONCE = 256
"""How many examples are run together: enough for matrix products, few enough for the cache."""


class Inference:
    """A graph ready to be run on examples. `parameters` are read at each call.

    Outputs with a batch dimension are filled in blocks of `rows_at_once` examples; one without (a loss, a
    gradient) needs all examples at once, for which `rows_at_once` must suffice.
    """

    def __init__(
        self,
        graph: Graph,
        precision: Precision,
        rows_at_once: int = ROWS_AT_ONCE,
        on_compile: OnCompile | None = None,
    ) -> None:
        self.precision = precision
        self.rows_at_once = max(rows_at_once, 1)
        external = {name: f"output {name}" for name in graph.outputs}
        self.plan: Plan = plan(graph, {BATCH: self.rows_at_once}, precision, external)
        self.outputs = {name: node.type for name, node in graph.outputs.items()}
        self.inputs = {n.operator.key: n.type for n in graph.nodes if isinstance(n.operator, Input)}
        kernels = [instruction.kernel for instruction in self.plan.instructions]
        self._functions = prepare(kernels, precision, on_compile)
        self._arena = zeros((self.plan.arena_bytes,), np.dtype(np.uint8))

    def __call__(
        self, inputs: Mapping[str, Array], parameters: Mapping[str, Array], count: int
    ) -> dict[str, Array]:
        """The outputs by name, for `count` examples. Arrays are C-contiguous and of the plan's types."""
        results = {
            name: zeros(type.shape({BATCH: count}), dtype(type.element, self.precision))
            for name, type in self.outputs.items()
        }
        for first in range(0, count, self.rows_at_once):
            rows = slice(first, min(first + self.rows_at_once, count))
            held = {f"output {name}": _rows(self.outputs[name], array, rows) for name, array in results.items()}
            held |= {name: _rows(self.inputs[name], array, rows) for name, array in inputs.items()}
            self._run({**parameters, **held}, rows)
        return results

    def _run(self, arrays: Mapping[str, Array], rows: slice) -> None:
        sizes = {BATCH: rows.stop - rows.start, FIRST: rows.start}
        addresses = {name: address(array) for name, array in arrays.items()}
        for call in bind(self.plan, sizes, sizes, addresses, address(self._arena)):
            machine.call(self._functions[call.kernel], np.array(call.arguments, np.int64))


def _rows(type: TensorType, array: Array, rows: slice) -> Array:
    """The rows of an array with a batch dimension; any other array as it is."""
    return array[rows] if any(extent.symbol == BATCH for extent in type.extents) else array
