"""Products with matrices that are used again and again: they are packed once, into panels (`tiles`).

BLAS packs both matrices at every call. With few rows, as in a recurrent layer, that takes longer than the
product.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba.extending import register_jitable

from nndsl.kernels.kernel import kernel
from nndsl.kernels.native import beyond
from nndsl.kernels.tiles import SUMS, lanes, narrow_product, wide_product

if TYPE_CHECKING:
    from nndsl.kernels.kernel import Indices, Reals


@register_jitable
def panels_of(columns: int, width: int) -> int:
    """How many vectors so many columns fill."""
    return (columns + width - 1) // width


@register_jitable
def multiply_rows(
    y: Any,
    y_at: int,
    y_rows: Any,
    x: Any,
    x_at: int,
    x_rows: Any,
    first: int,
    end: int,
    runs: Any,
    lengths: tuple[int, int],
    w: Any,
    w_at: int,
    columns: int,
) -> None:
    """All tiles of `wide_product` and `narrow_product`: the rows from `first` to `end`.

    `lengths` are the number of runs and the length of each.
    """
    width, (count, length) = lanes(w), lengths
    panel = count * length * width
    for column in range(0, columns, 2 * width):
        here, there, rest = w_at + column // width * panel, y_at + column, columns - column
        if rest > width:
            for row in range(first, end, SUMS // 2):
                wide_product(
                    y, there, y_rows, x, x_at, x_rows, row, end, runs, count, length, w, here, panel, rest
                )
        else:
            for row in range(first, end, SUMS):
                narrow_product(
                    y, there, y_rows, x, x_at, x_rows, row, end, runs, count, length, w, here, panel, rest
                )


@kernel
def pack(packed: Reals, b: Reals, columns: int, inner: int, transposed: int, stride: int) -> None:
    """A panel for each vector of columns of B, one row after another; zeros fill the last panel.

    Shapes: B (inner, columns), stored as (columns, inner) where `transposed`; `stride` is the distance of
    rows as they are stored. `packed` has room for the columns rounded up to vectors.
    """
    width = lanes(b)
    for panel in range(panels_of(columns, width)):
        for row in range(inner):
            there = (panel * inner + row) * width
            for lane in range(width):
                column = panel * width + lane
                here = column * stride + row if transposed else row * stride + column
                packed[there + lane] = b[here] if column < columns else 0


@kernel
def packed_gemm(
    c: Reals,
    a: Reals,
    packed: Reals,
    places: Indices,
    rows: int,
    columns: int,
    inner: int,
    a_stride: int,
    c_stride: int,
) -> None:
    """C ← A B for a B that has been packed.

    Shapes: A (rows, inner), C (rows, columns), row-major; a stride is the distance of rows. `places` has
    room for 3 rows numbers.
    """
    if rows == 0:
        return
    c_rows, runs = beyond(places, rows), beyond(places, 2 * rows)
    runs[0] = 0
    for row in range(rows):
        places[row] = row * a_stride
        c_rows[row] = row * c_stride
    multiply_rows(c, 0, c_rows, a, 0, places, 0, rows, runs, (1, inner), packed, 0, columns)
