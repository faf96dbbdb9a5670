"""Pooling of channels-last grids: the greatest entry or the sum of each window, and the ways back.

All grids have three axes. `geometry` is, for each field, a number for each of them: the sides of the grid, of
the grid of places, of the window, strides, and the border before, whose places do not count. Entries of one
place lie next to one another: `width` of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba.extending import register_jitable

from nndsl.kernels.kernel import kernel

if TYPE_CHECKING:
    from nndsl.kernels.kernel import Reals

GRID, PLACES, WINDOW, STRIDE, BEFORE = range(0, 15, 3)
"""Where the fields begin in `geometry`."""


@register_jitable
def bounds(geometry: Any, axis: int, place: int) -> tuple[int, int]:
    """The first place of the grid in a window, and the first one after it."""
    begin = place * geometry[STRIDE + axis] - geometry[BEFORE + axis]
    return max(begin, 0), min(begin + geometry[WINDOW + axis], geometry[GRID + axis])


@register_jitable
def count3(geometry: Any, first: int) -> int:
    return int(geometry[first] * geometry[first + 1] * geometry[first + 2])


@register_jitable
def is_first(x: Any, greatest: Any) -> bool:
    """Whether x is greater than all before it, where what is not a number is greatest."""
    return bool(x > greatest or (x != x and greatest == greatest))


@register_jitable
def winner(x: Any, at: int, rows: Any, lines: Any, columns: Any, geometry: Any, width: int) -> int:
    """Where in x the greatest entry of a window is."""
    best = at + ((rows[0] * geometry[GRID + 1] + lines[0]) * geometry[GRID + 2] + columns[0]) * width
    greatest = x[best]
    for i in range(rows[0], rows[1]):
        for j in range(lines[0], lines[1]):
            line = at + (i * geometry[GRID + 1] + j) * geometry[GRID + 2] * width
            for k in range(columns[0], columns[1]):
                value = x[line + k * width]
                first = is_first(value, greatest)
                greatest = value if first else greatest
                best = line + k * width if first else best
    return int(best)


@kernel
def max_pool(y: Reals, x: Reals, v: Reals, examples: int, width: int, *geometry: int) -> None:
    """y[n, p] ← v[n, q] at the first place q of window p where x[n, q] is greatest.

    Shapes: y (examples, places, width), x and v (examples, grid, width).
    """
    there, size = 0, count3(geometry, GRID) * width
    for n in range(examples):
        for i in range(geometry[PLACES]):
            rows = bounds(geometry, 0, i)
            for j in range(geometry[PLACES + 1]):
                lines = bounds(geometry, 1, j)
                for k in range(geometry[PLACES + 2]):
                    columns = bounds(geometry, 2, k)
                    for u in range(width):
                        y[there + u] = v[winner(x, n * size + u, rows, lines, columns, geometry, width)]
                    there += width


@kernel
def max_unpool(dx: Reals, x: Reals, dy: Reals, examples: int, width: int, *geometry: int) -> None:
    """dx[n, q] ← Σ dy[n, p] over the windows p in which q is the first place where x[n, q] is greatest.

    Shapes as for `max_pool`.
    """
    here, size = 0, count3(geometry, GRID) * width
    for entry in range(examples * size):
        dx[entry] = 0
    for n in range(examples):
        for i in range(geometry[PLACES]):
            rows = bounds(geometry, 0, i)
            for j in range(geometry[PLACES + 1]):
                lines = bounds(geometry, 1, j)
                for k in range(geometry[PLACES + 2]):
                    columns = bounds(geometry, 2, k)
                    for u in range(width):
                        dx[winner(x, n * size + u, rows, lines, columns, geometry, width)] += dy[here + u]
                    here += width


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
