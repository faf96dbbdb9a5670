"""State that goes on from window to window, where long sequences are learned in windows.

What a loop begins with is handed in, as the loop over the window before has left it, and what it leaves is
an output of the graph. No gradient goes further back (truncated backpropagation through time, Williams and
Peng 1990). Where a window is the first of its sequence, the loop begins as ever.
"""

from __future__ import annotations

from nndsl.building.layout import BATCH_DIMENSION
from nndsl.building.scope import Scope
from nndsl.graph.graph import Node
from nndsl.graph.types import Element, TensorType
from nndsl.operators.broadcasting import Expand
from nndsl.operators.comparisons import Equal, Where
from nndsl.operators.leaves import Constant, Input
from nndsl.operators.loop import CARRIED, Loop
from nndsl.operators.movement import Transpose
from nndsl.types import IndexSet, SetKind, begin_key


def is_carried(scope: Scope, time: IndexSet) -> bool:
    """Whether loops along a set go on from window to window."""
    return scope.carries and time.kind is SetKind.SEQUENCE


def begin(scope: Scope, time: IndexSet, name: str, start: Node) -> Node:
    """What a carried value begins a window with, `[depth, batch, …]`; `start` where a sequence begins."""
    build, type = scope.build, start.type
    depth, batch, *rest = type.dimensions
    leaf = Input(CARRIED + name, TensorType((batch, depth, *rest), type.element))
    flag = Input(begin_key(time.name), TensorType((BATCH_DIMENSION,), Element.INDEX))
    before = build(Transpose(_exchanged(type)), build.leaf(leaf))
    with build.at(None, None):
        none = build(Expand((0,), (BATCH_DIMENSION,)), build(Constant(0, Element.INDEX)))
        goes_on = build(Equal(), build.leaf(flag), none)
    new = (0, *range(2, type.rank))
    everywhere = build(Expand(new, tuple(type.dimensions[axis] for axis in new)), goes_on)
    return build(Where(), everywhere, before, start)


def leave(scope: Scope, loop: Loop, node: Node) -> None:
    """Makes what a loop leaves an output."""
    for carry in loop.carries:
        state = scope.build(loop.state(carry), node)
        left = scope.build(Transpose(_exchanged(state.type)), state)
        scope.carried[CARRIED + carry.output] = left


def _exchanged(type: TensorType) -> tuple[int, ...]:
    """The permutation that exchanges the depth and the batch."""
    return (1, 0, *range(2, type.rank))
