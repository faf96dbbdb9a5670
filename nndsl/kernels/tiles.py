"""Two register-blocked products, as vector instructions: what LLVM does not find by itself.

A tile has some rows and one or two vectors of columns, whose sums stay in registers. Vectors are as wide as
the machine's. The right-hand matrix is packed: a panel for each vector of columns, in which
row follows row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import lower_builtin, type_callable

from nndsl.kernels.target import vector_bytes, vector_registers

SUMS = 16 if vector_registers() >= 32 else 12
"""Vectors of sums in a tile: with a row's factor and the columns they fit into sixteen registers, or half of
thirty-two, where tiles of fewer rows leave less over."""

INTEGER = ir.IntType(64)


def lanes(matrix: Any) -> int:
    """The number of entries in a vector of a buffer's element."""
    return vector_bytes() // int(matrix.itemsize)


@type_callable(lanes)
def _type_of_lanes(_context: Any) -> Any:
    return lambda matrix: types.int64


@lower_builtin(lanes, types.Any)
def _lower_lanes(_context: Any, _builder: ir.IRBuilder, signature: Any, _arguments: Any) -> Any:
    return INTEGER(vector_bytes() * 8 // signature.args[0].dtype.bitwidth)


class Writer:
    """Writes vector instructions over buffers of one element, with so many rows of vectors of sums.

    Vectors are as wide as the machine's, if no width is given.
    """

    def __init__(
        self, builder: ir.IRBuilder, real: ir.Type, rows: int, vectors: int, width: int | None = None
    ) -> None:
        self.builder, self.real, self.rows, self.vectors = builder, real, rows, vectors
        self.item_bytes = 4 if isinstance(real, ir.FloatType) else 8
        self.width = width or vector_bytes() // self.item_bytes
        self.vector = ir.VectorType(real, self.width)
        self.mask_type = ir.VectorType(ir.IntType(1), self.width)
        self.sums = [[cgutils.alloca_once(builder, self.vector) for _ in range(vectors)] for _ in range(rows)]

    def integer(self, table: Any, place: Any) -> Any:
        """An entry of a table of 32-bit integers."""
        return self.builder.sext(self.builder.load(self.builder.gep(table, [place])), INTEGER)

    def clamped(self, number: Any, end: Any) -> Any:
        """A number, or the last one before the end."""
        return self.smaller(number, self.builder.sub(end, INTEGER(1)))

    def smaller(self, x: Any, y: Any) -> Any:
        """The smaller of two numbers."""
        return self.builder.select(self.builder.icmp_signed("<", x, y), x, y)

    def spread(self, x: Any) -> Any:
        """A vector of equal entries."""
        undefined = ir.Constant(ir.VectorType(x.type, self.width), ir.Undefined)
        first = self.builder.insert_element(undefined, x, ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.width), [0] * self.width)
        return self.builder.shuffle_vector(first, undefined, zeros)

    def zero(self) -> Any:
        return ir.Constant(self.vector, [0.0] * self.width)

    def clear(self) -> None:
        """All sums are zero."""
        for row in self.sums:
            for total in row:
                self.builder.store(self.zero(), total)

    def along(self, length: Any, emit: Callable[[Any, Any], None]) -> None:
        """Instructions for each vector of a row, given its place and the mask of its entries, if not all."""
        builder, width = self.builder, INTEGER(self.width)
        whole = builder.sdiv(length, width)
        with cgutils.for_range(builder, whole, intp=INTEGER) as loop:
            emit(builder.mul(loop.index, width), None)
        done = builder.mul(whole, width)
        rest = builder.sub(length, done)
        with builder.if_then(builder.icmp_signed(">", rest, INTEGER(0))):
            emit(done, self.masks(rest)[0])

    def masks(self, columns: Any) -> list[Any]:
        """For each vector the entries that are within so many columns."""
        limit = self.spread(columns)
        numbers = [range(j * self.width, (j + 1) * self.width) for j in range(self.vectors)]
        lanes_of = (ir.Constant(limit.type, list(row)) for row in numbers)
        return [self.builder.icmp_signed("<", lane, limit) for lane in lanes_of]

    def whole_or_part(self, columns: Any, emit: Callable[[Sequence[Any]], None]) -> None:
        """Instructions for whole vectors, and for those that so many columns fill in part, given masks."""
        whole = self.builder.icmp_signed(">=", columns, INTEGER(self.width * self.vectors))
        with self.builder.if_else(whole) as (all_columns, some_columns):
            with all_columns:
                emit([None] * self.vectors)
            with some_columns:
                emit(self.masks(columns))

    def load(self, start: Any, place: Any, mask: Any = None) -> Any:
        """A vector at a place, zero where the mask is not set."""
        pointer = self._at(start, place)
        if mask is None:
            return self.builder.load(pointer, align=self.item_bytes)
        arguments = [pointer.type, ir.IntType(32), self.mask_type, self.vector]
        function = self._function("load", self.vector, arguments)
        return self.builder.call(function, [pointer, ir.IntType(32)(self.item_bytes), mask, self.zero()])

    def store(self, value: Any, start: Any, place: Any, mask: Any = None) -> None:
        """Puts a vector at a place, where the mask is set."""
        pointer = self._at(start, place)
        if mask is None:
            self.builder.store(value, pointer, align=self.item_bytes)
            return
        arguments = [self.vector, pointer.type, ir.IntType(32), self.mask_type]
        function = self._function("store", ir.VoidType(), arguments)
        self.builder.call(function, [value, pointer, ir.IntType(32)(self.item_bytes), mask])

    def fetch(self, start: Any, place: Any, to_write: bool = False) -> None:
        """Has a cache fetch what is to be read later, or soon to be written, at a place."""
        byte = ir.IntType(8).as_pointer()
        pointer = self.builder.bitcast(self.builder.gep(start, [place]), byte)
        number = ir.IntType(32)
        function_type = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = cgutils.get_or_insert_function(self.builder.module, function_type, "llvm.prefetch.p0")
        nearness = number(3 if to_write else 2)
        self.builder.call(function, [pointer, number(int(to_write)), nearness, number(1)])

    def _at(self, start: Any, place: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(start, [place]), self.vector.as_pointer())

    def _function(self, action: str, result: Any, arguments: Sequence[Any]) -> Any:
        suffix = f"v{self.width}f{self.item_bytes * 8}.p0"
        name = f"llvm.masked.{action}.{suffix}"
        return cgutils.get_or_insert_function(
            self.builder.module, ir.FunctionType(result, list(arguments)), name
        )

    def add_products(self, factors: Sequence[Any], columns: Sequence[Any]) -> None:
        """sums[i][j] += factors[i] · columns[j]."""
        for factor, row in zip(factors, self.sums, strict=True):
            self.add_multiples(self.spread(factor), columns, row)

    def add_multiples(self, factor: Any, vectors: Sequence[Any], totals: Sequence[Any]) -> None:
        """totals[j] += factor · vectors[j], entry by entry."""
        for vector, total in zip(vectors, totals, strict=True):
            term = self.builder.fmul(factor, vector, flags=("contract",))
            self.builder.store(self.builder.fadd(term, self.builder.load(total), flags=("contract",)), total)


