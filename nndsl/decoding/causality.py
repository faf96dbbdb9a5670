"""Whether the current row of each value depends on later rows: the facts of `reach`, from value to value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nndsl.decoding.reach import FALSE, Fact, Linear, Reach, elementwise, product
from nndsl.decoding.rows import Look, ReadsAhead, View, axes
from nndsl.graph.graph import Node
from nndsl.operators.broadcasting import Expand, Sum
from nndsl.operators.contraction import Contract
from nndsl.operators.leaves import Constant, Position
from nndsl.operators.movement import Reshape, Transpose
from nndsl.operators.operator import Elementwise


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a view at later rows j, along each axis of which all rows are looked at.

    `plain` is the same for a value without such an axis: what it is wherever it is repeated along one.
    """

    plain: Fact = Reach.SEEN
    along: dict[int, Fact] = field(default_factory=dict)

    def at(self, axis: int | None) -> Fact:
        return self.plain if axis is None else self.along.get(axis, self.plain)


def kept(view: View) -> Facts:
    """Of what is kept, all rows may hold anything."""
    return Facts(along={axis: Reach.AHEAD for axis, look in enumerate(view) if look is Look.ALL})


def leaf(node: Node, view: View) -> Facts:
    """Of a value without operands."""
    match node.operator:
        case Constant(value=value):
            return Facts(Linear(float(value)))
        case Position() if view == (Look.ALL,):
            return Facts(along={0: Linear(0.0, later=1.0)})
        case Position() if isinstance(view[0], int):
            return Facts(Linear(float(view[0]), row=1.0))
        case _:
            return Facts()


def combined(node: Node, view: View, operands: Sequence[tuple[View, Facts]]) -> Facts:
    """Of a value from those of its operands.

    Raises ReadsAhead where it sums up, or picks from, later rows that are not ruled out.
    """
    sources = axes(node)
    summed = False
    for number, ((seen, _), of) in enumerate(zip(operands, sources, strict=True)):
        for axis, look in enumerate(seen):
            if look is Look.ALL and of[axis] is None:
                summed = True
                if _summand(node, number, axis, operands) is Reach.AHEAD:
                    raise ReadsAhead(node, node.inputs[number])
    along = {}
    for axis in (axis for axis, look in enumerate(view) if look is Look.ALL):
        places = (of.index(axis) if axis in of else None for of in sources)
        along[axis] = _fact(node, [facts.at(k) for (_, facts), k in zip(operands, places, strict=True)])
    if along or summed:
        return Facts(along=along)
    return Facts(_fact(node, [facts.plain for _, facts in operands]))


def _summand(node: Node, number: int, axis: int, operands: Sequence[tuple[View, Facts]]) -> Fact:
    """The fact of what is summed up along an axis of an operand."""
    if not isinstance(node.operator, Contract):
        return operands[number][1].at(axis)
    labels = node.operator.labels[:2]
    places = (of.find(labels[number][axis]) for of in labels)
    a, b = (facts.at(k if k >= 0 else None) for (_, facts), k in zip(operands, places, strict=True))
    return product(a, b)


def _fact(node: Node, facts: list[Fact]) -> Fact:
    match node.operator:
        case Elementwise():
            return elementwise(node.operator, facts)
        case Contract():
            return product(*facts)
        case Expand() | Reshape() | Transpose():
            return facts[0]
        case Sum() if facts[0] == FALSE:
            return FALSE
        case _:
            return Reach.AHEAD if Reach.AHEAD in facts else Reach.SEEN
