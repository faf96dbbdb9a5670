"""Pooling of channels-last grids: the greatest entry or the sum of each window, and the ways back.

All grids have three axes. `geometry` is, for each field, a number for each of them: the sides of the grid, of
the grid of places, of the window, strides, and the border before, whose places do not count. Entries of one
place lie next to one another: `width` of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba.extending import register_jitable

from nndsl.kernels.kernel import kernel
from nndsl.kernels.tiles import lanes
from nndsl.kernels.windows import give_winners, greatest, pick_winners

if TYPE_CHECKING:
    from nndsl.kernels.kernel import Reals

GRID, PLACES, WINDOW, STRIDE, BEFORE = range(0, 15, 3)
"""Where the fields begin in `geometry`."""

GREATEST, PICK, GIVE = range(3)
"""What is done in each window."""


@register_jitable
def bounds(geometry: Any, axis: int, place: int) -> tuple[int, int]:
    """The first place of the grid in a window, and the first one after it."""
    begin = place * geometry[STRIDE + axis] - geometry[BEFORE + axis]
    return max(begin, 0), min(begin + geometry[WINDOW + axis], geometry[GRID + axis])


@register_jitable
def count3(geometry: Any, first: int) -> int:
    return int(geometry[first] * geometry[first + 1] * geometry[first + 2])


@register_jitable
def windows_alike(geometry: Any, place: int) -> int:
    """How many windows along the last axis, from one on, lie within the grid; 1 if that one does not."""
    begin = place * geometry[STRIDE + 2] - geometry[BEFORE + 2]
    room = geometry[GRID + 2] - begin - geometry[WINDOW + 2]
    if begin < 0 or room < 0:
        return 1
    return int(min(room // geometry[STRIDE + 2] + 1, geometry[PLACES + 2] - place))


@register_jitable
def visit_windows(y: Any, x: Any, other: Any, examples: int, width: int, what: int, geometry: Any) -> None:
    """Takes the greatest x of each window to y, or picks the entries of `other` there, or adds those of y."""
    y_at, step = 0, lanes(x)
    y_end, x_end = examples * count3(geometry, PLACES) * width, examples * count3(geometry, GRID) * width
    line = geometry[GRID + 2] * width
    plane, stride = geometry[GRID + 1] * line, geometry[STRIDE + 2] * width
    for n in range(examples):
        for i in range(geometry[PLACES]):
            first0, end0 = bounds(geometry, 0, i)
            for j in range(geometry[PLACES + 1]):
                first1, end1 = bounds(geometry, 1, j)
                k = 0
                while k < geometry[PLACES + 2]:
                    first2, end2 = bounds(geometry, 2, k)
                    alike = windows_alike(geometry, k)
                    begin = (n * geometry[GRID] + first0) * plane + first1 * line + first2 * width
                    last = (n * geometry[GRID] + end0 - 1) * plane + (end1 - 1) * line + (end2 - 1) * width
                    last += (alike - 1) * stride
                    y_last = y_at + (alike - 1) * width
                    counts = (alike, stride, end0 - first0, end1 - first1, end2 - first2, plane, line, width)
                    # The last units first: a whole vector spoils the first ones of the window behind it.
                    for u in range((width - 1) // step * step, -1, -step):
                        whole = int(last + u + step <= x_end and y_last + u + step <= y_end)
                        here, there = begin + u, y_at + u
                        if what == GREATEST:
                            greatest(y, there, x, here, *counts, width - u, whole)
                        elif what == PICK:
                            pick_winners(y, there, x, other, here, *counts, width - u, whole)
                        else:
                            give_winners(other, y, there, x, here, *counts, width - u, whole)
                    y_at += alike * width
                    k += alike


@kernel
def max_pool(y: Reals, x: Reals, examples: int, width: int, *geometry: int) -> None:
    """y[n, p] ← the greatest x[n, q] of the places q in window p.

    Shapes: y (examples, places, width), x (examples, grid, width).
    """
    visit_windows(y, x, x, examples, width, GREATEST, geometry)


@kernel
def pick_pool(y: Reals, x: Reals, v: Reals, examples: int, width: int, *geometry: int) -> None:
    """y[n, p] ← v[n, q] at the first place q of window p where x[n, q] is greatest.

    Shapes as for `max_pool`, v like x.
    """
    visit_windows(y, x, v, examples, width, PICK, geometry)


@kernel
def max_unpool(dx: Reals, x: Reals, dy: Reals, examples: int, width: int, *geometry: int) -> None:
    """dx[n, q] ← Σ dy[n, p] over the windows p in which q is the first place where x[n, q] is greatest.

    Shapes as for `max_pool`.
    """
    for entry in range(examples * count3(geometry, GRID) * width):
        dx[entry] = 0
    visit_windows(dy, x, dx, examples, width, GIVE, geometry)


@kernel
def sum_pool(y: Reals, x: Reals, examples: int, width: int, *geometry: int) -> None:
    """y[n, p] ← Σ x[n, q] over the places q in window p. Shapes as for `max_pool`."""
    add_windows(y, x, examples, width, True, geometry)


@kernel
def sum_unpool(x: Reals, y: Reals, examples: int, width: int, *geometry: int) -> None:
    """x[n, q] ← Σ y[n, p] over the windows p that q lies in. Shapes as for `max_pool`."""
    add_windows(y, x, examples, width, False, geometry)


@register_jitable
def add_windows(y: Any, x: Any, examples: int, width: int, forth: bool, geometry: Any) -> None:
    """Adds to each window's place in y all its entries in x, or the place to all its entries."""
    there, size = 0, count3(geometry, GRID) * width
    if forth:
        for entry in range(examples * count3(geometry, PLACES) * width):
            y[entry] = 0
    else:
        for entry in range(examples * size):
            x[entry] = 0
    for n in range(examples):
        for i in range(geometry[PLACES]):
            rows = bounds(geometry, 0, i)
            for j in range(geometry[PLACES + 1]):
                lines = bounds(geometry, 1, j)
                for k in range(geometry[PLACES + 2]):
                    columns = bounds(geometry, 2, k)
                    for row in range(rows[0], rows[1]):
                        for line in range(lines[0], lines[1]):
                            begin = (row * geometry[GRID + 1] + line) * geometry[GRID + 2]
                            for column in range(columns[0], columns[1]):
                                here = n * size + (begin + column) * width
                                if forth:
                                    for u in range(width):
                                        y[there + u] += x[here + u]
                                else:
                                    for u in range(width):
                                        x[here + u] += y[there + u]
                    there += width
