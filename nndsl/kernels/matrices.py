"""Matrix products: strips of blocks in registers (`matrix_tiles`), and BLAS for the largest.

BLAS rearranges both matrices at every call, which pays where each entry is used very often. Measured on one
core of an Intel Xeon with AVX-512, which makes 170 GFLOP/s at most, in float32, beside NumPy's BLAS:

| rows × columns × inner | stored | here | BLAS |
|---|---|---|---|
| 1 × 1024 × 1024 | | 12 | 12 |
| 1 × 1024 × 1024 | B transposed | 12 | 12 |
| 4 × 1024 × 1024 | | 21 | 16 |
| 32 × 128 × 64 | B transposed | 75 | 38 |
| 32 × 1024 × 256 | B transposed | 83 | 68 |
| 64 × 1024 × 1024 | | 121 | 112 |
| 128 × 1024 × 784 | B transposed | 140 | 120 |
| 512 × 512 × 4000 | A transposed | 147 | 142 |
| 512 × 1024 × 1024 | | 134 | 152 |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba.extending import register_jitable

from nndsl.kernels.blas import blas_is_loaded, blas_multiply
from nndsl.kernels.kernel import kernel
from nndsl.kernels.largest import is_left_to_blas
from nndsl.kernels.matrix_tiles import (
    DOTS,
    GAP,
    PANEL_DEPTH,
    PANEL_ROWS,
    ROW_VECTORS,
    SUMS,
    TALL,
    WIDE,
    copy_columns,
    copy_many,
    dots_strip,
    left_panel_like,
    narrow_strip,
    right_panel_like,
    row_dots_strip,
    row_strip,
    transpose_many,
    transpose_rows,
    wide_strip,
)
from nndsl.kernels.native import beyond, procedure
from nndsl.kernels.tiles import lanes

if TYPE_CHECKING:
    from nndsl.kernels.kernel import Real, Reals

left_to_blas = register_jitable(is_left_to_blas)

DEPTH = 512
"""Rows of B that are multiplied at a time, so that a strip of them stays near the processor."""

LARGE_LEFT = 2**17
"""A transposed A of fewer entries stays near the processor, however few of a row are read at a time."""

LONG_ROWS, ROWS_AT_ONCE = 512, 8
"""Where rows of A are that long, so many go into a panel at a time: all may lie in the same few places of the
nearest cache."""

SIDE_LONG, ROWS_MANY, ROWS_SOME, INNER_LONG = 32, 128, 64, 256
"""From these sizes on it pays to lay columns of B side by side in a panel.

