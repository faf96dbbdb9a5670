"""The greatest entries of each window of a line, for a vector of units at once, as vector instructions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from llvmlite import ir
from numba.core import cgutils

from nndsl.kernels.tiles import INTEGER, Writer, lanes, tile

SHORT = ir.IntType(32)

SQUARES = (2, 3)
"""Sides of windows whose places are visited without a loop, which would take longer than they do."""

Numbers = Sequence[Any]


class _Window:
    """A window of three axes: so many places along each, and how far apart they are in a buffer.

    It may be known to have as many places as `known` says.
    """

    def __init__(self, write: Writer, at: Any, counts: Numbers, steps: Numbers, known: Sequence[int]) -> None:
        self.write, self.at, self.counts, self.steps, self.known = write, at, counts, steps, known

    def visit(self, each: Callable[[Any, Any], None]) -> None:
        """Instructions for each place: where it is, and its number as a vector."""
        builder, write = self.write.builder, self.write
        if self.known:
            for number, places in enumerate(product(*map(range, self.known))):
                each(self._place([INTEGER(place) for place in places]), write.spread(SHORT(number)))
            return
        visited = cgutils.alloca_once(builder, SHORT)
        builder.store(SHORT(0), visited)
        loops = [cgutils.for_range(builder, count, intp=INTEGER) for count in self.counts]
        with loops[0] as i, loops[1] as j, loops[2] as k:
            number = builder.load(visited)
            each(self._place([loop.index for loop in (i, j, k)]), write.spread(number))
            builder.store(builder.add(number, SHORT(1)), visited)

    def _place(self, places: Numbers) -> Any:
        at, builder = self.at, self.write.builder
        for place, step in zip(places, self.steps, strict=True):
            at = builder.add(at, builder.mul(place, step))
        return at

    def find(self, x: Any, mask: Any, each: Callable[[Any, Any, Any], None]) -> Any:
        """Visits the places and gives the greatest x; `each` is told whether one is greater than all before,
        or the first."""
        builder, write = self.write.builder, self.write
        greatest = cgutils.alloca_once(builder, write.vector)
        builder.store(write.load(x, self.at, mask), greatest)

        def compare(at: Any, number: Any) -> None:
            value, before = write.load(x, at, mask), builder.load(greatest)
            known = builder.fcmp_ordered("ord", before, before)
            greater = builder.and_(builder.fcmp_unordered(">", value, before), known)
            builder.store(builder.select(greater, value, before), greatest)
            each(greater, at, number)

        self.visit(compare)
        return builder.load(greatest)


Emit = Callable[[_Window, Any, Any], None]
"""Writes what is done with a window, given where its result is, and the mask of its entries, if not all."""


def _line(write: Writer, y_at: Any, at: Any, numbers: Numbers, emit: Emit) -> None:
    """Instructions for the windows of a line, whole vectors or not, known ones or not."""
    windows, step, *counts, plane, line, column, entries, whole = numbers
    builder = write.builder

    def loop(known: Sequence[int], mask: Any) -> None:
        with cgutils.for_range(builder, windows, intp=INTEGER) as window:
            begin = builder.add(at, builder.mul(window.index, step))
            there = builder.add(y_at, builder.mul(window.index, column))
            emit(_Window(write, begin, counts, (plane, line, column), known), there, mask)

    def either(known: Sequence[int]) -> None:
        all_lanes = builder.icmp_signed("!=", whole, INTEGER(0))
        with builder.if_else(all_lanes) as (vectors, parts):
            with vectors:
                loop(known, None)
            with parts:
                loop(known, write.masks(entries)[0])

    def choose(sides: Sequence[int]) -> None:
        if not sides:
            either(())
            return
        known = (1, sides[0], sides[0])
        same = [builder.icmp_signed("==", n, INTEGER(side)) for n, side in zip(counts, known, strict=True)]
        with builder.if_else(builder.and_(builder.and_(same[0], same[1]), same[2])) as (square, other):
            with square:
                either(known)
            with other:
                choose(sides[1:])

    choose(SQUARES)


def _emit_greatest(write: Writer, values: Numbers) -> None:
    y, y_at, x, at, *numbers = values

    def emit(window: _Window, there: Any, mask: Any) -> None:
        write.store(window.find(x, mask, lambda *_: None), y, there, mask)

    _line(write, y_at, at, numbers, emit)


def _emit_pick(write: Writer, values: Numbers) -> None:
    y, y_at, x, v, at, *numbers = values
    builder = write.builder

    def emit(window: _Window, there: Any, mask: Any) -> None:
        picked = cgutils.alloca_once(builder, write.vector)
        builder.store(write.load(v, window.at, mask), picked)

        def each(greater: Any, place: Any, _number: Any) -> None:
            value = builder.select(greater, write.load(v, place, mask), builder.load(picked))
            builder.store(value, picked)

        window.find(x, mask, each)
        write.store(builder.load(picked), y, there, mask)

    _line(write, y_at, at, numbers, emit)


def _emit_give(write: Writer, values: Numbers) -> None:
    dx, dy, dy_at, x, at, *numbers = values
    builder, integers = write.builder, ir.VectorType(SHORT, write.width)

    def emit(window: _Window, there: Any, mask: Any) -> None:
        first = cgutils.alloca_once(builder, integers)
        builder.store(ir.Constant(integers, [0] * write.width), first)

        def each(greater: Any, _place: Any, number: Any) -> None:
            builder.store(builder.select(greater, number, builder.load(first)), first)

        def give(place: Any, number: Any) -> None:
            chosen = builder.icmp_signed("==", number, builder.load(first))
            share = builder.select(chosen, given, write.zero())
            write.store(builder.fadd(write.load(dx, place, mask), share), dx, place, mask)

        window.find(x, mask, each)
        given = write.load(dy, there, write.masks(numbers[-2])[0])
        window.visit(give)

    _line(write, dy_at, at, numbers, emit)


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


def greatest(
    y: Any,
    y_at: int,
    x: Any,
    at: int,
    windows: int,
    step: int,
    planes: int,
    lines: int,
    columns: int,
    plane: int,
    line: int,
    column: int,
    entries: int,
    whole: int,
) -> None:
    """y[w·column + u] ← the greatest x[q + u] of the places q in window w, for a vector of units u.

    The first of so many windows begins `at` some entry, and each `step` entries after the one before. They
    have so many places along their axes, which are `plane`, `line` and `column` entries apart. No more than
    `entries` units are written, or, where `whole`, a whole vector is.
    """
    for w in range(windows):
        for u in range(min(entries, lanes(x))):
            here = at + w * step + u
            y[y_at + w * column + u] = x[_winner(x, here, planes, lines, columns, plane, line, column)]


def pick_winners(
    y: Any,
    y_at: int,
    x: Any,
    v: Any,
    at: int,
    windows: int,
    step: int,
    planes: int,
    lines: int,
    columns: int,
    plane: int,
    line: int,
    column: int,
    entries: int,
    whole: int,
) -> None:
    """y[w·column + u] ← v[q + u] at the first q of window w where x[q + u] is greatest; see `greatest`."""
    for w in range(windows):
        for u in range(min(entries, lanes(x))):
            here = at + w * step + u
            y[y_at + w * column + u] = v[_winner(x, here, planes, lines, columns, plane, line, column)]


def give_winners(
    dx: Any,
    dy: Any,
    dy_at: int,
    x: Any,
    at: int,
    windows: int,
    step: int,
    planes: int,
    lines: int,
    columns: int,
    plane: int,
    line: int,
    column: int,
    entries: int,
    whole: int,
) -> None:
    """dx[q + u] += dy[w·column + u] at that place q. Where `whole`, what lies after the units in dx is added
    zero to."""
    for w in range(windows):
        for u in range(min(entries, lanes(x))):
            here = at + w * step + u
            place = _winner(x, here, planes, lines, columns, plane, line, column)
            dx[place] += dy[dy_at + w * column + u]


tile(greatest, _emit_greatest, 0, 1)
tile(pick_winners, _emit_pick, 0, 1)
tile(give_winners, _emit_give, 0, 1)
