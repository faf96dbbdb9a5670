"""Convolution of channels-last grids with shared weights, directly: no windows are laid out in memory.

A grid is copied into a border of zeros, unless it needs none. There, the entries of a window that one unit
sees are a few contiguous runs, at the same distances from the window's beginning for all windows. So the
product with packed weights reads them where they are (`nndsl.kernels.tiles`).

All grids have three axes. `geometry` is, for each field, a number for each of them: the sides of the grid, of
the grid of places, of the window, strides, dilations, and the border before. That is negative where windows
begin within the grid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba.extending import register_jitable

from nndsl.kernels.kernel import kernel
from nndsl.kernels.native import beyond
from nndsl.kernels.product import multiply_rows, panels_of
from nndsl.kernels.tiles import (
    SUMS,
    lanes,
    narrow_added_product,
    narrow_outer,
    wide_added_product,
    wide_outer,
)

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
        before = geometry[BEFORE + axis]
        if before > 0 or reach(geometry, axis) - before > geometry[GRID + axis]:
            return True
    return False


@register_jitable
def clear(target: Any, count: int) -> None:
    for i in range(count):
        target[i] = 0


@register_jitable
def image_side(geometry: Any, axis: int) -> int:
    """The side of the bordered grid, or of the grid itself where it needs no border."""
    return reach(geometry, axis) if needs_border(geometry) else int(geometry[GRID + axis])


@register_jitable
def bordered_size(geometry: Any) -> int:
    return int(image_side(geometry, 0) * image_side(geometry, 1) * image_side(geometry, 2))


@register_jitable
def margin(geometry: Any, axis: int) -> int:
    """How many zeros come before the grid in the bordered grid."""
    return int(max(geometry[BEFORE + axis], 0))


@register_jitable
def skipped(geometry: Any, axis: int) -> int:
    """How many of the grid's places come before all windows."""
    return int(max(-geometry[BEFORE + axis], 0))


@register_jitable
def inside(geometry: Any, axis: int) -> int:
    """How many of the grid's places the bordered grid has."""
    seen = geometry[GRID + axis] - skipped(geometry, axis)
    return int(min(seen, image_side(geometry, axis) - margin(geometry, axis)))


@register_jitable
def line_in_grid(geometry: Any, i: int, j: int) -> int:
    """Where the line (i, j) of those that windows see begins in the grid."""
    line = (i + skipped(geometry, 0)) * geometry[GRID + 1] + j + skipped(geometry, 1)
    return int(line * geometry[GRID + 2] + skipped(geometry, 2))


@register_jitable
def line_in_image(geometry: Any, i: int, j: int) -> int:
    """Where that line begins in the bordered grid."""
    line = (i + margin(geometry, 0)) * image_side(geometry, 1) + j + margin(geometry, 1)
    return int(line * image_side(geometry, 2) + margin(geometry, 2))


@register_jitable
def border(image: Any, x: Any, x_at: int, source: int, geometry: Any) -> None:
    """Copies a grid into its border."""
    count = inside(geometry, 2) * source
    for i in range(inside(geometry, 0)):
        for j in range(inside(geometry, 1)):
            there = line_in_image(geometry, i, j) * source
            here = x_at + line_in_grid(geometry, i, j) * source
            for k in range(count):
                image[there + k] = x[here + k]


@register_jitable
def cut_border(x: Any, x_at: int, image: Any, source: int, geometry: Any) -> None:
    """Copies a grid out of its border."""
    count = inside(geometry, 2) * source
    for i in range(inside(geometry, 0)):
        for j in range(inside(geometry, 1)):
            there = line_in_image(geometry, i, j) * source
            here = x_at + line_in_grid(geometry, i, j) * source
            for k in range(count):
                x[here + k] = image[there + k]


@register_jitable
def merged_taps(groups: int, geometry: Any) -> int:
    """How many taps are one run: all along the last axis, where the grid's places lie next to one another.

    A tap is one entry of the window.
    """
    return int(geometry[WINDOW + 2]) if groups == 1 and geometry[DILATION + 2] == 1 else 1


@register_jitable
def forward_tables(
    x_rows: Any, y_rows: Any, runs: Any, step: int, source: int, units: int, geometry: Any
) -> None:
    """Where windows begin in the bordered grid, where their results go, and where every `step`th tap lies."""
    side1, side2 = image_side(geometry, 1), image_side(geometry, 2)
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
def pack_windows(
    packed: Reals, w: Reals, source: int, units: int, groups: int, columns: int, size: int
) -> None:
    """A panel for each vector of the first `columns` units of each group; zeros fill the last of each group.

    Shapes: w (groups · units, source, window), where `source` and `units` are those of a group, and `size` is
    that of a window; packed (groups, vectors, window, source, lanes).
    """
    width = lanes(packed)
    panels = panels_of(columns, width)
    for group in range(groups):
        for panel in range(panels):
            for tap in range(size):
                for s in range(source):
                    there = (((group * panels + panel) * size + tap) * source + s) * width
                    for lane in range(width):
                        column = panel * width + lane
                        here = ((group * units + column) * source + s) * size + tap
                        packed[there + lane] = w[here] if column < columns else 0


