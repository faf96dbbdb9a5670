"""Runs a graph on given arrays: predictions, gradients, updates between epochs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nndsl.graph.graph import Graph
from nndsl.graph.types import BATCH, FIRST, Element, TensorType
from nndsl.operators.leaves import Input
from nndsl.operators.random import LARGEST_SEED, SEED, STEP
from nndsl.operators.threads import AllReduce
from nndsl.planning.plan import Plan, Precision, item_bytes
from nndsl.planning.planner import plan
from nndsl.runtime.binding import Calls, bind
from nndsl.runtime.cache import OnCompile
from nndsl.runtime.division import Division, in_shares, threads_for
from nndsl.runtime.memory import Array, address, dtype, require_memory, symbol_sizes, zeros
from nndsl.runtime.minibatches import share
from nndsl.runtime.program import Programs
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
    many as pay. What depends on the parameters in `kept` alone is computed once for each of their editions.
    """

    def __init__(
        self,
        graph: Graph,
        precision: Precision,
        rows_at_once: int = ROWS_AT_ONCE,
        on_compile: OnCompile | None = None,
        threads: int | None = 1,
        kept: Collection[str] = (),
    ) -> None:
        self.graph, self.precision = graph, precision
        self.rows_at_once = max(rows_at_once, 1)
        self.on_compile = on_compile
        self.outputs = {name: node.type for name, node in graph.outputs.items()}
        self.inputs = {n.operator.key: n.type for n in graph.nodes if isinstance(n.operator, Input)}
        self.threads, self.kept = threads, kept
        self._open = {name: type for name, type in self.inputs.items() if _is_open(type)}
        self._plan: Plan | None = None
        self._shares = 1
        self._arenas: list[Array] = []
        self._parameters: Mapping[str, Array] = {}
        self._read: dict[str, Array] = {}
        self._once: _Once | None = None
        self._ready: dict[tuple[tuple[str, int], ...], _Ready] = {}

    def __call__(
        self,
        inputs: Mapping[str, Array],
        parameters: Mapping[str, Array],
        count: int,
        seed: int = 0,
        sizes: Mapping[str, int] | None = None,
        edition: int | None = None,
    ) -> dict[str, Array]:
        """The outputs by name, for `count` examples. Arrays are C-contiguous and of the plan's types,
        the batch first. `seed` is that of what is drawn at random. `sizes` are those of index sets that no
        input tells. Parameters of one `edition` are the same arrays with the same entries; without one they
        may be any.

        Raises NNDSLError where they need more memory than there is.
        """
        given = inputs if inputs.keys() == self.inputs.keys() else self._given(inputs, seed)
        sizes = {**(sizes or {}), **symbol_sizes(self._open, given)}
        if count <= self.rows_at_once:
            return self._run(given, parameters, {**sizes, BATCH: count, FIRST: 0}, edition)
        results = {
            name: np.empty(type.shape({**sizes, BATCH: count}), dtype(type.element, self.precision))
            for name, type in self.outputs.items()
        }
        for first in range(0, count, self.rows_at_once):
            rows = slice(first, min(first + self.rows_at_once, count))
            block = {name: _rows(self.inputs[name], array, rows) for name, array in given.items()}
            place = {BATCH: rows.stop - rows.start, FIRST: rows.start if SEED in self.inputs else 0}
            for name, array in self._run(block, parameters, {**sizes, **place}, edition).items():
                _rows(self.outputs[name], results[name], rows)[...] = array
        return results

    def has_room(self, count: int, whole: bool) -> bool:
        """Whether so many examples can be run, all at once where they are a `whole`."""
        return count <= self.rows_at_once or (not whole and self.rows_at_once >= ROWS_AT_ONCE)

    def _given(self, inputs: Mapping[str, Array], seed: int) -> dict[str, Array]:
        """What the graph asks for: of the inputs, and of chance."""
        chance = {SEED: np.array(seed % LARGEST_SEED, np.int32), STEP: np.array(0, np.int32)}
        held = {**chance, **inputs}
        return {name: held[name] for name in self.inputs}

    def _run(
        self,
        given: Mapping[str, Array],
        parameters: Mapping[str, Array],
        sizes: Mapping[str, int],
        edition: int | None,
    ) -> dict[str, Array]:
        """The outputs for examples that are run together."""
        if edition is None or parameters is not self._parameters:
            if any(parameters[name] is not array for name, array in self._read.items()):
                self._forget()
            self._parameters = parameters
        ready = self._ready.get(tuple(sizes.items())) or self._bound(sizes, parameters)
        if self._once is not None:
            self._once.bring_to(edition)
        for name, array in given.items():
            ready.inputs[name][...] = array
        ready.programs.run()
        return {name: array.copy() for name, array in ready.outputs.items()}

    def _forget(self) -> None:
        """Makes all programs anew: they are for another plan, or other arrays."""
        self._read, self._once = {}, None
        self._ready.clear()

    def _bound(self, sizes: Mapping[str, int], parameters: Mapping[str, Array]) -> _Ready:
        """The programs for some sizes, from now on."""
        planned = self._planned({symbol: size for symbol, size in sizes.items() if symbol != FIRST})
        wanted = {buffer.name for buffer in planned.externals} & parameters.keys() - self.inputs.keys()
        self._read = {name: parameters[name] for name in wanted}
        if planned.once and self._once is None:
            self._once = self._made_once(planned, sizes)
        if len(self._ready) == SIZES_KEPT:
            self._ready.clear()
        found = self._ready[tuple(sizes.items())] = self._made_ready(planned, sizes)
        return found

    def _planned(self, sizes: Mapping[str, int]) -> Plan:
        bounds = {**sizes, BATCH: -(-sizes[BATCH] // self._shares)}
        if self._plan is None or any(size > self._plan.bounds[symbol] for symbol, size in bounds.items()):
            graph, self._shares, team = self._divided(sizes)
            bounds = {**sizes, BATCH: -(-sizes[BATCH] // self._shares)}
            external = {name: _result(name) for name in self.outputs}
            self._plan = plan(graph, bounds, self.precision, external, team=team, fixed=self.kept)
            kept_bytes = sum(buffer.size_bytes for buffer in self._plan.kept)
            require_memory(self._shares * self._plan.arena_bytes + kept_bytes, None)
            size_bytes = self._plan.arena_bytes
            self._arenas = [zeros((size_bytes,), np.dtype(np.uint8)) for _ in range(self._shares)]
            self._forget()
        return self._plan

    def _divided(self, sizes: Mapping[str, int]) -> Division:
        """How threads divide the examples; those that have shares do not meet in between."""
        threads = threads_for(self.graph, sizes, self.threads, OPERATIONS_WORTH_A_THREAD)
        together = Division(self.graph, 1, threads)
        if sizes[BATCH] < threads or not all(map(_has_rows, self.outputs.values())):
            return together
        found = in_shares(self.graph, threads)
        return together if any(isinstance(node.operator, AllReduce) for node in found.graph) else found

    def _made_once(self, planned: Plan, sizes: Mapping[str, int]) -> _Once:
        kept = {buffer.name: self._memory(buffer.type, {}) for buffer in planned.kept}
        addresses = {name: address(array) for name, array in {**self._read, **kept}.items()}
        bound = bind(planned, sizes, sizes, addresses, address(self._arenas[0]), planned.once)
        return _Once(kept, self._programs(self._together(bound, planned)))

    def _made_ready(self, planned: Plan, sizes: Mapping[str, int]) -> _Ready:
        given = {name: self._memory(type, sizes) for name, type in self.inputs.items()}
        results = {name: self._memory(type, sizes) for name, type in self.outputs.items()}
        read = {**self._read, **(self._once.kept if self._once is not None else {})}
        threads: list[Calls] = []
        for number, arena in enumerate(self._arenas):
            first, count = share(sizes[BATCH], number, self._shares)
            rows = slice(first, first + count)
            held = {name: _rows(self.inputs[name], array, rows) for name, array in given.items()}
            held |= {_result(name): _rows(self.outputs[name], array, rows) for name, array in results.items()}
            addresses = {name: address(array) for name, array in (read | held).items()}
            own = {**sizes, BATCH: count, FIRST: sizes[FIRST] + first}
            threads += self._together(bind(planned, own, sizes, addresses, address(arena)), planned)
        return _Ready(self._programs(threads), given, results)

    def _together(self, calls: Calls, planned: Plan) -> Sequence[Calls]:
        return together(calls, planned.team, item_bytes(Element.REAL, self.precision))

    def _programs(self, threads: Sequence[Calls]) -> Programs:
        return Programs(threads, self.precision, self.on_compile)

    def _memory(self, type: TensorType, sizes: Mapping[str, int]) -> Array:
        return zeros(type.shape(sizes), dtype(type.element, self.precision))


@dataclass(frozen=True)
class _Ready:
    """Programs, and memory for what goes in and comes out."""

    programs: Programs
    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]


@dataclass
class _Once:
    """What is made of parameters alone, by name, for an edition of them, and the programs that make it."""

    kept: Mapping[str, Array]
    programs: Programs
    edition: int | None = None

    def bring_to(self, edition: int | None) -> None:
        """Makes it of the parameters as they are now, unless they are of the same edition."""
        if edition is None or edition != self.edition:
            self.programs.run()
            self.edition = edition


def _is_open(type: TensorType) -> bool:
    """Whether a value has sizes that only data tell, beside the number of examples."""
    return any(extent.symbol not in (None, BATCH) for extent in type.extents)


def _result(name: str) -> str:
    """What the buffer of an output is called: an input may have the same name."""
    return f"output {name}"


def _has_rows(type: TensorType) -> bool:
    """Whether a value has a row for each example."""
    return any(extent == Extent(BATCH) for extent in type.extents[:1])


def _rows(type: TensorType, array: Array, rows: slice) -> Array:
    """The rows of an array with a batch dimension; any other array as it is."""
    return array[rows] if _has_rows(type) else array
