"""Writes a fused group whose innermost axis is narrow: vectors hold neighbouring rows, not a row's entries.

The softmax of a row of seven entries fills less than half a vector, and takes its greatest entry and its sum
across it. Of LANES rows at once, each step is a whole vector's: operands are turned, in local memory, so that
the rows of a block are side by side, and results are turned back.

A row's own values are computed in loops over the lanes. What a later loop needs of them stays in local
memory, one entry a lane.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from nndsl.codegen.group import LANES, Compute, Group, LookUp, Operand, Reduce
from nndsl.codegen.nest import Body, Gather, Pass, Scatter, Sink, Store
from nndsl.codegen.writer import Writer
from nndsl.graph.types import Element
from nndsl.planning.plan import Precision

TYPES = {Element.REAL: "real", Element.INDEX: "int32", Element.TRUTH: "uint8"}

LANE_LOOP = "for lane in range(lanes):"


class LaneWriter(Writer):
    """The source text of such a group; see `Writer`."""

    def __init__(self, group: Group, precision: Precision) -> None:
        super().__init__(group, precision)
        self.row, self.column = group.rank - 2, group.rank - 1
        self.mark = "parallel_innermost_loops"
        self.instructions = {self.mark}
        self.kept: set[int] = set()  # the values of a row that stay in local memory
        self.rooms: dict[str, tuple[str, str]] = {}
        self.defined: set[int] = set()  # the values that the loop over lanes being written has so far

    def _opening(self) -> Iterator[str]:
        for name, (kind, size) in self.rooms.items():
            yield f"    {name} = {size}({kind})"

    # --- rows ---

    def _loops(self, axis: int, part: Pass) -> None:
        if axis != self.row or self.nest.is_innermost(axis, part.sinks):
            super()._loops(axis, part)
            return
        begin, end = ("first", "first + count") if axis == self.shared else ("0", f"n{axis}")
        with self._inside(f"for begin in range({begin}, {end}, {LANES}):"):
            self._line(f"lanes = min({LANES}, {end} - begin)")
            for number in self._turned(part.sinks):
                self._turn(f"t{number}", number, f"x{number}", back=False)
            self._rows(part.sinks)
            for sink in part.sinks:
                if isinstance(sink, Store) and self._is_inner(sink.value):
                    name = f"o{sink.result}"
                    self._turn(name, sink.value, f"r{sink.result}", self.group.accumulate[sink.result])

    def _rows(self, sinks: Iterable[Sink]) -> None:
        """All that is to be done for the rows of a block."""
        sinks = tuple(sinks)
        body = self.nest.body(self.column, sinks)
        self._keep(body, sinks)
        for values, passes in zip(body.values, body.passes, strict=True):
            if kept := [number for number in values if number in self.kept]:
                with self._lanes():
                    for number in kept:
                        self._want(number, new=True)
                        self._line(f"{self._room(number)}[lane] = v{number}")
            for part in passes:
                self._columns(part)
        self._reach(body.ends)

    def _keep(self, body: Body, sinks: tuple[Sink, ...]) -> None:
        """Finds the values of a row that are needed outside the loop that computes them.

        What is no number but true or false is computed again.
        """
        stages = {number: stage for stage, values in enumerate(body.values) for number in values}
        outside = {sink.value for sink in sinks}
        for user in self.nest.needed(outside, self.column):
            again = self.nest.element(user) is Element.TRUTH
            sources = self.nest.inputs(user)
            outside.update(n for n in sources if again or stages.get(n) != stages.get(user))
        self.kept.update(
            number
            for number in outside & stages.keys()
            if isinstance(self.nest.values[number], Compute | LookUp)
            and self.nest.element(number) is not Element.TRUTH
        )

    def _columns(self, part: Pass) -> None:
        """A pass over the entries of the rows."""
        if part.finished:
            with self._inside(LANE_LOOP):
                for number in part.finished:
                    reduction = self.nest.reduction(number)
                    self._line(f"{self._total(number)}[lane] = {self._start(reduction)}")
                    if reduction.operation.startswith("arg"):
                        self._line(f"{self._room(number)}[lane] = 0")
        if part.loops:
            with self._inside(self._loop(self.column)):
                self._reach(part.sinks)
        else:
            self._reach(part.sinks)

    def _reach(self, sinks: Iterable[Sink]) -> None:
        """A loop over the lanes; what all contribute to is added up before it is added to the rest."""
        sinks = tuple(sinks)
        if not sinks:
            return
        shared = [sink for sink in sinks if isinstance(sink, Gather | Scatter) and self._is_shared(sink)]
        for reduced in shared:
            self._line(f"q{reduced.reduction} = {self._start(self.nest.reduction(reduced.reduction))}")
        with self._lanes():
            for sink in sinks:
                self._want(sink.value)
                if isinstance(sink, Gather | Scatter) and sink in shared:
                    self._line(f"q{sink.reduction} = {self._taken(sink.reduction, f'v{sink.value}')}")
                else:
                    self._end_lane(sink)
        for reduced in shared:
            self._add_shared(reduced)

    @contextmanager
    def _lanes(self) -> Iterator[None]:
        """A loop over the rows of a block."""
        self.defined = set()
        with self._inside(LANE_LOOP):
            self._line(f"i{self.row} = begin + lane")
            yield

    # --- values ---

    def _is_inner(self, number: int) -> bool:
        """Whether a value is computed for each entry of a row."""
        return self.nest.depth(number) > self.column

    def _is_of_row(self, number: int) -> bool:
        return self.nest.depth(number) == self.column

    def _turned(self, sinks: Iterable[Sink]) -> list[int]:
        """The operands with entries for the rows' entries, which the sinks need."""
        needed = self.nest.needed((sink.value for sink in sinks), self.column)
        return [
            number
            for number in needed
            if isinstance(self.nest.values[number], Operand) and self._is_turned(number)
        ]

    def _is_turned(self, number: int) -> bool:
        return {self.row, self.column} <= set(self.nest.pattern(number))

    def _want(self, number: int, new: bool = False) -> None:
        """Defines a value, and all that it needs, unless the loop over the lanes has it already. A `new` one
        is computed, not taken from local memory."""
        if number in self.defined or self.nest.depth(number) < self.column:
            return
        self.defined.add(number)
        value = self.nest.values[number]
        if isinstance(value, Reduce):
            result = self._room(number) if value.operation.startswith("arg") else self._total(number)
            self._line(f"v{number} = {result}[lane]")
        elif number in self.kept and not new:
            self._line(f"v{number} = {self._room(number)}[lane]")
        elif isinstance(value, Operand) and self._is_turned(number):
            read = f"t{number}[i{self.column} * {LANES} + lane]"
            self._line(f"v{number} = {read + ' != 0' if value.element is Element.TRUTH else read}")
        else:
            for source in self.nest.inputs(number):
                self._want(source)
            self._define(number)

    # --- local memory ---

    def _room(self, number: int) -> str:
        """The local memory of a row's value."""
        self._have(f"k{number}", self.nest.element(number), "lane_room")
        return f"k{number}"

    def _total(self, number: int) -> str:
        """The local memory of what a row's reduction has taken up so far."""
        self._have(f"l{number}", self.nest.element(self.nest.reduction(number).input), "lane_room")
        return f"l{number}"

    def _have(self, name: str, element: Element, size: str) -> None:
        kind = TYPES[element]
        self.rooms[name] = kind, size
        self.instructions.add(size)
        if kind != "real":
            self.types.add(kind)

    def _turn(self, name: str, number: int, buffer: str, accumulate: bool = False, back: bool = True) -> None:
        """Copies a buffer's rows of a block so that they are side by side, or back."""
        self._have(name, self.nest.element(number), "block_room")
        local = f"{name}[i{self.column} * {LANES} + lane]"
        with self._inside(self._loop(self.column)), self._lanes():
            place = f"{buffer}[{self._place(self.nest.pattern(number))}]"
            if back:
                self._line(f"{place} {'+=' if accumulate else '='} {local}")
            else:
                self._line(f"{local} = {place}")

    # --- reductions and results ---

    def _is_shared(self, sink: Gather | Scatter) -> bool:
        """Whether all lanes contribute to one number."""
        if isinstance(sink, Gather):
            return not self._is_of_row(sink.reduction)
        return self.row not in self.nest.pattern(sink.reduction)

    def _taken(self, number: int, value: str) -> str:
        """What lanes have contributed so far, with one more value."""
        reduction = self.nest.reduction(number)
        if reduction.operation == "sum" and self._is_real(number):
            self.instructions.add("add_unordered")
            return f"add_unordered(q{number}, {value})"
        return self._joined(reduction, f"q{number}", value)

    def _add_shared(self, sink: Gather | Scatter) -> None:
        number, reduction = sink.reduction, self.nest.reduction(sink.reduction)
        if isinstance(sink, Scatter):
            place = f"r{sink.result}[{self._place(reduction.pattern)}]"
            self._line(f"{place} = {self._joined(reduction, place, f'q{number}')}")
        elif reduction.operation == "sum" and self._is_real(number):
            self._line(f"s{number} += float64(q{number})")
        else:
            self._line(f"s{number} = {self._joined(reduction, f's{number}', f'q{number}')}")

    def _end_lane(self, sink: Sink) -> None:
        match sink:
            case Store(value, result) if self._is_inner(value):
                self._have(f"o{result}", self.nest.element(value), "block_room")
                self._line(f"o{result}[i{self.column} * {LANES} + lane] = v{value}")
            case Gather(value, number):
                self._gather_lane(value, number)
            case _:
                self._end(sink)

    def _gather_lane(self, value: int, number: int) -> None:
        """A row's reduction takes up one more value."""
        reduction, total = self.nest.reduction(number), f"{self._total(number)}[lane]"
        if reduction.operation.startswith("arg"):
            order = "<=" if reduction.operation == "argmax" else ">="
            place, best = f"{self._room(number)}[lane]", f"b{number}"
            self._line(f"{best} = (not v{value} {order} {total}) & ({total} == {total})")
            self._line(f"{total} = v{value} if {best} else {total}")
            self._line(f"{place} = {self._place(reduction.axes)} if {best} else {place}")
        else:
            self._line(f"{total} = {self._joined(reduction, total, f'v{value}')}")
