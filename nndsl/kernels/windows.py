"""The greatest entries of one window, for a vector of units at once, as vector instructions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba.core import cgutils

from nndsl.kernels.tiles import INTEGER, Writer, lanes, tile

SHORT = ir.IntType(32)


class _Window:
    """A window of three axes: so many places along each, and how far apart they are in a buffer."""

    def __init__(self, write: Writer, at: Any, counts: Sequence[Any], steps: Sequence[Any]) -> None:
        self.write, self.at, self.counts, self.steps = write, at, counts, steps
        self.number = cgutils.alloca_once(write.builder, SHORT)

    @contextmanager
    def places(self) -> Iterator[tuple[Any, Any]]:
        """Instructions for each place: where it is, and its number as a vector."""
        builder = self.write.builder
        builder.store(SHORT(0), self.number)
        loops = [cgutils.for_range(builder, count, intp=INTEGER) for count in self.counts]
        with loops[0] as i, loops[1] as j, loops[2] as k:
            at = self.at
            for loop, step in zip((i, j, k), self.steps, strict=True):
                at = builder.add(at, builder.mul(loop.index, step))
            number = builder.load(self.number)
            yield at, self.write.spread(number)
            builder.store(builder.add(number, SHORT(1)), self.number)

    def find(self, x: Any, mask: Any, each: Callable[[Any, Any, Any], None]) -> None:
        """Visits the places; `each` is told whether x there is greater than all before, or the first."""
        builder, write = self.write.builder, self.write
        greatest = cgutils.alloca_once(builder, write.vector)
        builder.store(write.load(x, self.at, mask), greatest)
        with self.places() as (at, number):
            value, before = write.load(x, at, mask), builder.load(greatest)
            known = builder.fcmp_ordered("ord", before, before)
            greater = builder.and_(builder.fcmp_unordered(">", value, before), known)
            builder.store(builder.select(greater, value, before), greatest)
            each(greater, at, number)


def _either(write: Writer, entries: Any, whole: Any, emit: Callable[[Any], None]) -> None:
    """Instructions for whole vectors, or for the entries alone."""
    with write.builder.if_else(write.builder.icmp_signed("!=", whole, INTEGER(0))) as (all_lanes, some_lanes):
        with all_lanes:
            emit(None)
        with some_lanes:
            emit(write.masks(entries)[0])


def _emit_pick(write: Writer, values: Sequence[Any]) -> None:
    y, y_at, x, v, at, *numbers, entries, whole = values
    builder = write.builder

    def emit(mask: Any) -> None:
        window = _Window(write, at, numbers[:3], numbers[3:])
        picked = cgutils.alloca_once(builder, write.vector)
        builder.store(write.load(v, at, mask), picked)

        def each(greater: Any, place: Any, _number: Any) -> None:
            builder.store(builder.select(greater, write.load(v, place, mask), builder.load(picked)), picked)

        window.find(x, mask, each)
        write.store(builder.load(picked), y, y_at, mask)

    _either(write, entries, whole, emit)


def _emit_give(write: Writer, values: Sequence[Any]) -> None:
    dx, dy, dy_at, x, at, *numbers, entries, whole = values
    builder = write.builder

    def emit(mask: Any) -> None:
        window = _Window(write, at, numbers[:3], numbers[3:])
        integers = ir.VectorType(SHORT, write.width)
        first = cgutils.alloca_once(builder, integers)
        builder.store(ir.Constant(integers, [0] * write.width), first)

        def each(greater: Any, _place: Any, number: Any) -> None:
            builder.store(builder.select(greater, number, builder.load(first)), first)

        window.find(x, mask, each)
        given = write.load(dy, dy_at, write.masks(entries)[0])
        with window.places() as (place, number):
            chosen = builder.icmp_signed("==", number, builder.load(first))
            share = builder.select(chosen, given, write.zero())
            write.store(builder.fadd(write.load(dx, place, mask), share), dx, place, mask)

    _either(write, entries, whole, emit)


def _winner(
    x: Any, at: int, planes: int, lines: int, columns: int, plane: int, line: int, column: int
) -> int:
    best = at
    for i in range(planes):
        for j in range(lines):
            for k in range(columns):
                place = at + i * plane + j * line + k * column
                if x[place] > x[best] or (x[place] != x[place] and x[best] == x[best]):
                    best = place
    return best


def pick_winners(
    y: Any,
    y_at: int,
    x: Any,
    v: Any,
    at: int,
    planes: int,
    lines: int,
    columns: int,
    plane: int,
    line: int,
    column: int,
    entries: int,
    whole: int,
) -> None:
    """y[u] ← v[q + u] at the first place q of a window where x[q + u] is greatest, for a vector of units u.

    The window begins `at` some entry and has so many places along its axes, which are `plane`, `line` and
    `column` entries apart. No more than `entries` units are written, or, where `whole`, a whole vector is.
    """
    for u in range(min(entries, lanes(x))):
        y[y_at + u] = v[_winner(x, at + u, planes, lines, columns, plane, line, column)]


def give_winners(
    dx: Any,
    dy: Any,
    dy_at: int,
    x: Any,
    at: int,
    planes: int,
    lines: int,
    columns: int,
    plane: int,
    line: int,
    column: int,
    entries: int,
    whole: int,
) -> None:
    """dx[q + u] += dy[u] at that place q. Where `whole`, what lies after the units in dx is added zero to."""
    for u in range(min(entries, lanes(x))):
        dx[_winner(x, at + u, planes, lines, columns, plane, line, column)] += dy[dy_at + u]


tile(pick_winners, _emit_pick, 0, 1)
tile(give_winners, _emit_give, 0, 1)
