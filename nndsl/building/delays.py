"""A delayed value of which something is known from before the first step: its start, or what the window
before has left. It is a loop that does nothing but pass on.
"""

from __future__ import annotations

from dataclasses import replace

from nndsl.building.carrying import begin, is_carried, leave
from nndsl.building.layout import dimension_of
from nndsl.building.scope import Scope
from nndsl.building.term import Term
from nndsl.graph.builder import Builder
from nndsl.graph.types import Element, TensorType
from nndsl.operators.broadcasting import Expand, filled
from nndsl.operators.loop import Carry, Loop
from nndsl.operators.movement import Transpose
from nndsl.types import Axis


def delayed(scope: Scope, term: Term, axis: Axis, steps: int, start: Term | None) -> Term:
    """What a value was so many steps before, `y[t] = x[t - steps]`; before the first step it is its start."""
    build = scope.build
    term = term.real() if term.node.type.element is Element.TRUTH else term
    place = term.layout.keys.index(axis)
    order = (place, *(other for other in range(term.node.type.rank) if other != place))
    x = build(Transpose(order), term.node)
    carry = Carry(f"{term.node.name}[-{steps}]", steps)
    loop = _passing_on(carry, replace(x.type, dimensions=x.type.dimensions[1:]), axis)
    type = loop.state(carry).type
    initial = (
        filled(build, 0.0, type) if start is None else build(Expand((0,), type.dimensions[:1]), start.node)
    )
    if is_carried(scope, axis.set):
        initial = begin(scope, axis.set, carry.output, initial)
    node = build(loop, initial, x)
    if is_carried(scope, axis.set):
        leave(scope, loop, node)
    back = tuple(order.index(other) for other in range(len(order)))
    return replace(term, node=build(Transpose(back), build(loop.result("before"), node)))


def _passing_on(carry: Carry, type: TensorType, axis: Axis) -> Loop:
    """The loop that gives, as `before`, what it was handed so many steps before."""
    build = Builder()
    before, x = (build.argument(key, type) for key in (carry.key(carry.depth), "x"))
    body = build.graph({carry.output: x, "before": before})
    return Loop(body, dimension_of(axis), (carry,), ("x",))
