"""Convolution of channels-last grids with shared weights, directly: no windows are laid out in memory.

A grid is copied into a border of zeros, unless it needs none. There, the entries of a window that one unit
sees are a few contiguous runs, at the same distances from the window's beginning for all windows. So the
product with packed weights reads them where they are (`nndsl.kernels.tiles`).

All grids have three axes. `geometry` is, for each field, a number for each of them: the sides of the grid, of
the grid of places, of the window, strides, dilations, and the border before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba.extending import register_jitable

from nndsl.kernels.kernel import kernel
from nndsl.kernels.native import beyond
from nndsl.kernels.tiles import SUMS, lanes, narrow_outer, narrow_product, wide_outer, wide_product

if TYPE_CHECKING:
    from nndsl.kernels.kernel import Indices, Reals

GRID, PLACES, WINDOW, STRIDE, DILATION, BEFORE = range(0, 18, 3)
"""Where the fields begin in `geometry`."""

PIXELS_AT_ONCE = 128
"""So many pixels of x and y stay in the fastest memory while weights learn from them."""


@register_jitable
def product3(numbers: Any, first: int) -> int:
    return int(numbers[first] * numbers[first + 1] * numbers[first + 2])


@register_jitable
def reach(geometry: Any, axis: int) -> int:
    """How far all windows together reach along an axis, with the border."""
    last = (geometry[PLACES + axis] - 1) * geometry[STRIDE + axis]
    return int(last + (geometry[WINDOW + axis] - 1) * geometry[DILATION + axis] + 1)


@register_jitable
def needs_border(geometry: Any) -> bool:
    """Whether windows reach beyond the grid."""
    for axis in range(3):
        if geometry[BEFORE + axis] > 0 or reach(geometry, axis) > geometry[GRID + axis]:
            return True
    return False


@register_jitable
def clear(target: Any, count: int) -> None:
    for i in range(count):
        target[i] = 0


@register_jitable
def place_within(
    image: Any,
    sides: tuple[int, int, int],
    x: Any,
    x_at: int,
    g: tuple[int, int, int],
    b: tuple[int, int, int],
    width: int,
) -> None:
    """Copies a grid of sides g into an image, b places from its beginning; what lies outside is left out."""
    last = min(g[2], sides[2] - b[2]) * width
    for i in range(min(g[0], sides[0] - b[0])):
        for j in range(min(g[1], sides[1] - b[1])):
            there = (((i + b[0]) * sides[1] + j + b[1]) * sides[2] + b[2]) * width
            here = x_at + (i * g[1] + j) * g[2] * width
            for k in range(last):
                image[there + k] = x[here + k]


@register_jitable
def border(image: Any, x: Any, x_at: int, source: int, geometry: Any) -> None:
    """Copies a grid into its border."""
    sides = (reach(geometry, 0), reach(geometry, 1), reach(geometry, 2))
    grid = (geometry[GRID], geometry[GRID + 1], geometry[GRID + 2])
    before = (geometry[BEFORE], geometry[BEFORE + 1], geometry[BEFORE + 2])
    place_within(image, sides, x, x_at, grid, before, source)


@register_jitable
def panels_of(columns: int, width: int) -> int:
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


@register_jitable
def merged_taps(groups: int, apart: int, geometry: Any) -> int:
    """How many taps are one run: all along the last axis, where the grid's places lie next to one another.

    A tap is one entry of the window.
    """
    return int(geometry[WINDOW + 2]) if groups == 1 and apart == 1 else 1


@register_jitable
def forward_tables(
    x_rows: Any, y_rows: Any, runs: Any, step: int, source: int, units: int, geometry: Any
) -> None:
    """Where windows begin in the bordered grid, where their results go, and where every `step`th tap lies."""
    side1, side2 = reach(geometry, 1), reach(geometry, 2)
    if not needs_border(geometry):
        side1, side2 = geometry[GRID + 1], geometry[GRID + 2]
    place = 0
    for i in range(geometry[PLACES]):
        for j in range(geometry[PLACES + 1]):
            for k in range(geometry[PLACES + 2]):
                line = i * geometry[STRIDE] * side1 + j * geometry[STRIDE + 1]
                x_rows[place] = (line * side2 + k * geometry[STRIDE + 2]) * source
                y_rows[place] = place * units
                place += 1
    run = 0
    for i in range(geometry[WINDOW]):
        for j in range(geometry[WINDOW + 1]):
            for k in range(geometry[WINDOW + 2] // step):
                line = i * geometry[DILATION] * side1 + j * geometry[DILATION + 1]
                runs[run] = (line * side2 + k * step * geometry[DILATION + 2]) * source
                run += 1


@kernel
def convolve(
    y: Reals,
    x: Reals,
    w: Reals,
    packed: Reals,
    image: Reals,
    rows: Indices,
    taps: Indices,
    examples: int,
    source: int,
    units: int,
    groups: int,
    *geometry: int,
) -> None:
    """y[n, p, u] ← Σ x[n, p·stride + k·dilation - before, s] · w[u, s, k].

    Shapes: y (examples, places, units), x (examples, grid, source), w (units, source / groups, window).
    `packed` has room for the weights with the units of each group rounded up to vectors, `image` for a
    bordered grid, `rows` for two numbers for each place and `taps` for one for each entry of a window.
    """
    width, size, places = lanes(w), product3(geometry, WINDOW), product3(geometry, PLACES)
    own, columns = source // groups, units // groups
    panels, merged = panels_of(columns, width), merged_taps(groups, geometry[DILATION + 2], geometry)
    lengths, y_rows = (size // merged, own * merged), beyond(rows, places)
    forward_tables(rows, y_rows, taps, merged, source, units, geometry)
    for group in range(groups):
        for panel in range(panels):
            for tap in range(size):
                for s in range(own):
                    there = (((group * panels + panel) * size + tap) * own + s) * width
                    for lane in range(width):
                        column = panel * width + lane
                        here = ((group * columns + column) * own + s) * size + tap
                        packed[there + lane] = w[here] if column < columns else 0
    bordered = needs_border(geometry)
    if bordered:
        clear(image, reach(geometry, 0) * reach(geometry, 1) * reach(geometry, 2) * source)
    for example in range(examples):
        x_at, grid = example * product3(geometry, GRID) * source, x
        if bordered:
            border(image, x, x_at, source, geometry)
            x_at, grid = 0, image
        for group in range(groups):
            y_at, w_at = example * places * units + group * columns, group * panels * size * own * width
            at = x_at + group * own
            multiply_rows(y, y_at, y_rows, grid, at, rows, 0, places, taps, lengths, packed, w_at, columns)


@kernel
def convolve_weights(
    w: Reals,
    x: Reals,
    y: Reals,
    packed: Reals,
    image: Reals,
    rows: Indices,
    taps: Indices,
    accumulate: int,
    examples: int,
    source: int,
    units: int,
    groups: int,
    *geometry: int,
) -> None:
    """w[u, s, k] ← Σ x[n, p·stride + k·dilation - before, s] · y[n, p, u] over examples and places.

    As `convolve`, but that `taps` has room for a number for each tap and each source of a group. Where
    `accumulate`, the sum is added to w.
    """
    width, size, places = lanes(w), product3(geometry, WINDOW), product3(geometry, PLACES)
    own, columns = source // groups, units // groups
    panels, height, y_rows = panels_of(columns, width), size * own, beyond(rows, places)
    forward_tables(rows, y_rows, taps, 1, source, units, geometry)
    for tap in range(size - 1, -1, -1):
        begin = taps[tap]
        for s in range(own):
            taps[tap * own + s] = begin + s
    clear(packed, groups * panels * height * width)
    bordered = needs_border(geometry)
    if bordered:
        clear(image, reach(geometry, 0) * reach(geometry, 1) * reach(geometry, 2) * source)
    for example in range(examples):
        x_at, grid = example * product3(geometry, GRID) * source, x
        if bordered:
            border(image, x, x_at, source, geometry)
            x_at, grid = 0, image
        for group in range(groups):
            y_at, w_at = example * places * units + group * columns, group * panels * height * width
            at = x_at + group * own
            for first in range(0, places, PIXELS_AT_ONCE):
                pixels = (first, min(PIXELS_AT_ONCE, places - first))
                add_products(packed, w_at, columns, grid, at, taps, height, y, y_at, rows, y_rows, pixels)
    for unit in range(units):
        group, column = unit // columns, unit % columns
        for s in range(own):
            for tap in range(size):
                row = (group * panels + column // width) * height + tap * own + s
                there = (unit * own + s) * size + tap
                total = packed[row * width + column % width]
                w[there] = w[there] + total if accumulate else total


@register_jitable
def add_products(
    w: Any,
    w_at: int,
    columns: int,
    x: Any,
    x_at: int,
    offsets: Any,
    rows: int,
    y: Any,
    y_at: int,
    x_rows: Any,
    y_rows: Any,
    pixels: tuple[int, int],
) -> None:
    """All tiles of `wide_outer` and `narrow_outer`, for some pixels: the first, and how many."""
    width = lanes(w)
    panel, places = rows * width, (x_rows, y_rows, pixels[0], pixels[1])
    for column in range(0, columns, 2 * width):
        w_here, y_here, rest = w_at + column // width * panel, y_at + column, columns - column
        if rest > width:
            for row in range(0, rows, SUMS // 2):
                wide_outer(w, w_here, panel, x, x_at, offsets, row, rows, y, y_here, *places, rest)
        else:
            for row in range(0, rows, SUMS):
                narrow_outer(w, w_here, panel, x, x_at, offsets, row, rows, y, y_here, *places, rest)


@register_jitable
def missing_before(geometry: Any, axis: int) -> int:
    """How many places before the first one the grid's beginning would hear from."""
    lowest = geometry[BEFORE + axis] - (geometry[WINDOW + axis] - 1) * geometry[DILATION + axis]
    return int(max(0, -(lowest // geometry[STRIDE + axis])))


@register_jitable
def missing_after(geometry: Any, axis: int) -> int:
    """How many places after the last one the grid's end would hear from."""
    highest = (geometry[GRID + axis] - 1 + geometry[BEFORE + axis]) // geometry[STRIDE + axis]
    return int(max(0, highest - geometry[PLACES + axis] + 1))


@register_jitable
def bordered_side(geometry: Any, axis: int) -> int:
    return int(missing_before(geometry, axis) + geometry[PLACES + axis] + missing_after(geometry, axis))


@register_jitable
def members(geometry: Any, axis: int, first: int) -> int:
    """How many places of the grid are whole strides after one of the first, which is the first of them."""
    stride = geometry[STRIDE + axis]
    return int((geometry[GRID + axis] - first + stride - 1) // stride)


@register_jitable
def rows_of_class(
    x_rows: Any, y_rows: Any, classes: tuple[int, int, int], source: int, units: int, geometry: Any
) -> int:
    """The grid's places that lie alike between windows: where they go, where they hear from; their number."""
    side1, side2 = bordered_side(geometry, 1), bordered_side(geometry, 2)
    row = 0
    for i in range(members(geometry, 0, classes[0])):
        for j in range(members(geometry, 1, classes[1])):
            for k in range(members(geometry, 2, classes[2])):
                there = (classes[0] + i * geometry[STRIDE]) * geometry[GRID + 1]
                there = (there + classes[1] + j * geometry[STRIDE + 1]) * geometry[GRID + 2]
                x_rows[row] = (there + classes[2] + k * geometry[STRIDE + 2]) * source
                line = ((i + missing_before(geometry, 0)) * side1 + j + missing_before(geometry, 1)) * side2
                y_rows[row] = (line + k + missing_before(geometry, 2)) * units
                row += 1
    return row


@register_jitable
def taps_of_class(
    offsets: Any, numbers: Any, classes: tuple[int, int, int], units: int, geometry: Any
) -> int:
    """The taps by which a class hears, each at its distance, and its number in the window; their number."""
    side1, side2 = bordered_side(geometry, 1), bordered_side(geometry, 2)
    count = 0
    for i in range(geometry[WINDOW]):
        at0 = classes[0] + geometry[BEFORE] - i * geometry[DILATION]
        for j in range(geometry[WINDOW + 1]):
            at1 = classes[1] + geometry[BEFORE + 1] - j * geometry[DILATION + 1]
            for k in range(geometry[WINDOW + 2] - 1, -1, -1):
                at2 = classes[2] + geometry[BEFORE + 2] - k * geometry[DILATION + 2]
                apart = at0 % geometry[STRIDE] + at1 % geometry[STRIDE + 1] + at2 % geometry[STRIDE + 2]
                if apart == 0:
                    line = at0 // geometry[STRIDE] * side1 + at1 // geometry[STRIDE + 1]
                    offsets[count] = (line * side2 + at2 // geometry[STRIDE + 2]) * units
                    numbers[count] = (i * geometry[WINDOW + 1] + j) * geometry[WINDOW + 2] + k
                    count += 1
    return count


@kernel
def convolve_transposed(
    x: Reals,
    y: Reals,
    w: Reals,
    packed: Reals,
    image: Reals,
    rows: Indices,
    taps: Indices,
    examples: int,
    source: int,
    units: int,
    groups: int,
    *geometry: int,
) -> None:
    """x[n, q, s] ← Σ y[n, p, u] · w[u, s, k] over all u, p, k with q = p·stride + k·dilation - before.

    Places of the grid whose distances from the windows differ by whole strides form a class: they hear by the
    same taps, and so are one convolution of y with these.

    Shapes as for `convolve`. `packed` has room for the weights with the sources of each group rounded up to
    vectors, `image` for the places with all that are missing around them, `rows` for two numbers for each
    place of the grid, and `taps` for two for each tap, for each class and one more.
    """
    width, window, size = lanes(w), product3(geometry, WINDOW), product3(geometry, GRID)
    own, columns = units // groups, source // groups
    panels, classes = panels_of(columns, width), product3(geometry, STRIDE)
    merged = merged_taps(groups, max(geometry[DILATION + 2], geometry[STRIDE + 2]), geometry)
    y_rows, numbers, ends = beyond(rows, size), beyond(taps, window), beyond(taps, 2 * window)
    row, tap = 0, 0
    for which in range(classes):
        ends[2 * which], ends[2 * which + 1] = row, tap
        rest = which // geometry[STRIDE + 2]
        at = (rest // geometry[STRIDE + 1], rest % geometry[STRIDE + 1], which % geometry[STRIDE + 2])
        row += rows_of_class(beyond(rows, row), beyond(y_rows, row), at, source, units, geometry)
        tap += taps_of_class(beyond(taps, tap), beyond(numbers, tap), at, units, geometry)
    ends[2 * classes], ends[2 * classes + 1] = row, tap
    for group in range(groups):
        for which in range(classes):
            begin, heard = ends[2 * which + 1], ends[2 * which + 3] - ends[2 * which + 1]
            for panel in range(panels):
                for step in range(heard):
                    for u in range(own):
                        there = (((group * window + begin) * panels + panel * heard + step) * own + u) * width
                        for lane in range(width):
                            column = panel * width + lane
                            here = ((group * own + u) * columns + column) * window + numbers[begin + step]
                            packed[there + lane] = w[here] if column < columns else 0
    if merged > 1:
        for step in range(window // merged):
            taps[step] = taps[step * merged]
    entries, places = (
        product3(geometry, PLACES) * units,
        (geometry[PLACES], geometry[PLACES + 1], geometry[PLACES + 2]),
    )
    missing = (missing_before(geometry, 0), missing_before(geometry, 1), missing_before(geometry, 2))
    sides = (bordered_side(geometry, 0), bordered_side(geometry, 1), bordered_side(geometry, 2))
    bordered = sides[0] * sides[1] * sides[2] * units > entries
    if bordered:
        clear(image, sides[0] * sides[1] * sides[2] * units)
    for example in range(examples):
        y_at, grid = example * entries, y
        if bordered:
            place_within(image, sides, y, y_at, places, missing, units)
            y_at, grid = 0, image
        for group in range(groups):
            x_at = example * size * source + group * columns
            for which in range(classes):
                first, begin, end = ends[2 * which], ends[2 * which + 1], ends[2 * which + 2]
                lengths = ((ends[2 * which + 3] - begin) // merged, own * merged)
                w_at, runs = (group * window + begin) * panels * own * width, beyond(taps, begin // merged)
                share = y_at + group * own
                multiply_rows(
                    x, x_at, rows, grid, share, y_rows, first, end, runs, lengths, packed, w_at, columns
                )