@kernel
def convolve(
    y: Reals,
    x: Reals,
    packed: Reals,
    image: Reals,
    rows: Indices,
    taps: Indices,
    examples: int,
    source: int,
    units: int,
    groups: int,
    columns: int,
    *geometry: int,
) -> None:
    """y[n, p, u] ← Σ x[n, p·stride + k·dilation - before, s] · w[u, s, k], where `pack_windows` has packed w.

    Shapes: y (examples, places, units), x (examples, grid, source), w (units, source / groups, window).
    `image` has room for a bordered grid, `rows` for two numbers for each place and `taps` for one for each
    entry of a window. The first `columns` units of each group are computed.
    """
    width, size, places = lanes(packed), product3(geometry, WINDOW), product3(geometry, PLACES)
    own, of_group = source // groups, units // groups
    panels, merged = panels_of(columns, width), merged_taps(groups, geometry)
    lengths, y_rows = (size // merged, own * merged), beyond(rows, places)
    forward_tables(rows, y_rows, taps, merged, source, units, geometry)
    bordered = needs_border(geometry)
    if bordered:
        clear(image, bordered_size(geometry) * source)
    for example in range(examples):
        x_at, grid = example * product3(geometry, GRID) * source, x
        if bordered:
            border(image, x, x_at, source, geometry)
            x_at, grid = 0, image
        else:
            x_at += line_in_grid(geometry, 0, 0) * source
        for group in range(groups):
            y_at, w_at = example * places * units + group * of_group, group * panels * size * own * width
            at, begin = x_at + group * own, 0
            if (
                columns == units and columns <= 2 * width
            ):  # whole vectors: later rows overwrite what is too much
                begin = min(max((examples - example) * places - 2 * width, 0), places)
                whole = panels * width
                multiply_rows(y, y_at, y_rows, grid, at, rows, 0, begin, taps, lengths, packed, w_at, whole)
            multiply_rows(
                y, y_at, y_rows, grid, at, rows, begin, places, taps, lengths, packed, w_at, columns
            )


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

    As `convolve`, but that `packed` has room for the weights with the units of each group rounded up to
    vectors, and `taps` for a number for each tap and each source of a group. Where `accumulate`, the sum is
    added to w.
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
        clear(image, bordered_size(geometry) * source)
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
def add_rows(
    x: Any,
    x_at: int,
    x_rows: Any,
    y: Any,
    y_at: int,
    y_rows: Any,
    first: int,
    end: int,
    zero: Any,
    length: int,
    w: Any,
    w_at: int,
    columns: int,
) -> None:
    """All tiles of `wide_added_product` and `narrow_added_product`: the rows from `first` to `end`."""
    width = lanes(w)
    panel = length * width
    for column in range(0, columns, 2 * width):
        here, there, rest = w_at + column // width * panel, x_at + column, columns - column
        if rest > width:
            for row in range(first, end, SUMS // 2):
                wide_added_product(
                    x, there, x_rows, y, y_at, y_rows, row, end, zero, 1, length, w, here, panel, rest
                )
        else:
            for row in range(first, end, SUMS):
                narrow_added_product(
                    x, there, x_rows, y, y_at, y_rows, row, end, zero, 1, length, w, here, panel, rest
                )


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

    Shapes and memory as for `convolve`, but that `packed` has room for the weights with all that one run
    holds rounded up to vectors, `image` for one vector more, and `taps` for one number more.
    """
    width, window, size = lanes(w), product3(geometry, WINDOW), product3(geometry, GRID) * source
    own, columns, places = units // groups, source // groups, product3(geometry, PLACES)
    merged = merged_taps(groups, geometry)
    runs, length, y_rows = window // merged, merged * columns, beyond(rows, places)
    panels, zero = panels_of(length, width), beyond(taps, runs)
    forward_tables(rows, y_rows, taps, merged, source, units, geometry)
    zero[0] = 0
    for group in range(groups):
        for run in range(runs):
            for panel in range(panels):
                for u in range(own):
                    there = (((group * runs + run) * panels + panel) * own + u) * width
                    for lane in range(width):
                        column = panel * width + lane
                        tap, s = run * merged + column // columns, column % columns
                        here = ((group * own + u) * columns + s) * window + tap
                        packed[there + lane] = w[here] if column < length else 0
    bordered = needs_border(geometry) or length % width > 0
    entries = bordered_size(geometry) * source
    for example in range(examples):
        x_at, grid = example * size, x
        clear(beyond(x, x_at), size)
        if bordered:
            x_at, grid = 0, image
            clear(image, entries + width)
        for first in range(0, places, PIXELS_AT_ONCE):
            end = min(first + PIXELS_AT_ONCE, places)
            for group in range(groups):
                y_at = example * places * units + group * own
                for run in range(runs):
                    at, w_at = x_at + taps[run] + group * columns, (group * runs + run) * panels * own * width
                    add_rows(grid, at, rows, y, y_at, y_rows, first, end, zero, own, packed, w_at, length)
        if bordered:
            cut_border(x, example * size, image, source, geometry)
