"""How a call of a kernel is divided among threads: which of its arguments counts what, and what moves along.

A call does the same for each of a number of units (rows, columns, examples). A thread does so for some that
follow one another: it makes the same call with a smaller count, and with arguments moved on to the first of
its own. Kernels that are not named here are run by one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from nndsl.codegen.group import LANES, Group

LINE = 16
"""Entries of neighbours in memory: shares that begin at multiples of it do not write into one cache line."""

INDEX_BYTES = 4


@dataclass(frozen=True, slots=True)
class Way:
    """One way to divide a call.

    The argument at place `count` counts the units; `moves` says by how much arguments change with each unit:
    addresses by bytes. A unit takes about `work` steps of a loop. Shares begin at multiples of `grain`. Fewer
    units than `least` take almost as long as those. Arguments in `sums`, with the number of their
    entries, are results that units add to: each share makes one of its own.
    """

    count: int
    moves: Mapping[int, int]
    work: int
    grain: int = 1
    least: int = 1
    sums: Mapping[int, int] = field(default_factory=dict)


Arguments = Sequence[int]


def ways(kernel: str | Group, arguments: Arguments, real_bytes: int) -> tuple[Way, ...]:
    """The ways to divide a call, the best ones first among equals; none where one thread must make it."""
    if isinstance(kernel, Group):
        return _of_group(kernel, arguments)
    found = _WAYS.get(kernel)
    return found(arguments, real_bytes) if found is not None else ()


def _of_group(group: Group, arguments: Arguments) -> tuple[Way, ...]:
    axis = group.shared_axis
    if axis is None:
        return ()
    first, count = group.rank, group.rank + 1
    work = prod(size for place, size in enumerate(arguments[: group.rank]) if place != axis)
    rows = LANES if group.lanes and axis == group.rank - 2 else 1
    grain = LINE if axis == group.rank - 1 else rows
    result = len(arguments) - len(group.results)
    sums = {result + place: _entries(group, place, arguments) for place in group.shared_sums}
    return (Way(count, {first: 1}, work * len(group.steps), grain, sums=sums),)


def _entries(group: Group, result: int, arguments: Arguments) -> int:
    """How many entries a result has."""
    made = group.value(group.results[result])
    return prod(arguments[axis] for axis in (made.pattern if made is not None else ()))


LEAST_ROWS, LEAST_COLUMNS = 128, 64
"""Rows and columns of a matrix product that take most of the time in multiplications."""

VECTOR_STEPS = 8
"""So many multiplications and additions of a matrix product take as long as a step of another loop."""


def _gemm(arguments: Arguments, width: int, batch: int = 1) -> tuple[Way, ...]:
    m, n, k, a_transposed, b_transposed, a_stride, b_stride, c_stride = arguments[3:11]
    rows = {0: c_stride * width, 1: (1 if a_transposed else a_stride) * width}
    columns = {0: width, 2: (b_stride if b_transposed else 1) * width}
    by_rows = Way(3, rows, batch * n * k // VECTOR_STEPS, min(LINE, m), LEAST_ROWS)
    least = LEAST_ROWS if a_transposed else LEAST_COLUMNS
    by_columns = Way(4, columns, batch * m * k // VECTOR_STEPS, LINE, least)
    # Rows of C need all of B, columns all of A: each thread has a part of the larger one, and the other.
    return (by_rows, by_columns) if m >= n else (by_columns, by_rows)


def _batched_gemm(arguments: Arguments, width: int) -> tuple[Way, ...]:
    m, n, k, batch, *steps = *arguments[3:6], *arguments[13:]
    a_step, b_step, c_step = steps
    if c_step == 0:
        return _gemm(arguments, width, batch)
    moves = {0: c_step * width, 1: a_step * width, 2: b_step * width}
    return (Way(13, moves, m * n * k // VECTOR_STEPS), *_gemm(arguments, width, batch))


def _packed_gemm(arguments: Arguments, width: int) -> tuple[Way, ...]:
    _, _, _, _, _, n, k, a_stride, c_stride = arguments
    return (Way(4, {0: c_stride * width, 1: a_stride * width}, n * k // VECTOR_STEPS),)


def _taken(arguments: Arguments, width: int) -> tuple[Way, ...]:
    """The rows of a minibatch, as they are taken from the data."""
    entries = arguments[7]
    return (Way(6, {0: entries * width, 5: 1}, entries, min(LINE, arguments[6])),)


def _copied(arguments: Arguments, _: int) -> tuple[Way, ...]:
    rank = arguments[4]
    axes = [arguments[5 + axis : 5 + 3 * rank : rank] for axis in range(rank)]
    whole = prod(size for size, _, _ in axes)
    return tuple(
        Way(5 + axis, {1: there, 3: here}, whole // max(size, 1), LINE if axis == rank - 1 else 1)
        for axis, (size, here, there) in enumerate(axes)
    )


def _filled(arguments: Arguments, width: int) -> tuple[Way, ...]:
    return (Way(1, {0: width}, 1, LINE),)


def _looked_up(arguments: Arguments, width: int) -> tuple[Way, ...]:
    batches, count, before, rows, after = arguments[3:]
    each = before * after
    if batches == 1:
        return (Way(4, {0: each * width, 2: INDEX_BYTES}, each),)
    moves = {0: count * each * width, 1: before * rows * after * width, 2: count * INDEX_BYTES}
    return (Way(3, moves, count * each),)


def _sparse(arguments: Arguments, width: int) -> tuple[Way, ...]:
    count, entries, _, after = arguments[-4:]
    each = -(-entries // max(count, 1)) * after
    return (Way(len(arguments) - 4, {0: after * width, 1: INDEX_BYTES}, each),)


def _drawn(_: Arguments, width: int) -> tuple[Way, ...]:
    return (Way(5, {0: width, 4: 1}, 8, LINE),)


def _on_grids(
    examples: int, geometry: int, grids: Sequence[int], places: Sequence[int]
) -> Callable[[Arguments, int], tuple[Way, ...]]:
    """Convolution and pooling: by examples, whose number stands at the place `examples`, followed by that of
    the units of an entry of the grid and, in convolution, of the windows'. Operands in `grids` and in
    `places` have entries for each place of the grid or of the windows.
    """

    def found(arguments: Arguments, width: int) -> tuple[Way, ...]:
        sizes = [prod(arguments[geometry + 3 * n : geometry + 3 * n + 3]) for n in range(3)]
        before, after = arguments[examples + 1], arguments[examples + 1 + (geometry - examples > 3)]
        moves = dict.fromkeys(grids, sizes[0] * before * width)
        moves |= dict.fromkeys(places, sizes[1] * after * width)
        return (Way(examples, moves, sizes[1] * sizes[2] * before),)

    return found


def _convolve(arguments: Arguments, width: int) -> tuple[Way, ...]:
    by_examples = _on_grids(6, 11, grids=(1,), places=(0,))(arguments, width)
    examples, source, units, groups = arguments[6:10]
    places, window = (prod(arguments[11 + 3 * n : 14 + 3 * n]) for n in (1, 2))
    work = examples * places * window * source // VECTOR_STEPS
    by_places = _by_places(arguments, 11, 26, units * width, work * units) if examples == 1 else ()
    moves = {0: width, 2: source * window * width}
    by_units = (Way(10, moves, work, LINE, 2 * LINE),) if groups == 1 else ()
    return (*by_examples, *by_places, *by_units)


def _pooled(examples: int, grids: Sequence[int]) -> Callable[[Arguments, int], tuple[Way, ...]]:
    """Pooling: by examples, or by the places of a single one; see `_on_grids`."""
    geometry = examples + 2

    def found(arguments: Arguments, width: int) -> tuple[Way, ...]:
        units = arguments[examples + 1]
        (by_examples,) = _on_grids(examples, geometry, grids, places=(0,))(arguments, width)
        if arguments[examples] > 1:
            return (by_examples,)
        return _by_places(arguments, geometry, geometry + 12, units * width, by_examples.work)

    return found


def _by_places(
    arguments: Arguments, geometry: int, before: int, place_bytes: int, work: int
) -> tuple[Way, ...]:
    """By the first axis of the places of one example: windows of a later thread begin within the grid.

    The number of places stands after the sides of the grid at `geometry`, strides after the sides of the
    window. A place takes `place_bytes` of what the first argument is; all of them are so much `work`.
    """
    places, stride = arguments[geometry + 3 :][:3], geometry + 9
    axis = next((axis for axis, count in enumerate(places) if count > 1), 0)
    count = places[axis]
    line_bytes = prod(places) // max(count, 1) * place_bytes
    moves = {0: line_bytes, before + axis: -arguments[stride + axis]}
    return (Way(geometry + 3 + axis, moves, work // max(count, 1)),)


def _packed_windows(arguments: Arguments, width: int) -> tuple[Way, ...]:
    source, _, groups, _, size = arguments[2:]
    each = source * size
    return (Way(5, {0: each * width, 1: each * width}, each, LINE),) if groups == 1 else ()


def _packed(arguments: Arguments, width: int) -> tuple[Way, ...]:
    inner, transposed, stride = arguments[3:]
    return (Way(2, {0: inner * width, 1: (stride if transposed else 1) * width}, inner, LINE),)


def _attention(
    numbers: int, queries_of: Sequence[int], keys_of: Sequence[int], y: Sequence[int], v: Sequence[int]
) -> Callable[[Arguments, int], tuple[Way, ...]]:
    """Attention and its gradient: by examples. `numbers` is the place of their count; the others are those
    of what is shaped as the queries, the keys, the result and the values."""

    def found(arguments: Arguments, width: int) -> tuple[Way, ...]:
        queries, keys, heads, inner, units = arguments[numbers + 1 : numbers + 6]
        moves = {
            **dict.fromkeys(queries_of, queries * heads * inner * width),
            **dict.fromkeys(keys_of, keys * heads * inner * width),
            **dict.fromkeys(y, queries * heads * units * width),
            **dict.fromkeys(v, keys * heads * units * width),
        }
        if arguments[numbers - 3]:
            moves[max(keys_of[-1], v[-1]) + 1] = INDEX_BYTES
        return (Way(numbers, moves, queries * keys * heads * (inner + units)),)

    return found


def _mean_sweeps(arguments: Arguments, width: int) -> tuple[Way, ...]:
    begin, end, units = arguments[9], arguments[10], arguments[15]
    return (Way(14, dict.fromkeys(range(3), units * width), units * units * (end - begin)),)


def _state_sweeps(arguments: Arguments, width: int) -> tuple[Way, ...]:
    begin, end, units = arguments[13], arguments[14], arguments[20]
    moves = {**dict.fromkeys(range(3), units * width), 18: 1}
    return (Way(19, moves, units * units * (end - begin)),)


_WAYS: dict[str, Callable[[Arguments, int], tuple[Way, ...]]] = {
    "gemm": _gemm,
    "batched_gemm": _batched_gemm,
    "packed_gemm": _packed_gemm,
    "take_examples": _taken,
    "take_labels": lambda arguments, _: _taken(arguments, INDEX_BYTES),
    "strided_copy": _copied,
    "strided_copy_indices": _copied,
    "strided_copy_truths": _copied,
    "fill": _filled,
    "gather": _looked_up,
    "gather_indices": lambda arguments, _: _looked_up(arguments, INDEX_BYTES),
    "gather_truths": lambda arguments, _: _looked_up(arguments, 1),
    "sum_rows": _sparse,
    "sparse_product": _sparse,
    "uniform": _drawn,
    "normal": _drawn,
    "pack": _packed,
    "pack_windows": _packed_windows,
    "convolve": _convolve,
    "convolve_transposed": _on_grids(7, 11, grids=(0,), places=(1,)),
    "max_pool": _pooled(2, grids=(1,)),
    "pick_pool": _pooled(3, grids=(1, 2)),
    "max_unpool": _on_grids(3, 5, grids=(0, 1), places=(2,)),
    "sum_pool": _pooled(2, grids=(1,)),
    "sum_unpool": _on_grids(2, 4, grids=(0,), places=(1,)),
    "attention": _attention(11, (1,), (2,), (0,), (3,)),
    "attention_gradient": _attention(15, (0, 3), (1, 4), (7, 8), (2, 5)),
    "mean_sweeps": _mean_sweeps,
    "state_sweeps": _state_sweeps,
}
