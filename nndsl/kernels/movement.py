"""Entries copied, placed, picked by index and added up by index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba.extending import register_jitable

from nndsl.kernels.kernel import kernel
from nndsl.kernels.native import parallel_innermost_loops

if TYPE_CHECKING:
    from nndsl.kernels.kernel import Indices, Real, Reals, Truths


TILE = 8
"""So many rows are copied side by side where the innermost axis is not the one without gaps: each line of the
cache is then used whole, and rows that are a power of two apart do not drive each other out."""


@register_jitable
def locate(number: int, axes: int, layout: Any, strides: int) -> int:
    """The distance of an entry from the first, by its row-major number along the first `axes` axes.

    `layout` begins with the axes' sizes; their strides begin at `strides`.
    """
    place = 0
    for step in range(axes):
        axis = axes - 1 - step
        size = layout[axis]
        place += (number % size) * layout[strides + axis]
        number //= size
    return place


@register_jitable
def axis_of(rank: int, axis: int, layout: Any) -> tuple[int, int, int]:
    """The size of an axis and its strides in source and target; one place, where it lies before the first."""
    if axis < 0:
        return 1, 1, 1
    return layout[axis], layout[rank + axis], layout[2 * rank + axis]


@register_jitable
def count_blocks(rank: int, layout: Any) -> int:
    """How many blocks of the two innermost axes there are."""
    blocks = 1
    for axis in range(rank - 2):
        blocks *= layout[axis]
    return blocks


@register_jitable
def copy(target: Any, target_at: int, source: Any, source_at: int, rank: int, layout: Any) -> None:
    rows, row_from, row_to = axis_of(rank, rank - 2, layout)
    size, source_step, target_step = axis_of(rank, rank - 1, layout)
    for block in range(count_blocks(rank, layout)):
        here = source_at + locate(block, max(rank - 2, 0), layout, rank)
        there = target_at + locate(block, max(rank - 2, 0), layout, 2 * rank)
        if source_step == 1 and target_step == 1:
            for _ in range(rows):
                for i in range(size):
                    target[there + i] = source[here + i]
                here, there = here + row_from, there + row_to
        elif row_from == 1 or row_to == 1:
            for begin in range(0, rows, TILE):
                for i in range(size):
                    near, far = here + i * source_step, there + i * target_step
                    for row in range(begin, min(begin + TILE, rows)):
                        target[far + row * row_to] = source[near + row * row_from]
        else:
            for _ in range(rows):
                for i in range(size):
                    target[there + i * target_step] = source[here + i * source_step]
                here, there = here + row_from, there + row_to
    parallel_innermost_loops()


@kernel
def strided_copy(
    target: Reals, target_at: int, source: Reals, source_at: int, rank: int, *layout: int
) -> None:
    """Copies a box of entries from one layout to another; the layouts do not overlap.

    The box begins at the entries `…_at`. `layout` is, axis by axis from the outermost: the sizes, then the
    source's strides, then the target's, in entries. A stride may be negative and, in the source, zero.
    """
    copy(target, target_at, source, source_at, rank, layout)


@kernel
def strided_copy_indices(
    target: Indices, target_at: int, source: Indices, source_at: int, rank: int, *layout: int
) -> None:
    """`strided_copy` of indices."""
    copy(target, target_at, source, source_at, rank, layout)


@kernel
def strided_copy_truths(
    target: Truths, target_at: int, source: Truths, source_at: int, rank: int, *layout: int
) -> None:
    """`strided_copy` of truth values."""
    copy(target, target_at, source, source_at, rank, layout)


@kernel
def strided_add(
    target: Reals, target_at: int, source: Reals, source_at: int, rank: int, *layout: int
) -> None:
    """Adds a box of entries to those in another layout: the adjoint of `strided_copy`.

    Arguments as there. The target's strides may send several entries to one place: all are added, in
    row-major order.
    """
    rows, row_from, row_to = axis_of(rank, rank - 2, layout)
    size, source_step, target_step = axis_of(rank, rank - 1, layout)
    for block in range(count_blocks(rank, layout)):
        here = source_at + locate(block, max(rank - 2, 0), layout, rank)
        there = target_at + locate(block, max(rank - 2, 0), layout, 2 * rank)
        for _ in range(rows):
            if source_step == 1 and target_step == 1:
                for i in range(size):
                    target[there + i] += source[here + i]
            else:
                for i in range(size):
                    target[there + i * target_step] += source[here + i * source_step]
            here, there = here + row_from, there + row_to


@kernel
def fill(target: Reals, count: int, value: Real) -> None:
    """target[i] ← value, for i < count."""
    for i in range(count):
        target[i] = value


@kernel
def fill_indices(target: Indices, count: int, value: int) -> None:
    """`fill` of indices."""
    for i in range(count):
        target[i] = value


@kernel
def fill_truths(target: Truths, count: int, value: int) -> None:
    """`fill` of truth values."""
    for i in range(count):
        target[i] = value != 0


@register_jitable
def look_up(
    target: Any, table: Any, places: Any, batches: int, count: int, before: int, rows: int, after: int
) -> None:
    for entry in range(batches * count):
        place = places[entry]
        inside = 0 <= place < rows
        for p in range(before):
            there = (entry * before + p) * after
            here = ((entry // count * before + p) * rows + place) * after
            if inside:
                for q in range(after):
                    target[there + q] = table[here + q]
            else:
                for q in range(after):
                    target[there + q] = 0
    parallel_innermost_loops()


@kernel
def gather(
    target: Reals,
    table: Reals,
    places: Indices,
    batches: int,
    count: int,
    before: int,
    rows: int,
    after: int,
) -> None:
    """target[b, i, p, q] ← table[b, p, places[b, i], q]; zero for a place outside.

    Shapes: target (batches, count, before, after), table (batches, before, rows, after),
    places (batches, count).
    """
    look_up(target, table, places, batches, count, before, rows, after)


@kernel
def gather_indices(
    target: Indices,
    table: Indices,
    places: Indices,
    batches: int,
    count: int,
    before: int,
    rows: int,
    after: int,
) -> None:
    """`gather` of indices."""
    look_up(target, table, places, batches, count, before, rows, after)


@kernel
def gather_truths(
    target: Truths,
    table: Truths,
    places: Indices,
    batches: int,
    count: int,
    before: int,
    rows: int,
    after: int,
) -> None:
    """`gather` of truth values."""
    look_up(target, table, places, batches, count, before, rows, after)


@kernel
def scatter_add(
    target: Reals,
    places: Indices,
    values: Reals,
    batches: int,
    count: int,
    before: int,
    rows: int,
    after: int,
) -> None:
    """target[b, p, k, q] += Σ over the i with places[b, i] = k of values[b, i, p, q]: the adjoint of
    `gather`.

    Shapes: target (batches, before, rows, after), places (batches, count),
    values (batches, count, before, after).
    Places outside are left out.
    """
    for entry in range(batches * count):
        place = places[entry]
        if 0 <= place < rows:
            for p in range(before):
                there = ((entry // count * before + p) * rows + place) * after
                here = (entry * before + p) * after
                for q in range(after):
                    target[there + q] += values[here + q]
    parallel_innermost_loops()


@kernel
def gather_add(
    target: Reals,
    places: Indices,
    table: Reals,
    sources: Indices,
    count: int,
    rows: int,
    table_rows: int,
    after: int,
) -> None:
    """target[k, q] ← Σ over the i with places[i] = k of table[sources[i], q].

    Shapes: target (rows, after), places and sources (count,), table (table_rows, after). Pairs with a place
    outside are left out.
    """
    for entry in range(rows * after):
        target[entry] = 0
    for entry in range(count):
        place, source = places[entry], sources[entry]
        if 0 <= place < rows and 0 <= source < table_rows:
            for q in range(after):
                target[place * after + q] += table[source * after + q]
    parallel_innermost_loops()


@kernel
def scatter_max(
    target: Reals,
    places: Indices,
    values: Reals,
    batches: int,
    count: int,
    before: int,
    rows: int,
    after: int,
) -> None:
    """target[b, p, k, q] ← the greatest of itself and, over the i with places[b, i] = k, values[b, i, p, q].

    Shapes and places outside as in `scatter_add`. What is not a number is greater than all else.
    """
    for entry in range(batches * count):
        place = places[entry]
        if 0 <= place < rows:
            for p in range(before):
                there = ((entry // count * before + p) * rows + place) * after
                here = (entry * before + p) * after
                for q in range(after):
                    old, new = target[there + q], values[here + q]
                    target[there + q] = old if old > new or old != old else new
    parallel_innermost_loops()