Both sides of C must be long. If its rows are many, a panel is read faster than B is; a transposed B already
if there are some. If its inner axis is not long, sums of products along rows would take too long to end.
"""

CROWDED = 1024
"""Rows that lie multiples of so many entries apart share few places of the nearer caches."""


@procedure
def multiply(
    c: Any,
    c_at: int,
    a: Any,
    a_at: int,
    b: Any,
    b_at: int,
    rows: int,
    columns: int,
    inner: int,
    a_transposed: int,
    b_transposed: int,
    a_stride: int,
    b_stride: int,
    c_stride: int,
    alpha: Any,
    beta: Any,
) -> None:
    """C ← α op(A) op(B) + β C for row-major matrices that begin at `…_at` in their buffers.

    C is not read where β = 0.
    """
    if columns == 1 and c_stride == 1 and (b_transposed or b_stride == 1):  # a column is a row, transposed
        a, a_at, b, b_at = b, b_at, a, a_at
        a_transposed, b_transposed, b_stride = 0, 1 - a_transposed, a_stride
        rows, columns = 1, rows
        a_stride, c_stride = inner, columns  # of one row alone; BLAS wants them to be no less than it is long
    if left_to_blas(rows, columns, inner, b_transposed) and blas_is_loaded(c):
        sizes = (rows, columns, inner, a_transposed, b_transposed)
        blas_multiply(c, c_at, a, a_at, b, b_at, *sizes, a_stride, b_stride, c_stride, alpha, beta)
        return
    both_transposed = a_transposed != 0 and b_transposed != 0
    short = b_transposed != 0 and inner < INNER_LONG
    crowded = b_transposed == 0 and b_stride % CROWDED == 0
    many = crowded or rows >= (ROWS_SOME if b_transposed else ROWS_MANY)
    panels = both_transposed or (min(rows, columns) >= SIDE_LONG and (many or short))
    depth = PANEL_DEPTH if panels or crowded else DEPTH if rows > TALL else max(inner, 1)
    at_once = inner
    blocks = panels and a_transposed != 0 and rows * inner >= LARGE_LEFT
    if panels and a_transposed:
        # Strips read few entries of each row of A: they stay near the processor, where C is left for a while.
        depth = depth if blocks else depth // 2
        at_once = depth
    a_step, a_stride = (a_stride, 1) if a_transposed else (1, a_stride)
    c, a, b = beyond(c, c_at), beyond(a, a_at), beyond(b, b_at)
    if b_transposed and not panels:
        add_dots(c, c_stride, a, a_stride, b, b_stride, depth, rows, columns, inner, alpha, beta)
        return
    b_step = 1 if b_transposed else b_stride
    for piece in range(pieces(inner, at_once)):
        first = piece * at_once
        left, right, kept = beyond(a, first * a_step), beyond(b, first * b_step), beta if first == 0 else 1.0
        sides = (rows, columns, min(inner - first, at_once))
        if blocks:
            add_blocks(c, c_stride, left, a_step, right, b_stride, b_transposed, *sides, alpha, kept)
        else:
            places = (c, c_stride, left, a_stride, a_step, left, TALL * a_stride, a_stride, a_step)
            add_strips(*places, right, b_stride, panels, b_transposed, depth, *sides, alpha, kept)


@register_jitable
def pieces(inner: int, depth: int) -> int:
    """In how many pieces an inner axis is multiplied; one if it has no entry, so that C gets its zeros."""
    return (max(inner, 1) + max(depth, 1) - 1) // max(depth, 1)


@procedure
def add_dots(
    c: Any,
    c_stride: int,
    a: Any,
    a_stride: int,
    b: Any,
    b_stride: int,
    depth: int,
    rows: int,
    columns: int,
    inner: int,
    alpha: Any,
    beta: Any,
) -> None:
    """C ← α A Bᵀ + β C, where so many entries of the inner axis, the `depth`, are multiplied at a time."""
    for column in range(0, columns, ROW_VECTORS if rows == 1 else DOTS):
        target, rest = beyond(c, column), columns - column
        for piece in range(pieces(inner, depth)):
            first = piece * depth
            length, kept = min(inner - first, depth), beta if first == 0 else 1.0
            left, right = beyond(a, first), beyond(b, column * b_stride + first)
            if rows == 1:
                row_dots_strip(
                    target, c_stride, left, a_stride, right, b_stride, rows, rest, length, alpha, kept
                )
            else:
                dots_strip(target, c_stride, left, a_stride, right, b_stride, rows, rest, length, alpha, kept)


@procedure
def add_blocks(
    c: Any,
    c_stride: int,
    a: Any,
    a_stride: int,
    b: Any,
    b_stride: int,
    transposed: int,
    rows: int,
    columns: int,
    inner: int,
    alpha: Any,
    beta: Any,
) -> None:
    """C ← α Aᵀ op(B) + β C for an inner axis no longer than a panel, by way of panels of both matrices."""
    panel, size = left_panel_like(c), TALL * inner + GAP
    at_once = ROWS_AT_ONCE if a_stride >= LONG_ROWS else inner
    for first in range(0, rows, PANEL_ROWS):
        end, part = min(rows - first, PANEL_ROWS), beyond(a, first)
        for number in range(pieces(inner, at_once)):
            k = number * at_once
            some = min(inner - k, at_once)
            for block in range(pieces(end, TALL)):
                here = beyond(panel, block * size + k * TALL)
                there = beyond(part, k * a_stride + block * TALL)
                copy_columns(here, TALL, there, a_stride, min(end - block * TALL, TALL), some)
        places = (part, 1, a_stride, panel, size, 1, TALL)
        sizes = (max(inner, 1), end, columns, inner)
        target = beyond(c, first * c_stride)
        add_strips(target, c_stride, *places, b, b_stride, True, transposed, *sizes, alpha, beta)


@procedure
def add_strips(
    c: Any,
    c_stride: int,
    a: Any,
    a_stride: int,
    a_step: int,
    blocks: Any,
    block_size: int,
    block_stride: int,
    block_step: int,
    b: Any,
    b_stride: int,
    panels: bool,
    transposed: int,
    depth: int,
    rows: int,
    columns: int,
    inner: int,
    alpha: Any,
    beta: Any,
) -> None:
    """C ← α A op(B) + β C, where B goes into `panels`, or is not transposed.

    A[i, k] lies at i·a_stride + k·a_step. Wide strips read it in blocks of TALL rows that begin `block_size`
    apart, at i·block_stride + k·block_step. So many rows of B, the `depth`, are multiplied at a time. A strip
    of C stays near the processor until it is done.
    """
    width, panel = lanes(c), right_panel_like(c)
    wide = width * (ROW_VECTORS if rows == 1 and not panels else WIDE)
    for number in range(pieces(columns, wide) * pieces(inner, depth)):
        column, first, end, length = part_of(number, wide, depth, columns, inner)
        target, kept = beyond(c, column), beta if first == 0 else 1.0
        left, right, stride = beyond(a, first * a_step), beyond(b, first * b_stride + column), b_stride
        if panels:
            source = beyond(b, column * b_stride + first) if transposed else right
            fill(panel, wide, source, b_stride, transposed, end, length)
            right, stride = panel, wide
        next_column, next_first, next_end, next_length = part_of(number + 1, wide, depth, columns, inner)
        there = next_column * b_stride + next_first if transposed else next_first * b_stride + next_column
        along, down = (next_length, next_end) if transposed else (next_end, next_length)
        across = pieces(along, wide)
        following = (beyond(b, there), b_stride, across, across * down if next_end > 0 else 0)
        if rows == 1:
            places = (target, c_stride, left, 0, a_stride, a_step)
            row_strip(*places, right, stride, rows, end, length, alpha, kept, *following)
        elif end == wide:
            part = beyond(blocks, first * block_step)
            places = (target, c_stride, part, block_size, block_stride, block_step)
            wide_strip(*places, right, stride, rows, end, length, alpha, kept, *following)
        else:
            for lane in range(0, end, width):
                places = (beyond(target, lane), c_stride, left, SUMS * a_stride, a_stride, a_step)
                part, rest = beyond(right, lane), end - lane
                narrow_strip(*places, part, stride, rows, rest, length, alpha, kept, *following)


@register_jitable
def part_of(number: int, wide: int, depth: int, columns: int, inner: int) -> tuple[int, int, int, int]:
    """A part of op(B), of those one below another and then side by side: its first column and row, and its
    columns and rows. After the last one there is one without columns."""
    down = pieces(inner, depth)
    column, first = number // down * wide, number % down * depth
    return column, first, min(columns - column, wide), min(inner - first, depth)


@procedure
def fill(
    panel: Any, panel_stride: int, b: Any, b_stride: int, transposed: int, columns: int, inner: int
) -> None:
    """panel ← some columns of op(B)."""
    width = lanes(b)
    if columns == WIDE * width and transposed:
        transpose_many(panel, panel_stride, b, b_stride, columns, inner)
    elif columns == WIDE * width:
        copy_many(panel, panel_stride, b, b_stride, columns, inner)
    else:
        for lane in range(0, columns, width):
            there, rest = beyond(panel, lane), columns - lane
            if transposed:
                transpose_rows(there, panel_stride, beyond(b, lane * b_stride), b_stride, rest, inner)
            else:
                copy_columns(there, panel_stride, beyond(b, lane), b_stride, rest, inner)


@kernel
def gemm(
    c: Reals,
    a: Reals,
    b: Reals,
    rows: int,
    columns: int,
    inner: int,
    a_transposed: int,
    b_transposed: int,
    a_stride: int,
    b_stride: int,
    c_stride: int,
    alpha: Real,
    beta: Real,
) -> None:
    """C ← α op(A) op(B) + β C, row-major; a stride is the distance of rows as they are stored.

    Shapes: op(A): (rows, inner), op(B): (inner, columns), C: (rows, columns). A is stored as
    (inner, rows) where `a_transposed`, B as (columns, inner) where `b_transposed`.
    """
    sizes = (rows, columns, inner, a_transposed, b_transposed)
    multiply(c, 0, a, 0, b, 0, *sizes, a_stride, b_stride, c_stride, alpha, beta)


@kernel
def batched_gemm(
    c: Reals,
    a: Reals,
    b: Reals,
    rows: int,
    columns: int,
    inner: int,
    a_transposed: int,
    b_transposed: int,
    a_stride: int,
    b_stride: int,
    c_stride: int,
    alpha: Real,
    beta: Real,
    batch: int,
    a_step: int,
    b_step: int,
    c_step: int,
) -> None:
    """`gemm` for `batch` triples of matrices, each `…_step` entries after the one before it.

    With a `c_step` of 0 the products add up in one C where β = 1.
    """
    sizes = (rows, columns, inner, a_transposed, b_transposed)
    for i in range(batch):
        places = (i * c_step, i * a_step, i * b_step)
        multiply(c, places[0], a, places[1], b, places[2], *sizes, a_stride, b_stride, c_stride, alpha, beta)
