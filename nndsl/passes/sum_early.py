"""Sums before products, where both give the same: over time, above all, of what loops give for each step."""

from __future__ import annotations

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.operators.arithmetic import Add, Multiply, Negate, Subtract
from nndsl.operators.broadcasting import Expand, Sum, restored
from nndsl.operators.contraction import Contract
from nndsl.operators.movement import Reshape, Transpose

Axes = tuple[int, ...]


def sum_early(graph: Graph) -> Graph:
    """The graph in which contractions sum over what is summed of their results.

    The gradient of weights that a loop uses at each step is thus one contraction over all of time.
    """
    return rewrite(graph, _summed)


def _summed(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
    if isinstance(node.operator, Sum) and _absorbs(inputs[0], node.operator.axes):
        return _sum(build, inputs[0], node.operator.axes)
    return None


def _absorbs(x: Node, axes: Axes) -> bool:
    """Whether a sum over axes can become part of a contraction that x is made of."""
    match x.operator:
        case Contract() as contract:
            apart = [_alone(contract, side, axes) for side in (0, 1)]
            sides = zip(x.inputs, apart, strict=True)
            return bool(axes) and all(not alone or _absorbs(side, alone) for side, alone in sides)
        case Transpose() as transpose:
            return _absorbs(x.inputs[0], _before(transpose, axes))
        case Reshape() if _leading(x, axes):
            return _absorbs(x.inputs[0], axes)
        case Multiply():
            return any(_same_along(a, axes) and _absorbs(b, axes) for a, b in (x.inputs, x.inputs[::-1]))
        case Add() | Subtract() | Negate():
            return any(_absorbs(term, axes) for term, _ in _terms(x) if term is not x)
        case _:
            return False


def _sum(build: Builder, x: Node, axes: Axes) -> Node:
    """The sum of x over axes, taken as early as can be."""
    if not _absorbs(x, axes):
        return build(Sum(axes), x)
    match x.operator:
        case Contract() as contract:
            return _sum_of_contraction(build, x, contract, axes)
        case Transpose() as transpose:
            summed = _sum(build, x.inputs[0], _before(transpose, axes))
            kept = [place for axis, place in enumerate(transpose.permutation) if axis not in axes]
            return build(Transpose(tuple(sorted(kept).index(place) for place in kept)), summed)
        case Reshape(dimensions=dimensions):
            return build(Reshape(dimensions[len(axes) :]), _sum(build, x.inputs[0], axes))
        case Multiply():
            same, other = x.inputs if _same_along(x.inputs[0], axes) else x.inputs[::-1]
            summed = _sum(build, other, axes)
            return build(Multiply(), _without(build, same, axes), summed)
        case _:
            return _sum_of_terms(build, x, axes)


def _sum_of_contraction(build: Builder, x: Node, contract: Contract, axes: Axes) -> Node:
    labels = list(contract.labels)
    summed = {labels[2][axis] for axis in axes}
    sides = []
    for place, side in enumerate(x.inputs):
        alone = _alone(contract, place, axes)
        sides.append(_sum(build, side, alone) if alone else side)
        labels[place] = "".join(label for axis, label in enumerate(labels[place]) if axis not in alone)
    labels[2] = "".join(label for label in labels[2] if label not in summed)
    return build(Contract.of(*labels), *sides)


def _sum_of_terms(build: Builder, x: Node, axes: Axes) -> Node:
    (first, sign), *rest = _terms(x)
    total = _sum(build, first, axes)
    total = total if sign > 0 else build(Negate(), total)
    for term, sign in rest:
        total = build(Add() if sign > 0 else Subtract(), total, _sum(build, term, axes))
    return total


def _terms(x: Node) -> list[tuple[Node, int]]:
    """What a value is the sum of, each with its sign; a sum that occurs again is not taken apart again."""
    found: list[tuple[Node, int]] = []
    pending, seen = [(x, 1)], set[Node]()
    while pending:
        node, sign = pending.pop()
        if node in seen or not isinstance(node.operator, Add | Subtract | Negate):
            found.append((node, sign))
            continue
        seen.add(node)
        signs = {Add: (sign, sign), Subtract: (sign, -sign), Negate: (-sign,)}[type(node.operator)]
        pending += reversed(list(zip(node.inputs, signs, strict=True)))
    return found


def _alone(contract: Contract, side: int, axes: Axes) -> Axes:
    """The axes of one operand that are summed and that the other operand does not have."""
    own, other = contract.labels[side], contract.labels[1 - side]
    summed = {contract.labels[2][axis] for axis in axes} - set(other)
    return tuple(axis for axis, label in enumerate(own) if label in summed)


def _before(transpose: Transpose, axes: Axes) -> Axes:
    return tuple(sorted(transpose.permutation[axis] for axis in axes))


def _leading(x: Node, axes: Axes) -> bool:
    """Whether these are the first axes, and a reshape leaves them as they are."""
    count = len(axes)
    return axes == tuple(range(count)) and x.inputs[0].type.extents[:count] == x.type.extents[:count]


def _same_along(x: Node, axes: Axes) -> bool:
    return isinstance(x.operator, Expand) and set(axes) <= set(x.operator.new)


def _without(build: Builder, x: Node, axes: Axes) -> Node:
    """A repeated value, not repeated along these axes."""
    assert isinstance(x.operator, Expand)
    type = Sum(axes).infer(x.type)
    kept = [axis for axis in range(x.type.rank) if axis not in axes]
    return restored(build, x.inputs[0], tuple(kept.index(a) for a in x.operator.new if a in kept), type)
