"""Strips of a matrix product, in blocks whose sums stay in registers, as vector instructions.

A strip is some columns of C, and a block some of its rows. Where columns of B lie side by side, a block adds
up multiples of B's rows; where B is stored transposed, it adds up products along the rows of both matrices.
Nothing is rearranged for that. A block has as many sums as registers hold beside the operands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import lower_builtin, type_callable

from nndsl.kernels.target import vector_bytes, vector_registers
from nndsl.kernels.tiles import INTEGER, Writer, lanes, tile

MANY_REGISTERS = vector_registers() >= 32

SUMS, WIDE = (24, 4) if MANY_REGISTERS else (12, 2)
"""Vectors of sums in a block, and in each of its rows."""

TALL = SUMS // WIDE
"""Rows of a block of WIDE vectors."""

DOTS, DOTS_ROWS = 4, 4 if MANY_REGISTERS else 2
"""Columns of a block of dot products, a power of two, and its rows."""

ROW_VECTORS = 8
"""Vectors of sums where there is but one row: so many loads are under way at once."""

AT_ONCE = 64
"""Rows of B that a block multiplies between fetching two bits of what follows."""

PANEL_DEPTH = 256
"""Rows of a panel of B, which are WIDE vectors long."""

PANEL_BLOCKS, GAP = 96, 16
"""Blocks of A in a panel, and entries left free after each, lest all begin in the same places of a cache."""

PANEL_ROWS = PANEL_BLOCKS * TALL
"""Rows of A in a panel."""


class _Result:
    """Puts a block's sums into C: C ← α sums + β C. C is not read where β = 0."""

    def __init__(self, write: Writer, c: Any, stride: Any, alpha: Any, beta: Any) -> None:
        self.write, self.c, self.stride = write, c, stride
        self.alpha, self.beta = write.spread(alpha), write.spread(beta)
        self.adds = write.builder.fcmp_unordered("!=", beta, beta.type(0.0))

    def fetch(self, first: Any) -> None:
        """Has the cache fetch a block of C, which is soon to be written."""
        write, builder = self.write, self.write.builder
        for i in range(write.rows):
            start = builder.gep(self.c, [builder.mul(builder.add(first, INTEGER(i)), self.stride)])
            for j in range(write.vectors):
                write.fetch(start, INTEGER(j * write.width), to_write=True)

    def put(self, sums: Sequence[Sequence[Any]], masks: Sequence[Any], first: Any, left: Any) -> None:
        """Rows of vectors go to the rows from `first` on, as far as there are any left."""
        builder = self.write.builder
        for i, row in enumerate(sums):
            with builder.if_then(builder.icmp_signed("<", INTEGER(i), left), likely=True):
                at = builder.mul(builder.add(first, INTEGER(i)), self.stride)
                start = builder.gep(self.c, [at])
                scaled = [builder.fmul(self.alpha, total) for total in row]
                with builder.if_else(self.adds) as (added, alone):
                    for adds, branch in ((True, added), (False, alone)):
                        with branch:
                            self._store(start, scaled, masks, adds)

    def _store(self, start: Any, row: Sequence[Any], masks: Sequence[Any], adds: bool) -> None:
        builder, write = self.write.builder, self.write
        for j, (vector, mask) in enumerate(zip(row, masks, strict=True)):
            place = INTEGER(j * write.width)
            if adds:
                before = builder.fmul(self.beta, write.load(start, place, mask), flags=("contract",))
                vector = builder.fadd(vector, before, flags=("contract",))
            write.store(vector, start, place, mask)


def _put(c: Any, place: int, total: Any, alpha: Any, beta: Any) -> None:
    c[place] = alpha * total if beta == 0 else alpha * total + beta * c[place]


def _pieces(builder: ir.IRBuilder, whole: Any, size: int) -> Any:
    """How many pieces of a size there are, the last of which may be smaller."""
    return builder.sdiv(builder.add(whole, INTEGER(size - 1)), INTEGER(size))


