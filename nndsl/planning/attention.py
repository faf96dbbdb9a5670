"""The kernels of attention and of its gradient, and the memory that they work in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nndsl.graph.graph import Node
from nndsl.graph.types import Dimension, Element, TensorType
from nndsl.operators.attention import Attention, AttentionGradient, AttentionPart
from nndsl.planning.plan import Address, Argument, Count, Instruction, Real
from nndsl.types import Extent

QUERIES_AT_ONCE = 64
KEYS_AT_ONCE = 512
"""The sides of a tile of scores: two of them stay in a core's own memory."""


def scratch(node: Node, users: Sequence[Node] = ()) -> dict[str, TensorType]:
    """The memory that a node's kernel works in, by a name for each part of it.

    Results of the gradient that none of the `users` takes are written there too.
    """
    if not isinstance(node.operator, Attention | AttentionGradient):
        return {}
    room = Extent.of(2 * QUERIES_AT_ONCE * KEYS_AT_ONCE + 3 * QUERIES_AT_ONCE)
    needed = {"tiles": TensorType((Dimension("scratch", room),), Element.REAL)}
    if isinstance(node.operator, AttentionGradient):
        taken = _taken(users)
        needed |= {f"part {place}": node.inputs[place].type for place in range(3) if place not in taken}
    return needed


def attention(
    node: Node, result: str, reads: Sequence[str], memory: Sequence[str]
) -> tuple[str, tuple[Argument, ...]]:
    """The kernel call of attention."""
    lengths = reads[3] if len(reads) > 3 else reads[0]
    return "attention", (*map(Address, (result, *reads[:3], lengths, *memory)), *_numbers(node))


def gradient(
    node: Node, users: Sequence[Node], buffer_of: Mapping[Node, str], memory: Sequence[str]
) -> Instruction:
    """The kernel call of attention's gradient, whose results the `users` take."""
    reads = tuple(buffer_of[operand] for operand in node.inputs)
    tiles, *rest = memory
    unasked, taken = iter(rest), _taken(users)
    results = [buffer_of[taken[place]] if place in taken else next(unasked) for place in range(3)]
    lengths = reads[3] if len(reads) > 5 else reads[0]
    places = (*results, *reads[:3], lengths, *reads[-2:], tiles)
    return Instruction(
        "attention_gradient",
        (*map(Address, places), *_numbers(node)),
        (node.name, *(taken[place].name for place in sorted(taken))),
        reads,
        tuple(buffer_of[taken[place]] for place in sorted(taken)),
        node.layer,
        node.span,
        tuple(memory),
    )


def _taken(users: Sequence[Node]) -> dict[int, Node]:
    """Who takes which result."""
    return {user.operator.place: user for user in users if isinstance(user.operator, AttentionPart)}


def _numbers(node: Node) -> tuple[Argument, ...]:
    """What the kernels of attention are told, in the order of their parameters."""
    operator = node.operator
    assert isinstance(operator, Attention | AttentionGradient)
    q, k, v = (operand.type.extents for operand in node.inputs[:3])
    first, units = operator.examples, operator.examples + 1 + operator.heads
    bounded = len(node.inputs) in (4, 6)
    return (
        Real(operator.scale),
        *map(Count, (int(operator.causal), int(bounded), QUERIES_AT_ONCE, KEYS_AT_ONCE)),
        *map(Count.of, (q[:first], q[first : first + 1], k[first : first + 1])),
        *map(Count.of, (q[first + 1 : units], q[units:], v[units:])),
    )
