"""Runs a graph on given arrays: predictions, gradients, updates between epochs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nndsl.analyses.cost import total_operations
from nndsl.graph.graph import Graph
from nndsl.graph.types import BATCH, FIRST, Element, TensorType
from nndsl.operators.leaves import Input
from nndsl.operators.random import LARGEST_SEED, SEED, STEP
from nndsl.operators.threads import AllReduce
from nndsl.planning.divide import NotDivisible, divide
from nndsl.planning.plan import Plan, Precision, item_bytes
from nndsl.planning.planner import plan
from nndsl.runtime import machine
from nndsl.runtime.binding import Calls, bind
from nndsl.runtime.cache import OnCompile, prepare
from nndsl.runtime.memory import Array, address, cores, dtype, require_memory, symbol_sizes, zeros
from nndsl.runtime.minibatches import share
from nndsl.runtime.program import Turns, kernels_of
from nndsl.runtime.team import together
from nndsl.types import Extent

ROWS_AT_ONCE = 256
"""How many examples are run together: enough for matrix products, few enough for the cache."""

OPERATIONS_WORTH_A_THREAD = 1_000_000
"""Threads that are asleep must be woken for a run, which takes longer than their meetings."""

SIZES_KEPT = 16
"""For so many different sizes of what is given, programs are kept ready."""


class Inference:
    """A graph ready to be run on examples, again and again.

    It is planned anew only for larger sizes than before, and bound anew only for other sizes or parameters.
    Outputs with a batch dimension are filled in blocks of `rows_at_once` examples. One without (a loss, a
    gradient) needs all examples at once, for which `rows_at_once` must suffice. `threads` is None for as
    many as pay.
    """

    def __init__(
        self,
        graph: Graph,
        precision: Precision,
        rows_at_once: int = ROWS_AT_ONCE,
        on_compile: OnCompile | None = None,
        threads: int | None = 1,
    ) -> None:
        self.graph, self.precision = graph, precision
        self.rows_at_once = max(rows_at_once, 1)
        self.on_compile = on_compile
        self.outputs = {name: node.type for name, node in graph.outputs.items()}
        self.inputs = {n.operator.key: n.type for n in graph.nodes if isinstance(n.operator, Input)}
        self.threads = threads
        self._plan: Plan | None = None
        self._shares = 1
        self._arenas: list[Array] = []
        self._ready: dict[tuple[tuple[str, int], ...], _Ready] = {}

    def __call__(
        self,
        inputs: Mapping[str, Array],
        parameters: Mapping[str, Array],
        count: int,
        seed: int = 0,
        sizes: Mapping[str, int] | None = None,
    ) -> dict[str, Array]:
        """The outputs by name, for `count` examples. Arrays are C-contiguous and of the plan's types,
        the batch first. `seed` is that of what is drawn at random. `sizes` are those of index sets that no
        input tells.

        Raises NNDSLError where they need more memory than there is.
        """
        held = {SEED: np.array(seed % LARGEST_SEED, np.int32), STEP: np.array(0, np.int32), **inputs}
        given = {name: held[name] for name in self.inputs}
        sizes = {**(sizes or {}), **symbol_sizes(self.inputs, given)}
        if count <= self.rows_at_once:
            return self._run(given, parameters, {**sizes, BATCH: count, FIRST: 0})
        results = {
            name: np.empty(type.shape({**sizes, BATCH: count}), dtype(type.element, self.precision))
            for name, type in self.outputs.items()
        }
        for first in range(0, count, self.rows_at_once):
            rows = slice(first, min(first + self.rows_at_once, count))
            block = {name: _rows(self.inputs[name], array, rows) for name, array in given.items()}
            place = {BATCH: rows.stop - rows.start, FIRST: rows.start if SEED in self.inputs else 0}
            for name, array in self._run(block, parameters, {**sizes, **place}).items():
                _rows(self.outputs[name], results[name], rows)[...] = array
        return results

    def _run(
        self, given: Mapping[str, Array], parameters: Mapping[str, Array], sizes: Mapping[str, int]
    ) -> dict[str, Array]:
        """The outputs for examples that are run together."""
        ready = self._bound(sizes, parameters)
        for name, array in given.items():
            ready.inputs[name][...] = array
        ready.run()
        return {name: array.copy() for name, array in ready.outputs.items()}

    def _bound(self, sizes: Mapping[str, int], parameters: Mapping[str, Array]) -> _Ready:
        """The programs for some sizes."""
        key = tuple(sizes.items())
        found = self._ready.get(key)
        if found is None or not found.reads(parameters):
            planned = self._planned({symbol: size for symbol, size in sizes.items() if symbol != FIRST})
            if len(self._ready) == SIZES_KEPT:
                self._ready.clear()
            found = self._ready[key] = self._made_ready(planned, sizes, parameters)
        return found

    def _planned(self, sizes: Mapping[str, int]) -> Plan:
        bounds = {**sizes, BATCH: -(-sizes[BATCH] // self._shares)}
        if self._plan is None or any(size > self._plan.bounds[symbol] for symbol, size in bounds.items()):
            graph, self._shares, team = self._divided(sizes)
            bounds = {**sizes, BATCH: -(-sizes[BATCH] // self._shares)}
            external = {name: _result(name) for name in self.outputs}
            self._plan = plan(graph, bounds, self.precision, external, team=team)
            require_memory(self._shares * self._plan.arena_bytes, None)
            size_bytes = self._plan.arena_bytes
            self._arenas = [zeros((size_bytes,), np.dtype(np.uint8)) for _ in range(self._shares)]
            self._ready.clear()
        return self._plan

    def _divided(self, sizes: Mapping[str, int]) -> tuple[Graph, int, int]:
        """The graph for each share of the examples, the number of shares, whose threads do not meet in
        between, and the number of threads that run each."""
        paying = min(cores(), total_operations(self.graph, sizes) // OPERATIONS_WORTH_A_THREAD)
        threads = self.threads or max(paying, 1)
        whole = (self.graph, 1, threads)
        if sizes[BATCH] < threads or not all(map(_has_rows, self.outputs.values())):
            return whole
        try:
            graph = divide(self.graph, threads)
        except NotDivisible:
            return whole
        meets = any(isinstance(node.operator, AllReduce) for node in graph)
        return whole if meets else (graph, threads, 1)

    def _made_ready(self, planned: Plan, sizes: Mapping[str, int], parameters: Mapping[str, Array]) -> _Ready:
        given = {name: self._memory(type, sizes) for name, type in self.inputs.items()}
        results = {name: self._memory(type, sizes) for name, type in self.outputs.items()}
        wanted = {buffer.name for buffer in planned.externals} & parameters.keys() - given.keys()
        read = {name: parameters[name] for name in wanted}
        barrier = machine.barrier()
        threads: list[Calls] = []
        for number, arena in enumerate(self._arenas):
            first, count = share(sizes[BATCH], number, self._shares)
            rows = slice(first, first + count)
            held = {name: _rows(self.inputs[name], array, rows) for name, array in given.items()}
            held |= {_result(name): _rows(self.outputs[name], array, rows) for name, array in results.items()}
            addresses = {name: address(array) for name, array in (read | held).items()}
            own = {**sizes, BATCH: count, FIRST: sizes[FIRST] + first}
            bound = bind(planned, own, sizes, addresses, address(arena))
            threads += together(bound, planned.team, item_bytes(Element.REAL, self.precision))
        programs = []
        for calls in threads:
            functions = prepare(kernels_of(calls), self.precision, self.on_compile)
            program = Turns(calls, functions, np.zeros(2, np.int64), barrier, len(threads))
            program.set_count(1)
            programs.append(program)
        run = machine.Run([program.table for program in programs])
        return _Ready(programs, run, given, results, read)

    def _memory(self, type: TensorType, sizes: Mapping[str, int]) -> Array:
        return zeros(type.shape(sizes), dtype(type.element, self.precision))


@dataclass(frozen=True)
class _Ready:
    """The programs of all threads, memory for what goes in and comes out, and the parameters they read."""

    programs: list[Turns]
    run: machine.Run
    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    parameters: Mapping[str, Array]

    def reads(self, parameters: Mapping[str, Array]) -> bool:
        """Whether these are the arrays that the programs read."""
        return all(parameters[name] is array for name, array in self.parameters.items())


def _result(name: str) -> str:
    """What the buffer of an output is called: an input may have the same name."""
    return f"output {name}"


def _has_rows(type: TensorType) -> bool:
    """Whether a value has a row for each example."""
    return any(extent == Extent(BATCH) for extent in type.extents[:1])


def _rows(type: TensorType, array: Array, rows: slice) -> Array:
    """The rows of an array with a batch dimension; any other array as it is."""
    return array[rows] if _has_rows(type) else array