def _down(write: Writer, rows: Any, emit: Callable[[Any, Any], None]) -> None:
    """Instructions for each block of a strip, given its first row and how many rows are left there."""
    builder = write.builder
    with cgutils.for_range(builder, _pieces(builder, rows, write.rows), intp=INTEGER) as loop:
        first = builder.mul(loop.index, INTEGER(write.rows))
        emit(first, builder.sub(rows, first))


def _rows(write: Writer, matrix: Any, stride: Any, first: Any, count: int, left: Any) -> list[Any]:
    """Where so many rows begin; the last of those left stands in for the ones after it."""
    builder = write.builder
    numbers = [builder.add(first, write.clamped(INTEGER(i), left)) for i in range(count)]
    return [builder.gep(matrix, [builder.mul(number, stride)]) for number in numbers]


class _Next:
    """Has a cache fetch what is read after a strip, bit by bit while the strip is multiplied.

    It is `count` pieces of as many entries as the strip has columns, of which so many lie `across` a row.
    """

    def __init__(self, write: Writer, start: Any, stride: Any, across: Any, count: Any) -> None:
        self.write, self.start, self.stride, self.across, self.count = write, start, stride, across, count

    def fetch(self, part: Any, parts: Any) -> None:
        """What belongs to one of so many equal parts of the strip's work."""
        builder, wide = self.write.builder, self.write.vectors * self.write.width
        bounds = (builder.mul(builder.add(part, INTEGER(i)), self.count) for i in range(2))
        first, end = (builder.sdiv(bound, parts) for bound in bounds)
        with cgutils.for_range(builder, builder.sub(end, first), intp=INTEGER) as loop:
            piece = builder.add(first, loop.index)
            row = builder.mul(builder.sdiv(piece, self.across), self.stride)
            at = builder.add(row, builder.mul(builder.srem(piece, self.across), INTEGER(wide)))
            for j in range(0, wide, self.write.width):
                self.write.fetch(self.start, builder.add(at, INTEGER(j)))


def _emit_strip(write: Writer, values: Sequence[Any], whole: bool) -> None:
    c, c_stride, a, a_block, a_stride, a_step, b, b_stride, rows, columns, inner, alpha, beta, *later = values
    builder = write.builder
    places = [INTEGER(j * write.width) for j in range(write.vectors)]
    result, following = _Result(write, c, c_stride, alpha, beta), _Next(write, *later)
    parts, blocks = _pieces(builder, inner, AT_ONCE), _pieces(builder, rows, write.rows)

    def block(masks: Sequence[Any], first: Any, left: Any) -> None:
        block_number = builder.sdiv(first, INTEGER(write.rows))
        block_of_a = builder.gep(a, [builder.mul(block_number, a_block)])
        a_rows = _rows(write, block_of_a, a_stride, INTEGER(0), write.rows, left)
        write.clear()
        if whole:
            result.fetch(first)
        with cgutils.for_range(builder, parts, intp=INTEGER) as part:
            if whole:
                number = builder.add(builder.mul(block_number, parts), part.index)
                following.fetch(number, builder.mul(blocks, parts))
            done = builder.mul(part.index, INTEGER(AT_ONCE))
            some = write.smaller(builder.sub(inner, done), INTEGER(AT_ONCE))
            with cgutils.for_range(builder, some, intp=INTEGER) as loop:
                k = builder.add(done, loop.index)
                start = builder.gep(b, [builder.mul(k, b_stride)])
                pieces = [write.load(start, place, mask) for place, mask in zip(places, masks, strict=True)]
                at = builder.mul(k, a_step)
                write.add_products([builder.load(builder.gep(row, [at])) for row in a_rows], pieces)
        result.put([list(map(builder.load, row)) for row in write.sums], masks, first, left)

    if whole:
        _down(write, rows, partial(block, [None] * write.vectors))
    else:
        write.whole_or_part(columns, lambda masks: _down(write, rows, partial(block, masks)))