Emit = Callable[[Writer, Sequence[Any]], None]


def tile(meaning: Callable[..., Any], emit: Emit, rows: int, vectors: int) -> None:
    """Gives a function on buffers, of which the first is of reals, its instructions.

    They work on so many rows of vectors of sums. Numbers are passed on as 64-bit integers and as reals.
    """
    count = meaning.__code__.co_argcount

    @type_callable(meaning)
    def typed(_context: Any) -> Any:
        names = ", ".join(f"a{i}" for i in range(count))
        return eval(f"lambda {names}: none", {"none": types.none})

    @lower_builtin(meaning, *[types.Any] * count)
    def lower(context: Any, builder: ir.IRBuilder, signature: Any, values: Sequence[Any]) -> Any:
        real = signature.args[0].dtype
        numbers = {types.Integer: types.int64, types.Float: real}

        def passed(value: Any, given: Any) -> Any:
            wanted = next((number for kind, number in numbers.items() if isinstance(given, kind)), given)
            return context.cast(builder, value, given, wanted)

        given = map(passed, values, signature.args)
        emit(Writer(builder, context.get_value_type(real), rows, vectors), list(given))
        return context.get_dummy_value()


def _sum_products(write: Writer, values: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
    """Fills the sums of a product; the number of the first row, and the places of all rows in y."""
    _, y_at, y_rows, x, x_at, x_rows, first, end, runs, run_count, length, w, w_at, panel, _ = values
    builder = write.builder
    numbers = [write.clamped(builder.add(first, INTEGER(i)), end) for i in range(write.rows)]
    rows = [builder.gep(x, [builder.add(x_at, write.integer(x_rows, number))]) for number in numbers]
    begins = [builder.add(w_at, builder.mul(panel, INTEGER(j))) for j in range(write.vectors)]
    panels = [builder.gep(w, [begin]) for begin in begins]
    write.clear()
    with cgutils.for_range(builder, run_count, intp=INTEGER) as run:
        begin = write.integer(runs, run.index)
        base = builder.mul(builder.mul(run.index, length), INTEGER(write.width))
        with cgutils.for_range(builder, length, intp=INTEGER) as step:
            at = builder.add(base, builder.mul(step.index, INTEGER(write.width)))
            vectors = [write.load(start, at) for start in panels]
            place = builder.add(begin, step.index)
            write.add_products([builder.load(builder.gep(row, [place])) for row in rows], vectors)
    return first, [builder.add(y_at, write.integer(y_rows, number)) for number in numbers]


def _emit_product(write: Writer, values: Sequence[Any]) -> None:
    y, columns = values[0], values[-1]
    _, places = _sum_products(write, values)
    write.whole_or_part(columns, lambda masks: _store_rows(write, y, places, masks))


def _store_rows(write: Writer, y: Any, places: Sequence[Any], masks: Sequence[Any]) -> None:
    for place, row in zip(places, write.sums, strict=True):
        for j, (total, mask) in enumerate(zip(row, masks, strict=True)):
            at = write.builder.add(place, INTEGER(j * write.width))
            write.store(write.builder.load(total), y, at, mask)


def _emit_added_product(write: Writer, values: Sequence[Any]) -> None:
    # One row after another: their places in y may overlap. Rows that stand for none, at the end, add nothing.
    y, end, builder = values[0], values[7], write.builder
    first, places = _sum_products(write, values)
    for i, (place, row) in enumerate(zip(places, write.sums, strict=True)):
        with builder.if_then(builder.icmp_signed("<", builder.add(first, INTEGER(i)), end), likely=True):
            for j, total in enumerate(row):
                at = builder.add(place, INTEGER(j * write.width))
                write.store(builder.fadd(write.load(y, at), builder.load(total)), y, at)


def _emit_outer(write: Writer, values: Sequence[Any]) -> None:
    w, w_at, panel, x, x_at, taps, tap, end, y, y_at, x_rows, y_rows, first, count, columns = values
    builder = write.builder
    numbers = [write.clamped(builder.add(tap, INTEGER(i)), end) for i in range(write.rows)]
    rows = [builder.gep(x, [builder.add(x_at, write.integer(taps, number))]) for number in numbers]

    def place(number: Any, j: int) -> Any:
        row = builder.mul(number, INTEGER(write.width))
        return builder.add(builder.add(w_at, builder.mul(panel, INTEGER(j))), row)

    for number, row in zip(numbers, write.sums, strict=True):
        for j, total in enumerate(row):
            builder.store(write.load(w, place(number, j)), total)

    def add_all(masks: Sequence[Any]) -> None:
        with cgutils.for_range(builder, count, intp=INTEGER) as loop:
            pixel = builder.add(first, loop.index)
            start = builder.gep(y, [builder.add(y_at, write.integer(y_rows, pixel))])
            vectors = [write.load(start, INTEGER(j * write.width), mask) for j, mask in enumerate(masks)]
            at = write.integer(x_rows, pixel)
            write.add_products([builder.load(builder.gep(row, [at])) for row in rows], vectors)

    write.whole_or_part(columns, add_all)
    for number, row in zip(numbers, write.sums, strict=True):
        for j, total in enumerate(row):
            write.store(builder.load(total), w, place(number, j))


def _product(vectors: int, adds: bool) -> Callable[..., None]:
    def product(
        y: Any,
        y_at: int,
        y_rows: Any,
        x: Any,
        x_at: int,
        x_rows: Any,
        first: int,
        end: int,
        runs: Any,
        run_count: int,
        length: int,
        w: Any,
        w_at: int,
        panel: int,
        columns: int,
    ) -> None:
        width = lanes(w)
        for row in range(first, min(first + SUMS // vectors, end)):
            for column in range(min(columns, vectors * width)):
                total = y[0] * 0
                at = w_at + column // width * panel + column % width
                for run in range(run_count):
                    for step in range(length):
                        factor = x[x_at + x_rows[row] + runs[run] + step]
                        total += factor * w[at + (run * length + step) * width]
                place = y_at + y_rows[row] + column
                y[place] = y[place] + total if adds else total

    tile(product, _emit_added_product if adds else _emit_product, SUMS // vectors, vectors)
    return product


def _outer(vectors: int) -> Callable[..., None]:
    def outer(
        w: Any,
        w_at: int,
        panel: int,
        x: Any,
        x_at: int,
        taps: Any,
        tap: int,
        end: int,
        y: Any,
        y_at: int,
        x_rows: Any,
        y_rows: Any,
        first: int,
        count: int,
        columns: int,
    ) -> None:
        width = lanes(w)
        for row in range(tap, min(tap + SUMS // vectors, end)):
            for column in range(min(columns, vectors * width)):
                at = w_at + column // width * panel + row * width + column % width
                for pixel in range(first, first + count):
                    factor = x[x_at + taps[row] + x_rows[pixel]]
                    w[at] += factor * y[y_at + y_rows[pixel] + column]

    tile(outer, _emit_outer, SUMS // vectors, vectors)
    return outer


narrow_product, wide_product = _product(1, adds=False), _product(2, adds=False)
"""y[y_rows[i] + j] ← Σ x[x_rows[i] + runs[r] + l] · w[r·length + l, j] over all runs r and l < length.

For the rows from `first` on that a tile holds, as far as they come before `end`. The buffers begin at `…_at`;
the panels of w lie `panel` entries apart. A wide tile has two vectors of columns and half as many rows.
"""

narrow_added_product, wide_added_product = _product(1, adds=True), _product(2, adds=True)
"""The same products, added to y, where rows may overlap. What lies after the columns in y is read and written
too, up to a whole number of vectors, and does not change: the rest of the panel is zero.
"""

narrow_outer, wide_outer = _outer(1), _outer(2)
"""w[k, j] += Σ x[taps[k] + x_rows[p]] · y[y_rows[p] + j] over `count` pixels p from `first` on.

For the rows k of w from `tap` on that a tile holds, as far as they come before `end`. Buffers as above.
"""
