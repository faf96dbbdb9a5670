"""Which rows of its operands an operator reads for some rows of its result.

A view says, for each dimension of a value, what of it is looked at: along the sequence that grows one row
(the current one, or one so many places before or after it), or all rows; along all other dimensions
everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from nndsl.graph.graph import Node
from nndsl.graph.types import Dimension, TensorType
from nndsl.operators.broadcasting import Expand, Sum
from nndsl.operators.contraction import Contract
from nndsl.operators.lookup import Gather, OneHot
from nndsl.operators.loop import Loop
from nndsl.operators.movement import Concatenate, Flip, Pad, Reshape, Slice, Transpose
from nndsl.operators.operator import Elementwise
from nndsl.operators.reductions import Extremum, Winner
from nndsl.operators.windows import Fold, Windows
from nndsl.types import Extent


class Look(Enum):
    """What of a dimension is looked at, where it is not one row of the sequence."""

    ALL = "all rows"
    OTHER = "another dimension"


View = tuple[int | Look, ...]
"""For each dimension the row, counted from the current one, or a `Look`."""

Axes = tuple[int | None, ...]
"""For each axis of an operand the axis of the result that it becomes; None where it is summed over."""


class NotByRows(Exception):
    """A value whose rows cannot be computed one by one, with the reason."""

    def __init__(self, node: Node, reason: str) -> None:
        super().__init__(f"{node.name}: {reason}")
        self.node, self.reason = node, reason


class ReadsAhead(Exception):
    """A value whose current row depends on later rows of the one that it reads."""

    def __init__(self, node: Node, read: Node) -> None:
        super().__init__(f"{node.name} reads {read.name} ahead")
        self.node, self.read = node, read


def runs_along(dimension: Dimension, time: str) -> bool:
    """Whether a dimension is one of the sequence."""
    return dimension.extent.symbol == time


def times(type: TensorType, time: str) -> tuple[int, ...]:
    """Where the dimensions of the sequence are in a type."""
    return tuple(axis for axis, dimension in enumerate(type.dimensions) if runs_along(dimension, time))


def current(type: TensorType, time: str) -> View:
    """The view of the current row of a value."""
    return tuple(0 if runs_along(dimension, time) else Look.OTHER for dimension in type.dimensions)


def seen(dimensions: Sequence[Dimension], view: View) -> tuple[Dimension, ...]:
    """The dimensions of what a view sees: one row is a dimension of extent 1."""
    return tuple(
        Dimension(d.name, Extent.of(1)) if isinstance(look, int) else d
        for d, look in zip(dimensions, view, strict=True)
    )


def reads(node: Node, view: View, time: str) -> tuple[tuple[View, ...], ...]:
    """For each operand the views that are read, in the order of time where they are several.

    Raises NotByRows where rows cannot be told apart, ReadsAhead where a view of all runs ahead of itself.
    """
    views = [_view(operand.type, of, view, time) for operand, of in zip(node.inputs, axes(node), strict=True)]
    match node.operator:
        case Slice() | Pad():
            return ((_shifted(node, node.operator, view),),)
        case Windows():
            return (_windows(node, node.operator, views[0]),)
        case Flip(axis=axis) if view[axis] is not Look.OTHER:
            raise ReadsAhead(node, node.inputs[0])
        case Fold(axes=folded) if any(view[axis] is not Look.OTHER for axis in folded):
            raise NotByRows(node, "a transposed connection along the sequence")
        case Loop():
            return _loop(node, node.operator, time)
    return tuple((each,) for each in views)


def _view(type: TensorType, of: Axes, view: View, time: str) -> View:
    whole = (Look.ALL if runs_along(dimension, time) else Look.OTHER for dimension in type.dimensions)
    return tuple(look if axis is None else view[axis] for axis, look in zip(of, whole, strict=True))


def axes(node: Node) -> tuple[Axes, ...]:
    """For each operand, where its axes are in the result. Raises NotByRows for an operator without rows."""
    operator, rank = node.operator, node.type.rank
    ranks = [operand.type.rank for operand in node.inputs]
    match operator:
        case Elementwise() | Concatenate() | Slice() | Pad() | Flip() | Windows() | OneHot():
            return tuple(tuple(range(of)) for of in ranks)
        case Expand(new=new):
            return (tuple(axis for axis in range(rank) if axis not in new),)
        case Sum(axes=summed) | Extremum(axes=summed) | Winner(axes=summed):
            kept = iter(range(rank))
            return (tuple(None if axis in summed else next(kept) for axis in range(ranks[0])),)
        case Transpose(permutation=permutation):
            return (tuple(permutation.index(axis) for axis in range(rank)),)
        case Reshape():
            return (_opened(node),)
        case Contract(labels=(left, right, result)):
            places = {label: place for place, label in enumerate(result)}
            return tuple(tuple(places.get(label) for label in labels) for labels in (left, right))
        case Fold():
            return ((*range(rank), *(None,) * (ranks[0] - rank)),)
        case Gather(axis=gathered, batch=batch):
            kept = iter((*range(batch), *range(ranks[1], rank)))
            table = tuple(None if axis == gathered else next(kept) for axis in range(ranks[0]))
            return table, tuple(range(ranks[1]))
        case _ if operator.name in ("loop", "loop_result"):
            return tuple((None,) * of for of in ranks)
        case _:
            raise NotByRows(node, f"the operator '{operator.name}' along the sequence")


def _opened(node: Node) -> Axes:
    """Dimensions of open extent keep their order when others are merged and split."""
    after = iter(axis for axis, d in enumerate(node.type.dimensions) if d.extent.known is None)
    return tuple(next(after) if d.extent.known is None else None for d in node.inputs[0].type.dimensions)


def _shifted(node: Node, operator: Slice | Pad, view: View) -> View:
    look = view[operator.axis]
    if isinstance(look, int):
        by = operator.before if isinstance(operator, Slice) else -operator.before
        return (*view[: operator.axis], look + by, *view[operator.axis + 1 :])
    if look is Look.ALL and isinstance(operator, Slice) and operator.before:
        raise ReadsAhead(node, node.inputs[0])
    return view


def _windows(node: Node, operator: Windows, looks: View) -> tuple[View, ...]:
    """A window along the sequence is so many rows."""
    for place, axis in enumerate(operator.axes):
        look, stride, dilation = looks[axis], operator.stride[place], operator.dilation[place]
        if look is Look.ALL:
            raise ReadsAhead(node, node.inputs[0])
        if isinstance(look, int):
            if stride != 1:
                raise NotByRows(node, "a window with a stride along the sequence")
            rows = (look + entry * dilation for entry in range(operator.window[place]))
            return tuple((*looks[:axis], row, *looks[axis + 1 :]) for row in rows)
    return (looks,)


def _loop(node: Node, loop: Loop, time: str) -> tuple[tuple[View, ...], ...]:
    """One step of a loop in time: the current row of each input, and all of what is shared."""
    if not runs_along(loop.time, time):
        raise NotByRows(node, f"a loop over '{loop.time.name}' around the sequence")
    if any(times(step.type, time) for step in loop.body):
        raise NotByRows(node, "a loop in time whose steps look at the whole sequence")
    if loop.reverse:
        raise ReadsAhead(node, node)
    initial, inputs, _ = loop.parted(node.inputs)
    stepped = range(len(initial), len(initial) + len(inputs))
    return tuple(
        (
            (0 if number in stepped else Look.OTHER, *(Look.OTHER,) * (operand.type.rank - 1))[
                : operand.type.rank
            ],
        )
        for number, operand in enumerate(node.inputs)
    )
