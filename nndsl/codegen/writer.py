"""Writes a fused group as Python source: its loop nest as it stands, vectors along the innermost axis.

Results are exact to about 1e-7 (float32): a long sum is taken in blocks that are added up in
float64. A maximum is NaN where an entry is; argmax is the first place of it, like NumPy's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from nndsl.codegen.formula import written
from nndsl.codegen.group import BLOCK, Compute, Group, LookUp, Operand, Pattern, Position, Reduce
from nndsl.codegen.nest import Gather, Nest, Pass, Scatter, Sink, Store
from nndsl.graph.types import Element
from nndsl.planning.plan import Precision

BUFFERS = {Element.REAL: "Reals", Element.INDEX: "Indices", Element.TRUTH: "Truths"}


class Writer:
    """The source text of a group. Raises ValueError for one that is no loop nest."""

    def __init__(self, group: Group, precision: Precision) -> None:
        self.group = group
        self.precision = precision
        self.nest = Nest(group)
        self.shared = group.shared_axis
        self.lines: list[str] = []
        self.indent = 1
        self.mathematics: set[str] = set()
        self.mark = "narrow_innermost_loops" if group.narrow else "parallel_innermost_loops"
        self.instructions: set[str] = {self.mark}
        self.types: set[str] = set()
        self.in_blocks: set[int] = set()  # the sums whose innermost loop is being written in blocks

    def text(self) -> str:
        for sink in self.nest.sinks:
            if isinstance(sink, Scatter) and not self.group.accumulate[sink.result]:
                self._clear(sink)
        self._block(0, self.nest.sinks)
        self._line(f"{self.mark}()")
        header = [
            "from __future__ import annotations",
            "",
            f"from numpy import {self.precision} as real",
            f"from numpy import {', '.join(sorted({'float64', 'inf', *self.types}))}",
            "",
            f"from nndsl.kernels.native import {', '.join(sorted(self.instructions))}",
        ]
        if self.mathematics:
            header.append(f"from nndsl.kernels.vector_math import {', '.join(sorted(self.mathematics))}")
        head = [*header, "", "", "def fused(", *self._parameters(), ") -> None:"]
        return "\n".join([*head, *self._opening(), *self.lines, ""])

    def _opening(self) -> Iterator[str]:
        """What comes before all loops."""
        yield from ()

    def _parameters(self) -> Iterator[str]:
        group = self.group
        if group.rank:
            yield f"    {', '.join(f'n{axis}: int' for axis in range(group.rank))},"
        if self.shared is not None:
            yield "    first: int, count: int,"
        if group.tables:
            yield f"    {', '.join(f'm{table}: int' for table in group.tables)},"
        for place in range(len(group.operands)):
            yield self._buffer(f"x{place}", place)
        first = len(group.operands)
        if group.constants:
            yield f"    {', '.join(f'v{n}: Real' for n in range(first, first + group.constants))},"
        for place, number in enumerate(group.results):
            yield self._buffer(f"r{place}", number)

    def _buffer(self, name: str, number: int) -> str:
        rows = [f"m{number}"] if number in self.group.tables else []
        shape = ", ".join([*rows, *(f"n{axis}" for axis in self.nest.pattern(number))])
        return f"    {name}: {BUFFERS[self.nest.element(number)]},  # ({shape})"

    def _line(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)

    @contextmanager
    def _inside(self, header: str) -> Iterator[None]:
        self._line(header)
        self.indent += 1
        yield
        self.indent -= 1

    def _is_real(self, number: int) -> bool:
        return self.nest.element(number) is Element.REAL

    # --- loops ---

    def _clear(self, sink: Scatter) -> None:
        reduction = self.nest.reduction(sink.reduction)
        with ExitStack() as loops:
            for axis in reduction.pattern:
                loops.enter_context(self._inside(self._loop(axis)))
            self._line(f"r{sink.result}[{self._place(reduction.pattern)}] = {self._start(reduction)}")

    def _loop(self, axis: int) -> str:
        """The head of the loop over an axis: only over this thread's places, if it is the shared one."""
        places = "first, first + count" if axis == self.shared else f"n{axis}"
        return f"for i{axis} in range({places}):"

    def _block(self, depth: int, sinks: Sequence[Sink]) -> None:
        """The body inside the loops over the axes before `depth`."""
        body = self.nest.body(depth, sinks)
        for values, passes in zip(body.values, body.passes, strict=True):
            for number in values:
                self._define(number)
            for part in passes:
                self._pass(depth, part)
        for sink in body.ends:
            self._end(sink)

    def _pass(self, axis: int, part: Pass) -> None:
        for number in part.finished:
            reduction = self.nest.reduction(number)
            is_sum = reduction.operation == "sum" and self._is_real(number)
            self._line(f"s{number} = {'float64(0)' if is_sum else self._start(reduction)}")
            if reduction.operation.startswith("arg"):
                self._line(f"a{number} = 0")
        if not part.loops:
            self._block(axis + 1, part.sinks)
        else:
            self._loops(axis, part)
        for number in part.finished:
            result = f"a{number}" if self.nest.reduction(number).operation.startswith("arg") else f"s{number}"
            self._line(f"v{number} = {f'real({result})' if self._is_real(number) else result}")

    def _loops(self, axis: int, part: Pass) -> None:
        """The loop over an axis that reaches the sinks of a pass."""
        if blocked := self._blocked(axis, part):
            self._blocked_loop(axis, part, blocked)
        else:
            with self._inside(self._loop(axis)):
                self._block(axis + 1, part.sinks)

    def _blocked(self, axis: int, part: Pass) -> list[int]:
        """The sums that an innermost loop adds up in blocks."""
        if self.precision is Precision.FLOAT64 or not self.nest.is_innermost(axis, part.sinks):
            return []
        gathered = [sink.reduction for sink in part.sinks if isinstance(sink, Gather)]
        return [n for n in gathered if self.nest.reduction(n).operation == "sum" and self._is_real(n)]

    def _blocked_loop(self, axis: int, part: Pass, sums: list[int]) -> None:
        if axis in self.group.short:
            self._one_block(axis, part, sums, f"n{axis}")
            return
        with self._inside(f"for begin in range(0, n{axis}, {BLOCK}):"):
            self._one_block(axis, part, sums, f"begin, min(begin + {BLOCK}, n{axis})")

    def _one_block(self, axis: int, part: Pass, sums: list[int], entries: str) -> None:
        for number in sums:
            self._line(f"p{number} = real(0)")
        with self._inside(f"for i{axis} in range({entries}):"):
            self.in_blocks.update(sums)
            self._block(axis + 1, part.sinks)
            self.in_blocks.difference_update(sums)
        for number in sums:
            self._line(f"s{number} += float64(p{number})")

    # --- values ---

    def _define(self, number: int) -> None:
        match self.nest.values[number]:
            case Operand(pattern, element):
                read = f"x{number}[{self._place(pattern)}]"
                self._line(f"v{number} = {read + ' != 0' if element is Element.TRUTH else read}")
            case Position(axis):
                self._line(f"v{number} = i{axis}")
            case LookUp() as look_up:
                self._look_up(number, look_up)
            case Compute() as compute:
                self._line(f"v{number} = {self._formula(compute)}")

    def _look_up(self, number: int, step: LookUp) -> None:
        """Reads some row in any case: a choice between numbers can be vectorised, one of places cannot."""
        row, rows = f"v{step.row}", f"m{step.table}"
        place = f"max(min({row}, {rows} - 1), 0)"
        for axis in self.nest.pattern(step.table):
            place = f"({place}) * n{axis} + i{axis}"
        zero = {Element.REAL: "real(0)", Element.INDEX: "0", Element.TRUTH: "False"}[step.element]
        self._line(f"e{number} = x{step.table}[{place}]{' != 0' if step.element is Element.TRUTH else ''}")
        self._line(f"v{number} = e{number} if 0 <= {row} < {rows} else {zero}")

    def _formula(self, step: Compute) -> str:
        names = [f"v{number}" for number in step.inputs]
        is_real = step.element is Element.REAL or any(map(self._is_real, step.inputs))
        text, functions = written(step.code.format(*names), is_real)
        self.mathematics |= functions
        return text

    def _place(self, pattern: Pattern) -> str:
        """The place of the present entry in a row-major buffer over some axes."""
        if not pattern:
            return "0"
        place = f"i{pattern[0]}"
        for axis in pattern[1:]:
            place = f"({place}) * n{axis} + i{axis}" if " " in place else f"{place} * n{axis} + i{axis}"
        return place

    # --- reductions and results ---

    def _start(self, reduction: Reduce) -> str:
        """What a reduction gives for no entries."""
        real = self._is_real(reduction.input)
        match reduction.operation:
            case "sum":
                return "real(0)" if reduction.element is Element.REAL else "0"
            case "max" | "argmax":
                return "real(-inf)" if real else str(-(2**31))
            case "min" | "argmin":
                return "real(inf)" if real else str(2**31 - 1)
        raise ValueError(f"no reduction is called {reduction.operation}")

    def _joined(self, reduction: Reduce, total: str, value: str) -> str:
        """A total with one more value."""
        match reduction.operation:
            case "sum":
                return f"{total} + {value}"
            case operation if self._is_real(reduction.input):
                function = "larger" if operation == "max" else "smaller"
                self.instructions.add(function)
                return f"{function}({total}, {value})"
            case operation:
                return f"{operation}({total}, {value})"

    def _end(self, sink: Sink) -> None:
        match sink:
            case Store(value, result):
                place = f"r{result}[{self._place(self.nest.pattern(value))}]"
                self._line(f"{place} {'+=' if self.group.accumulate[result] else '='} v{value}")
            case Scatter(value, number, result):
                reduction = self.nest.reduction(number)
                place = f"r{result}[{self._place(reduction.pattern)}]"
                self._line(f"{place} = {self._joined(reduction, place, f'v{value}')}")
            case Gather(value, number):
                self._gather(value, number)

    def _gather(self, value: int, number: int) -> None:
        reduction = self.nest.reduction(number)
        if reduction.operation.startswith("arg"):
            order = "<=" if reduction.operation == "argmax" else ">="
            # The first of equals wins; NaN wins over all, and stays.
            with self._inside(f"if not v{value} {order} s{number} and s{number} == s{number}:"):
                self._line(f"s{number} = v{value}")
                self._line(f"a{number} = {self._place(reduction.axes)}")
        elif reduction.operation == "sum" and self._is_real(number):
            self.instructions.add("add_unordered")
            if number in self.in_blocks:
                self._line(f"p{number} = add_unordered(p{number}, v{value})")
            else:
                self._line(f"s{number} = add_unordered(s{number}, float64(v{value}))")
        else:
            self._line(f"s{number} = {self._joined(reduction, f's{number}', f'v{value}')}")