def _strip(tall: int, vectors: int, whole: bool = False) -> Callable[..., None]:
    def strip(
        c: Any,
        c_stride: int,
        a: Any,
        a_block: int,
        a_stride: int,
        a_step: int,
        b: Any,
        b_stride: int,
        rows: int,
        columns: int,
        inner: int,
        alpha: Any,
        beta: Any,
        next: Any,
        next_stride: int,
        next_across: int,
        next_count: int,
    ) -> None:
        for i in range(rows):
            row = i // tall * a_block + i % tall * a_stride
            for j in range(min(columns, vectors * lanes(b))):
                total = alpha * 0
                for k in range(inner):
                    total += a[row + k * a_step] * b[k * b_stride + j]
                _put(c, i * c_stride + j, total, alpha, beta)

    tile(strip, partial(_emit_strip, whole=whole), tall, vectors)
    return strip


wide_strip, narrow_strip = _strip(TALL, WIDE, whole=True), _strip(SUMS, 1)
"""C ← α A B + β C for WIDE vectors of columns, or for one or as many entries as there are.

In a block, A[i, k] lies at i·a_stride + k·a_step. Blocks of A begin `a_block` apart, rows of B and C
`…_stride`.
"""

row_strip = _strip(1, ROW_VECTORS)
"""The same for ROW_VECTORS vectors, where there are few rows."""


def _emit_dots(write: Writer, values: Sequence[Any]) -> None:
    c, c_stride, a, a_stride, b, b_stride, rows, columns, inner, alpha, beta = values
    builder = write.builder
    b_rows = _rows(write, b, b_stride, INTEGER(0), write.vectors, columns)
    short = Writer(builder, write.real, 0, 1, width=write.vectors)
    result, masks = _Result(short, c, c_stride, alpha, beta), short.masks(columns)

    def block(first: Any, left: Any) -> None:
        a_rows = _rows(write, a, a_stride, first, write.rows, left)
        write.clear()

        def add_products(at: Any, mask: Any) -> None:
            pieces = [write.load(row, at, mask) for row in b_rows]
            for row, totals in zip(a_rows, write.sums, strict=True):
                write.add_multiples(write.load(row, at, mask), pieces, totals)

        write.along(inner, add_products)
        sums = [[_added_up(builder, list(map(builder.load, totals)))] for totals in write.sums]
        result.put(sums, masks, first, left)

    _down(write, rows, block)


def _added_up(builder: ir.IRBuilder, vectors: Sequence[Any]) -> Any:
    """Each vector's sum, as a vector. Their number is a power of two."""
    joined = list(vectors)
    while len(joined) > 1:
        both = range(2 * joined[0].type.count)
        joined = [_chosen(builder, x, y, both) for x, y in zip(joined[::2], joined[1::2], strict=True)]
    (total,) = joined
    while (count := total.type.count) > len(vectors):
        even, odd = (_chosen(builder, total, total, range(first, count, 2)) for first in range(2))
        total = builder.fadd(even, odd)
    return total


def _chosen(builder: ir.IRBuilder, x: Any, y: Any, numbers: Iterable[int]) -> Any:
    """Entries of two vectors, numbered one vector after the other."""
    places = list(numbers)
    return builder.shuffle_vector(x, y, ir.Constant(ir.VectorType(ir.IntType(32), len(places)), places))


def _dots(tall: int, wide: int) -> Callable[..., None]:
    def dots(
        c: Any,
        c_stride: int,
        a: Any,
        a_stride: int,
        b: Any,
        b_stride: int,
        rows: int,
        columns: int,
        inner: int,
        alpha: Any,
        beta: Any,
    ) -> None:
        for i in range(rows):
            for j in range(min(columns, wide)):
                total = alpha * 0
                for k in range(inner):
                    total += a[i * a_stride + k] * b[j * b_stride + k]
                _put(c, i * c_stride + j, total, alpha, beta)

    tile(dots, _emit_dots, tall, wide)
    return dots


dots_strip, row_dots_strip = _dots(DOTS_ROWS, DOTS), _dots(1, ROW_VECTORS)
"""C ← α A Bᵀ + β C for DOTS columns, or for ROW_VECTORS of them where there are few rows."""


def _transpose(vectors: int) -> Callable[..., None]:
    def transpose(panel: Any, panel_stride: int, b: Any, b_stride: int, rows: int, length: int) -> None:
        for i in range(min(rows, vectors * lanes(b))):
            for k in range(length):
                panel[k * panel_stride + i] = b[i * b_stride + k]

    tile(transpose, _emit_transpose, 0, vectors)
    return transpose


