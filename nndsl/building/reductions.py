"""Reduce -> Term: one operation over all units, over index sets, or over windows."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from nndsl.building.layout import Key
from nndsl.building.term import Term
from nndsl.building.windowing import Windowing
from nndsl.operators.broadcasting import Sum, filled
from nndsl.operators.comparisons import Where
from nndsl.operators.reductions import ArgMax, ArgMin, Max, Min
from nndsl.semantics.model import Reduce


def reduction(reduce: Reduce, body: Term, condition: Term | None) -> Term:
    """The value of a reduction of a body; `condition` is a truth for each element that is run over."""
    body = body.real()
    if reduce.window:
        return pooled(reduce, body)
    if not reduce.axes:
        body = body.unit_row() if reduce.operation in ("argmin", "argmax") else body
        return over(reduce.operation, body, tuple(range(len(body.units))), None)
    missing = tuple(axis for axis in reduce.axes if axis not in body.layout.space)
    whole = replace(body.layout, space=(*body.layout.space, *missing))
    if condition is not None:
        whole = replace(whole, space=whole.union(condition.layout).space)
        condition = condition.stretched(whole)
    result = over(reduce.operation, body.stretched(whole), reduce.axes, condition)
    if reduce.operation != "softmax":
        return result
    own = dict(zip((*reduce.body.type.space, *missing), reduce.type.space, strict=True))
    space = tuple(own[axis] for axis in result.layout.space)
    return replace(result, layout=replace(result.layout, space=space))


def over(operation: str, x: Term, keys: tuple[Key, ...], condition: Term | None) -> Term:
    """An operation over some dimensions, those entries alone for which the condition holds."""
    axes = x.layout.axes(keys)
    match operation:
        case "sum":
            return where(condition, x, 0.0).reduced(Sum, axes)
        case "mean":
            return where(condition, x, 0.0).reduced(Sum, axes) / number(x, axes, condition)
        case "max":
            return where(condition, x, -inf).reduced(Max, axes)
        case "min":
            return where(condition, x, inf).reduced(Min, axes)
        case "argmax":
            return winner(ArgMax, where(condition, x, -inf), axes)
        case "argmin":
            return winner(ArgMin, where(condition, x, inf), axes)
        case "softmax":
            return softmax(x, axes, condition)
        case "last":
            return last(x, keys)
        case _:
            raise AssertionError(f"no reduction: {operation}")


def where(condition: Term | None, x: Term, otherwise: float) -> Term:
    """x where the condition holds, else a number."""
    if condition is None:
        return x
    other = filled(x.build, otherwise, x.node.type)
    return replace(x, node=x.build(Where(), condition.node, x.node, other))


def number(x: Term, axes: tuple[int, ...], condition: Term | None) -> Term:
    """How many entries a mean runs over; where there are none 1, so that their mean is 0."""
    if condition is None:
        return x.size(*(x.layout.dimensions[axis].extent for axis in axes)).apply("maximum", x.constant(1))
    return condition.real().reduced(Sum, axes).apply("maximum", x.constant(1))


def winner(operator: type[ArgMax] | type[ArgMin], x: Term, axes: tuple[int, ...]) -> Term:
    """The place of the extremum along one dimension."""
    (axis,) = axes
    return x.made(operator(axis), x.layout.without(axes))


def softmax(x: Term, axes: tuple[int, ...], condition: Term | None) -> Term:
    """exp x / Σ exp x; zero where the condition does not hold, also where it never does."""
    lowest = -1e30  # a finite one, so that a maximum over nothing can still be subtracted
    largest = where(condition, x, lowest).reduced(Max, axes).apply("stop_gradient")
    shares = where(condition, (x - largest).apply("exp"), 0.0)
    total = shares.reduced(Sum, axes)
    if condition is not None:
        total = total + total.apply("equal", total.zero()).real()
    return shares / total


def last(x: Term, keys: tuple[Key, ...]) -> Term:
    """The entry at the end of an ordered set."""
    (axis,) = (axis for axis in x.layout.space if axis in keys)
    end = x.position(axis).real().apply("equal", x.size(axis.extent) - 1)
    return where(end.stretched(x.layout), x, 0.0).reduced(Sum, x.layout.axes(keys))


def pooled(reduce: Reduce, x: Term) -> Term:
    """An operation over windows of the grid, unit by unit. What is beyond the border does not count."""
    windowing = Windowing.of(reduce, x.layout)
    outside = {"max": -inf, "min": inf}.get(reduce.operation, 0.0)
    windows = windowing.windows(x.build, x.node, outside)
    own = tuple(range(windows.type.rank - len(reduce.window), windows.type.rank))
    operator = {"max": Max, "min": Min}.get(reduce.operation, Sum)
    space = tuple(
        replace(axis, extent=extent)
        for axis, extent in zip(x.layout.space, windows.type.extents[x.layout.batch :], strict=False)
    )
    result = replace(x, node=x.build(operator(own), windows), layout=replace(x.layout, space=space))
    if reduce.operation != "mean":
        return result
    if not windowing.padded:
        return result * (1 / windowing.size)
    ones = x.constant(1).stretched(replace(x.layout, batch=False, units=()))
    return result / pooled(replace(reduce, operation="sum"), ones)
