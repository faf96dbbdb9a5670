"""Products with sparse matrices in compressed rows: a row of the result is summed in registers.

Each row is written once and by itself. A call that begins at a later row of `y` and of `starts` computes the
rows from there on, so that threads can share them out among themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba.core import cgutils
from numba.extending import register_jitable

from nndsl.kernels.kernel import kernel
from nndsl.kernels.tiles import INTEGER, Writer, lanes, tile

if TYPE_CHECKING:
    from nndsl.kernels.kernel import Indices, Reals

AHEAD = 32
"""So many entries before it is added up, a row of the dense matrix is fetched into the cache."""


def _row_sum(vectors: int, weighted: bool) -> Callable[..., None]:
    def row_sum(
        y: Any,
        y_at: int,
        x: Any,
        x_at: int,
        stride: int,
        rows: int,
        columns: Any,
        values: Any,
        first: int,
        end: int,
        last: int,
        count: int,
    ) -> None:
        for j in range(min(count, vectors * lanes(y))):
            total = y.dtype.type(0)
            for i in range(first, end):
                if 0 <= columns[i] < rows:
                    entry = x[x_at + columns[i] * stride + j]
                    total += values[i] * entry if weighted else entry
            y[y_at + j] = total

    tile(row_sum, lambda write, values: _emit(write, values, weighted), 1, vectors)
    return row_sum


def _emit(write: Writer, values: Sequence[Any], weighted: bool) -> None:
    y, y_at, *_, count = values
    builder, (sums,) = write.builder, write.sums
    for total in sums:
        builder.store(ir.Constant(write.vector, [0.0] * write.width), total)

    def add_and_store(masks: Sequence[Any]) -> None:
        _add_rows(write, values, weighted, masks)
        for j, (total, mask) in enumerate(zip(sums, masks, strict=True)):
            write.store(builder.load(total), y, builder.add(y_at, INTEGER(j * write.width)), mask)

    whole = builder.icmp_signed(">=", count, INTEGER(write.width * write.vectors))
    with builder.if_else(whole) as (all_columns, some_columns):
        with all_columns:
            add_and_store([None] * write.vectors)
        with some_columns:
            add_and_store(write.masks(count))


def _add_rows(write: Writer, values: Sequence[Any], weighted: bool, masks: Sequence[Any]) -> None:
    _, _, x, x_at, stride, rows, columns, weights, first, end, last, _ = values
    builder = write.builder

    def places(column: Any) -> list[Any]:
        """Where the vectors of a row of x begin."""
        begin = builder.add(x_at, builder.mul(column, stride))
        return [builder.add(begin, INTEGER(j * write.width)) for j in range(write.vectors)]

    one = ir.Constant(write.real, 1.0)
    with cgutils.for_range(builder, end, start=first, intp=INTEGER) as loop:
        later = write.clamped(builder.add(loop.index, INTEGER(AHEAD)), last)
        for place in places(write.integer(columns, later)):
            write.fetch(x, place)
        column = write.integer(columns, loop.index)
        with builder.if_then(builder.icmp_unsigned("<", column, rows), likely=True):
            terms = [write.load(x, *of) for of in zip(places(column), masks, strict=True)]
            factor = builder.load(builder.gep(weights, [loop.index])) if weighted else one
            write.add_products([factor], terms)


def _product(weighted: bool) -> Callable[..., None]:
    one, two, four = (_row_sum(vectors, weighted) for vectors in (1, 2, 4))

    def product(
        y: Any,
        starts: Any,
        columns: Any,
        x: Any,
        values: Any,
        count: int,
        entries: int,
        rows: int,
        after: int,
    ) -> None:
        width = lanes(y)
        for row in range(count):
            begin, stop = starts[row], starts[row + 1]
            for at in range(0, after, 4 * width):
                here, rest = row * after + at, after - at
                if rest > 2 * width:
                    four(y, here, x, at, after, rows, columns, values, begin, stop, entries, rest)
                elif rest > width:
                    two(y, here, x, at, after, rows, columns, values, begin, stop, entries, rest)
                else:
                    one(y, here, x, at, after, rows, columns, values, begin, stop, entries, rest)

    register_jitable(product)
    return product


_weighted, _unweighted = _product(weighted=True), _product(weighted=False)


@kernel
def sparse_product(
    y: Reals,
    starts: Indices,
    columns: Indices,
    x: Reals,
    values: Reals,
    count: int,
    entries: int,
    rows: int,
    after: int,
) -> None:
    """y[k] ← Σ values[i]·x[columns[i]] over starts[k] ≤ i < starts[k + 1].

    Shapes: y (count, after), starts (count + 1,), columns and values (entries,), x (rows, after). Entries
    with a column outside of x are left out.
    """
    _weighted(y, starts, columns, x, values, count, entries, rows, after)


@kernel
def sum_rows(
    y: Reals, starts: Indices, columns: Indices, x: Reals, count: int, entries: int, rows: int, after: int
) -> None:
    """`sparse_product` where all entries are 1: sums of the rows of x that the columns name."""
    _unweighted(y, starts, columns, x, x, count, entries, rows, after)


@register_jitable
def count_rows(starts: Any, places: Any, count: int, rows: int) -> None:
    """starts[k + 1] ← how many entries have a row up to k; starts[0] ← 0."""
    for row in range(rows + 1):
        starts[row] = 0
    for entry in range(count):
        if 0 <= places[entry] < rows:
            starts[places[entry] + 1] += 1
    for row in range(rows):
        starts[row + 1] += starts[row]


@kernel
def row_starts(starts: Indices, places: Indices, count: int, rows: int) -> None:
    """Where each of `rows` rows begins among `count` entries in the order of their rows.

    Shapes: starts (rows + 1,), places, the row of each entry, (count,).
    """
    count_rows(starts, places, count, rows)


@kernel
def row_order(order: Indices, places: Indices, next: Indices, count: int, rows: int) -> None:
    """The numbers of all entries in the order of their rows, those of no row at the end.

    Shapes: order and places (count,), next, to work in, (rows + 1,).
    """
    count_rows(next, places, count, rows)
    outside = next[rows]
    for entry in range(count):
        place = places[entry]
        if 0 <= place < rows:
            order[next[place]] = entry
            next[place] += 1
        else:
            order[outside] = entry
            outside += 1
