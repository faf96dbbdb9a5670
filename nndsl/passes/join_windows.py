"""Joins windows with what is made of them: convolutions and pooling, in which no window is laid out."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import Dimension, TensorType
from nndsl.operators.broadcasting import Sum
from nndsl.operators.contraction import Contract
from nndsl.operators.convolution import Convolve, ConvolveTransposed, ConvolveWeights
from nndsl.operators.movement import Pad, Reshape, Slice
from nndsl.operators.pooling import MaxPool, SumPool
from nndsl.operators.reductions import Max
from nndsl.operators.windows import Fold, Windowing, Windows
from nndsl.types import Extent

SIDES_MOST = 3
"""Grids of more sides are left as they are: their windows are laid out."""

Borders = tuple[tuple[int, ...], tuple[int, ...]]


def join_windows(graph: Graph) -> Graph:
    """The graph with contractions and maxima or sums of windows as one operator each.

    Gradients are best made afterwards: then they need no windows either.
    """
    return rewrite(graph, _joined)


def _joined(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
    match node.operator:
        case Contract() as contract:
            return _convolution(build, contract, node, inputs) or _weights(build, contract, node, inputs)
        case Fold() as fold:
            return _transposed(build, fold, inputs[0])
        case Slice() as cut:
            return _without_border(build, cut, inputs[0])
        case Max() | Sum():
            return _pooled(build, node.operator, inputs[0])
        case _:
            return None


def _convolution(build: Builder, contract: Contract, node: Node, inputs: tuple[Node, ...]) -> Node | None:
    """Windows times weights, summed over what a window holds."""
    windows = _unreshaped(inputs[0])
    if not isinstance(windows.operator, Windows):
        return None
    left, table, result = contract.labels
    groups = _groups(windows.operator, windows.type, inputs[0].type, left, table, result)
    if groups is None:
        return None
    x, (before, after) = _unpadded(windows, 0.0)
    w = _weights_of(build, inputs[1], groups, len(windows.operator.axes))
    operator = Convolve(**_geometry(windows.operator), before=before, after=after, groups=groups)
    return _reshaped(build, build(operator, x, w), node.type)


def _weights(build: Builder, contract: Contract, node: Node, inputs: tuple[Node, ...]) -> Node | None:
    """A cotangent times windows, summed over all places: the gradient of weights."""
    windows = _unreshaped(inputs[1])
    if not isinstance(windows.operator, Windows):
        return None
    result, left, table = contract.labels
    groups = _groups(windows.operator, windows.type, inputs[1].type, left, table, result)
    if groups is None:
        return None
    x, (before, after) = _unpadded(windows, 0.0)
    operator = ConvolveWeights(**_geometry(windows.operator), before=before, after=after, groups=groups)
    y = _with_one_row(build, inputs[0], x.type.rank)
    return _reshaped(build, build(operator, x, y), node.type)


def _transposed(build: Builder, fold: Fold, folded: Node) -> Node | None:
    """Units times weights give windows, which are laid upon a grid."""
    made = _unreshaped(folded)
    if not isinstance(made.operator, Contract):
        return None
    result, table, left = made.operator.labels
    groups = _groups(fold, folded.type, made.type, left, table, result)
    if groups is None:
        return None
    y, w = made.inputs
    none = (0,) * len(fold.axes)
    weights = _weights_of(build, w, groups, len(fold.axes))
    operator = ConvolveTransposed(**_geometry(fold), before=none, after=none, groups=groups, grid=fold.grid)
    return build(operator, _with_one_row(build, y, folded.type.rank - len(fold.axes)), weights)


def _without_border(build: Builder, cut: Slice, x: Node) -> Node | None:
    """A transposed convolution whose border is cut off again has that border."""
    operator = x.operator
    if not isinstance(operator, ConvolveTransposed) or cut.axis not in operator.axes(x.type.rank):
        return None
    side = operator.axes(x.type.rank).index(cut.axis)
    before, after, grid = list(operator.before), list(operator.after), list(operator.grid)
    before[side] += cut.before
    after[side] += cut.after
    grid[side] = Dimension(grid[side].name, grid[side].extent.then(-cut.before - cut.after))
    return build(replace(operator, before=tuple(before), after=tuple(after), grid=tuple(grid)), *x.inputs)


def _pooled(build: Builder, reduction: Max | Sum, windows: Node) -> Node | None:
    """The maximum or the sum over all that windows hold."""
    operator = windows.operator
    if not isinstance(operator, Windows) or any(dilation > 1 for dilation in operator.dilation):
        return None
    axes, rank = operator.axes, windows.type.rank
    whole = reduction.axes == tuple(range(rank - len(axes), rank))
    consecutive = axes == tuple(range(axes[0], axes[0] + len(axes)))
    x, borders = _unpadded(windows, -inf if isinstance(reduction, Max) else 0.0)
    narrow = all(
        border < size for ends in borders for border, size in zip(ends, operator.window, strict=True)
    )
    if not (whole and consecutive and narrow and len(axes) <= SIDES_MOST):
        return None
    fields = (axes, operator.window, operator.stride, *borders)
    return build(MaxPool(*fields), x, x) if isinstance(reduction, Max) else build(SumPool(*fields), x)


def _geometry(operator: Windowing) -> dict[str, Any]:
    return {"window": operator.window, "stride": operator.stride, "dilation": operator.dilation}


def _unreshaped(node: Node) -> Node:
    while isinstance(node.operator, Reshape):
        node = node.inputs[0]
    return node


def _unpadded(windows: Node, outside: float) -> tuple[Node, Borders]:
    """What windows are taken of without its border of a number, and the border's widths."""
    assert isinstance(windows.operator, Windows)
    axes, x = windows.operator.axes, windows.inputs[0]
    before, after = [0] * len(axes), [0] * len(axes)
    while isinstance(x.operator, Pad) and x.operator.axis in axes and x.operator.value == outside:
        side = axes.index(x.operator.axis)
        before[side] += x.operator.before
        after[side] += x.operator.after
        x = x.inputs[0]
    return x, (tuple(before), tuple(after))


