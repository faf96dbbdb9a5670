"""Reduce -> Term: one operation over all units, over index sets, or over windows."""

from __future__ import annotations

from dataclasses import replace
from math import inf, prod

from nndsl.building.layout import Key, Layout, graph_axes
from nndsl.building.segments import LOWEST, Segments, over_segments, same_graph, segments_of
from nndsl.building.term import Term, known
from nndsl.building.windowing import Windowing
from nndsl.operators.broadcasting import Sum
from nndsl.operators.movement import Reshape
from nndsl.operators.reductions import ArgMax, ArgMin, Max, Min
from nndsl.semantics.model import Reduce
from nndsl.types import Axis, Extent, IndexSet, SetKind


def reduction(reduce: Reduce, body: Term, condition: Term | None) -> Term:
    """The value of a reduction of a body; `condition` is a truth for each element that is run over."""
    body = body.real()
    if reduce.window:
        return pooled(reduce, body)
    if not reduce.axes:
        body = body.unit_row() if reduce.operation in ("argmin", "argmax") else body
        return over(reduce.operation, body, tuple(range(len(body.units))), None)
    missing = tuple(axis for axis in reduce.axes if axis not in body.layout.space)
    whole = body.layout.union(Layout(space=missing))
    if reduce.operation == "last":
        return last(body.stretched(whole), reduce.axes)
    condition = both(condition, body.valid(reduce.axes))
    condition = both(condition, same_graph(reduce, body, whole.space))
    if condition is not None:
        whole = whole.union(replace(condition.layout, units=()))
        condition = condition.stretched(whole)
    body = body.stretched(whole)
    segments = segments_of(reduce, body)
    if segments is not None:
        result = over_segments(reduce.operation, body, segments, condition)
    else:
        result = over(reduce.operation, body, reduce.axes, condition)
    if reduce.operation != "softmax":
        return result
    own = dict(zip((*reduce.body.type.space, *missing), reduce.type.space, strict=True))
    space = tuple(own[axis] for axis in result.layout.space)
    return replace(result, layout=replace(result.layout, space=space))


def summed_product(reduce: Reduce, factors: tuple[Term, Term]) -> Term | None:
    """Σ x·y over sequences, as one contraction: both factors are zero beyond the end of an example.

    None where a factor does not vary along all that is summed over, or nothing is padded.
    """
    if any(axis not in factor.layout.space for factor in factors for axis in reduce.axes):
        return None
    valid = factors[0].valid(reduce.axes)
    if valid is None:
        return None
    x, y = (factor.real().where(valid, 0.0) for factor in factors)
    product = x * y
    return product.reduced(Sum, product.layout.axes(reduce.axes))


def over(operation: str, x: Term, keys: tuple[Key, ...], condition: Term | None) -> Term:
    """An operation over some dimensions, those entries alone for which the condition holds."""
    axes = x.layout.axes(keys)
    match operation:
        case "sum":
            return x.where(condition, 0.0).reduced(Sum, axes)
        case "mean":
            return x.where(condition, 0.0).reduced(Sum, axes) / number(x, axes, condition)
        case "max":
            return x.where(condition, -inf).reduced(Max, axes)
        case "min":
            return x.where(condition, inf).reduced(Min, axes)
        case "argmax":
            return winner(ArgMax, x.where(condition, -inf), axes)
        case "argmin":
            return winner(ArgMin, x.where(condition, inf), axes)
        case "softmax":
            return softmax(x, axes, condition)
        case _:
            raise AssertionError(f"no reduction: {operation}")


def both(first: Term | None, second: Term | None) -> Term | None:
    """Where two conditions hold, either of which may be none."""
    if first is None or second is None:
        return first or second
    return first.apply("and", second)


def number(x: Term, axes: tuple[int, ...], condition: Term | None) -> Term:
    """How many entries a mean runs over; where there are none 1, so that their mean is 0."""
    if condition is None:
        return x.size(*(x.layout.dimensions[axis].extent for axis in axes)).apply("maximum", x.constant(1))
    return condition.real().reduced(Sum, axes).apply("maximum", x.constant(1))


def summed(x: Term) -> Term:
    """The sum over the index space: for each unit one number an example."""
    running = graph_axes(x.layout.space)
    if running:
        rest = tuple(axis for axis in x.layout.space if axis != running[0])
        x = Segments.by_graph(x.build, running[0]).sum(x.reduced(Sum, x.layout.axes(rest)))
    return x.reduced(Sum, x.layout.axes(x.layout.space))


def winner(operator: type[ArgMax] | type[ArgMin], x: Term, axes: tuple[int, ...]) -> Term:
    """The place of the extremum along some dimensions, counted row by row."""
    if len(axes) > 1:
        x = joined(x, axes)
        axes = (len(x.layout.place_axes) - 1,)
    (axis,) = axes
    return x.made(operator(axis), x.layout.without(axes))


def joined(x: Term, axes: tuple[int, ...]) -> Term:
    """Some sides of the index space as one, behind the others."""
    sides = [axis for axis in x.layout.space if x.layout.keys.index(axis) in axes]
    others = tuple(axis for axis in x.layout.space if axis not in sides)
    ordered = x.stretched(replace(x.layout, space=(*others, *sides)))
    place = Axis(IndexSet("place", SetKind.NODES), Extent.of(prod(known(axis.extent) for axis in sides)))
    layout = replace(x.layout, space=(*others, place))
    return ordered.made(Reshape(layout.dimensions), layout)


def softmax(x: Term, axes: tuple[int, ...], condition: Term | None) -> Term:
    """exp x / Σ exp x; zero where the condition does not hold, also where it never does."""
    largest = x.where(condition, LOWEST).reduced(Max, axes).apply("stop_gradient")
    shares = (x - largest).where(condition, LOWEST).apply("exp")
    total = shares.reduced(Sum, axes)
    if condition is not None:
        total = total + total.apply("equal", total.zero()).real()
    return shares / total


def last(x: Term, keys: tuple[Key, ...]) -> Term:
    """The entry at the end of an ordered set."""
    (axis,) = (axis for axis in x.layout.space if axis in keys)
    length = x.length(axis).real() if axis.set.kind is SetKind.SEQUENCE else x.size(axis.extent)
    ended = x.where(x.position(axis).real().apply("equal", length - 1), 0.0)
    return ended.reduced(Sum, ended.layout.axes(keys))


def pooled(reduce: Reduce, x: Term) -> Term:
    """An operation over windows of the grid, unit by unit. What is beyond the border does not count."""
    windowing = Windowing.of(reduce, x.layout)
    outside = {"max": -inf, "min": inf}.get(reduce.operation, 0.0)
    if windowing.padded:
        x = x.where(x.valid(x.layout.space), outside)
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
    return result / pooled(replace(reduce, operation="sum"), ones).apply("maximum", x.constant(1))