def _emit_transpose(write: Writer, values: Sequence[Any]) -> None:
    panel, panel_stride, b, b_stride, count, length = values
    builder = write.builder
    rows = _rows(write, b, b_stride, INTEGER(0), write.vectors * write.width, count)

    def transpose(at: Any, mask: Any) -> None:
        for lane in range(0, len(rows), write.width):
            square = [write.load(row, at, mask) for row in rows[lane : lane + write.width]]
            for k, piece in enumerate(_transposed(builder, square)):
                line = builder.mul(builder.add(at, INTEGER(k)), panel_stride)
                write.store(piece, panel, builder.add(line, INTEGER(lane)))

    write.along(length, transpose)


def _transposed(builder: ir.IRBuilder, rows: Sequence[Any]) -> list[Any]:
    """The columns of a square: for each bit, entries whose row and column differ in it change places."""
    width, square = len(rows), list(rows)
    bit = width // 2
    while bit:
        for i in (i for i in range(width) if not i & bit):
            x, y = square[i], square[i + bit]
            square[i] = _chosen(builder, x, y, (j + width - bit if j & bit else j for j in range(width)))
            square[i + bit] = _chosen(
                builder, x, y, (j + width if j & bit else j + bit for j in range(width))
            )
        bit //= 2
    return square


def _copy(vectors: int) -> Callable[..., None]:
    def copy(panel: Any, panel_stride: int, b: Any, b_stride: int, columns: int, length: int) -> None:
        for k in range(length):
            for j in range(min(columns, vectors * lanes(b))):
                panel[k * panel_stride + j] = b[k * b_stride + j]

    tile(copy, _emit_copy, 0, vectors)
    return copy


def _emit_copy(write: Writer, values: Sequence[Any]) -> None:
    panel, panel_stride, b, b_stride, columns, length = values
    builder = write.builder

    def copy(masks: Sequence[Any]) -> None:
        with cgutils.for_range(builder, length, intp=INTEGER) as loop:
            source, target = (builder.mul(loop.index, stride) for stride in (b_stride, panel_stride))
            for j, mask in enumerate(masks):
                place = INTEGER(j * write.width)
                piece = write.load(b, builder.add(source, place), mask)
                write.store(piece, panel, builder.add(target, place), mask)

    write.whole_or_part(columns, copy)


transpose_rows, transpose_many = _transpose(1), _transpose(WIDE)
"""panel[k, i] ← b[i, k] for k < length, and as many rows i as one or WIDE vectors have, or as there are.

Whole vectors are written, and as many as are a multiple of their entries.
"""

copy_columns, copy_many = _copy(1), _copy(WIDE)
"""panel[k, j] ← b[k, j] for k < length, and as many columns j as one or WIDE vectors have, or as there are.
"""


def _memory(entries: Callable[[int], int]) -> Callable[[Any], Any]:
    """What gives a call memory of its own, of so many entries where a vector has some."""

    def memory(matrix: Any) -> Any:
        return np.empty(entries(lanes(matrix)), matrix.dtype)

    @type_callable(memory)
    def typed(_context: Any) -> Any:
        return lambda matrix: matrix

    @lower_builtin(memory, types.Any)
    def lower(context: Any, builder: ir.IRBuilder, signature: Any, _arguments: Any) -> Any:
        real = context.get_value_type(signature.args[0].dtype)
        width = vector_bytes() * 8 // signature.args[0].dtype.bitwidth
        panel = cgutils.alloca_once(builder, real, size=entries(width))
        panel.align = vector_bytes()
        return panel

    return memory


right_panel_like = _memory(lambda width: PANEL_DEPTH * WIDE * width)
"""Memory for PANEL_DEPTH rows of WIDE vectors, of the type of a matrix."""

left_panel_like = _memory(lambda width: PANEL_BLOCKS * (PANEL_DEPTH * TALL + GAP))
"""Memory for PANEL_ROWS rows of A, in blocks, of the type of a matrix."""