def _groups(
    operator: Windowing, windows: TensorType, split: TensorType, left: str, table: str, result: str
) -> int | None:
    """How many groups a contraction of windows has; None where it is no convolution.

    `windows` have the places, one axis of units, and the window's own axes in this order; `split` are the
    same with the units in groups, if there are several. The labels are those of `split`, of the weights,
    and of what stands at the places.
    """
    sides = len(operator.axes)
    places = windows.rank - sides - 1
    grouped = split.rank - windows.rank
    if sides > SIDES_MOST or operator.axes != tuple(range(places - sides, places)) or grouped not in (0, 1):
        return None
    kept = (
        split.extents[:places] == windows.extents[:places]
        and split.extents[-sides:] == windows.extents[-sides:]
    )
    group, unit = left[places : places + grouped], result[-1:]
    same = result == left[:places] + group + unit and table == group + unit + left[places + grouped :]
    if not (kept and same):
        return None
    return (split.extents[places].known or 0) if grouped else 1


def _weights_of(build: Builder, w: Node, groups: int, sides: int) -> Node:
    """Weights without an axis for groups."""
    dimensions = w.type.dimensions[-1 - sides :]
    units = Extent.of(_known(w.type, 0, w.type.rank - 1 - sides))
    return _reshaped(build, w, TensorType((Dimension("unit", units), *dimensions)))


def _with_one_row(build: Builder, y: Node, rank: int) -> Node:
    """Values whose units are one last axis."""
    units = Dimension("unit", Extent.of(_known(y.type, rank - 1, y.type.rank)))
    return _reshaped(build, y, TensorType((*y.type.dimensions[: rank - 1], units)))


def _known(type: TensorType, first: int, end: int) -> int:
    count = 1
    for extent in type.extents[first:end]:
        count *= extent.known or 0
    return count


def _reshaped(build: Builder, node: Node, type: TensorType) -> Node:
    return node if node.type.extents == type.extents else build(Reshape(type.dimensions), node)
