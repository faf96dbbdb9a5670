"""Joins `Σⱼ softmaxⱼ(scale · q[t]·k[j]) v[j]` as one operator: no matrix of all pairs is laid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_letters

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import BATCH, TensorType
from nndsl.operators.arithmetic import Add, Divide, Multiply, Subtract
from nndsl.operators.attention import Attention
from nndsl.operators.broadcasting import Expand, Sum
from nndsl.operators.comparisons import And, Equal, Less, LessEqual, ToReal, Where
from nndsl.operators.contraction import Contract
from nndsl.operators.functions import Exp, StopGradient
from nndsl.operators.leaves import Constant, Position
from nndsl.operators.movement import Reshape, Transpose, reordered
from nndsl.operators.reductions import Max
from nndsl.types import Extent

Condition = tuple[Node | None, str]
"""When a key j is seen: j ≤ t, with the labels `jt`; or where a node is given, that j is less than its value,
with the labels of j and of the node's axes."""

LONE = "1"
"""The label of axes of one place that are left out."""


def join_attention(graph: Graph) -> Graph:
    """The graph with attention as an operator, where nobody asks for its weights.

    A mask may hide the keys after a query, and those beyond a number that each example has. Gradients are
    best made afterwards: then they need no matrix of all pairs either.
    """
    new: dict[Node, Node] = {}
    outputs = set(graph.outputs.values())

    def joined(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        new.update(zip(node.inputs, inputs, strict=True))
        if not isinstance(node.operator, Contract):
            return None
        left, right, result = node.operator.labels
        for a, b in (((0, left), (1, right)), ((1, right), (0, left))):
            weights = _softmax_of_products(node.inputs[a[0]], a[1])
            if weights is None or not weights.inside.isdisjoint(outputs):
                continue
            if not _is_read_beside(graph, weights.inside, node):
                found = _attention(build, weights, node.inputs[b[0]], b[1], result, new)
                if found is not None:
                    return found
        return None

    return rewrite(graph, joined)


@dataclass(frozen=True)
class _Weights:
    """`softmaxⱼ(scale · q·k)` over the keys that are seen, with the labels of all axes.

    `inside` are the nodes that are only steps of it.
    """

    axes: str
    j: str
    scale: float
    q: Node
    q_axes: str
    k: Node
    k_axes: str
    seen: frozenset[Condition]
    inside: frozenset[Node]


def _softmax_of_products(node: Node, axes: str) -> _Weights | None:
    """What a node with these labels is, if it is that."""
    outer, outer_axes = _bare(node, axes)
    shown = _shown(outer, outer_axes)
    if shown is None:
        return None
    share, own_axes = _bare(shown[0], outer_axes)
    if not isinstance(share.operator, Divide) or own_axes != axes:
        return None
    found = _scores(share.inputs[0], _bare(share.inputs[1], axes)[0], axes)
    if found is None or not shown[1] <= found[1]:
        return None
    scores, seen, axis, inside = found
    scale, product = _scaled(scores)
    if not isinstance(product.operator, Contract):
        return None
    sides = list(zip(product.inputs, _renamed(product.operator, axes), strict=True))
    (q, q_axes), (k, k_axes) = sides if axes[axis] in sides[1][1] else reversed(sides)
    steps = frozenset({node, outer, share, scores, product, *inside})
    return _Weights(axes, axes[axis], scale, q, q_axes, k, k_axes, seen, steps)


def _scores(
    shares: Node, total: Node, axes: str
) -> tuple[Node, frozenset[Condition], int, frozenset[Node]] | None:
    """What exponentials over their sum are the softmax of, which of it is seen, along which axis, and the
    steps in between."""
    steps = {shares, total}
    if isinstance(total.operator, Add):  # where nothing is seen the sum is made 1
        empty = total.inputs[1]
        if not isinstance(empty.operator, ToReal) or not isinstance(empty.inputs[0].operator, Equal):
            return None
        steps |= {empty, empty.inputs[0]}
        total = total.inputs[0]
        if empty.inputs[0].inputs[0] is not total or _number(empty.inputs[0].inputs[1]) != 0:
            return None
    if not (isinstance(shares.operator, Exp) and isinstance(total.operator, Sum)):
        return None
    if total.inputs[0] is not shares or len(total.operator.axes) != 1:
        return None
    difference, mask = _masked(shares.inputs[0])
    if not isinstance(difference.operator, Subtract):
        return None
    scores, greatest = difference.inputs[0], _bare(difference.inputs[1], axes)[0]
    if isinstance(greatest.operator, StopGradient):
        steps.add(greatest)
        greatest = greatest.inputs[0]
    if not isinstance(greatest.operator, Max) or greatest.operator.axes != total.operator.axes:
        return None
    compared, same = _masked(greatest.inputs[0])
    seen = frozenset() if mask is None else _conditions(mask, axes)
    if compared is not scores or same is not mask or seen is None:
        return None
    steps |= {total, shares.inputs[0], difference, greatest, greatest.inputs[0]}
    return scores, seen, total.operator.axes[0], frozenset(steps)


def _masked(node: Node) -> tuple[Node, Node | None]:
    """A value, and the condition outside of which it is replaced by a number that no score falls below."""
    if isinstance(node.operator, Where) and (_number(node.inputs[2]) or 0.0) <= -1e30:
        return node.inputs[1], node.inputs[0]
    return node, None


def _shown(node: Node, axes: str) -> tuple[Node, frozenset[Condition]] | None:
    """A value, and the conditions outside of which it is replaced by 0; None where they are others."""
    if not (isinstance(node.operator, Where) and _number(node.inputs[2]) == 0):
        return node, frozenset()
    conditions = _conditions(node.inputs[0], axes)
    return None if conditions is None else (node.inputs[1], conditions)


def _conditions(node: Node, axes: str) -> frozenset[Condition] | None:
    """The conditions that a truth is the conjunction of; None where it has others."""
    node, axes = _bare(node, axes)
    if isinstance(node.operator, And):
        first, second = (_conditions(part, axes) for part in node.inputs)
        return None if first is None or second is None else first | second
    if not isinstance(node.operator, Less | LessEqual):
        return None
    (key, j), (bound, others) = (_bare(part, axes) for part in node.inputs)
    if not isinstance(key.operator, Position):
        return None
    if isinstance(bound.operator, Position):
        return frozenset({(None, j + others)}) if isinstance(node.operator, LessEqual) else None
    return frozenset({(bound, j + others)}) if isinstance(node.operator, Less) else None


def _bare(node: Node, axes: str) -> tuple[Node, str]:
    """What a value repeats, transposes, or has without axes of one place, and the labels of its axes."""
    while True:
        match node.operator:
            case Expand(new=new):
                axes = "".join(label for axis, label in enumerate(axes) if axis not in new)
            case Transpose() as transpose:
                axes = "".join(axes[axis] for axis in transpose.inverse().permutation)
            case Reshape() if _many(node.type) == _many(node.inputs[0].type) == list(node.type.extents):
                kept = iter(axes)
                axes = "".join(
                    LONE if extent.known == 1 else next(kept) for extent in node.inputs[0].type.extents
                )
            case _:
                return node, axes
        (node,) = node.inputs


def _many(type: TensorType) -> list[Extent]:
    """The extents of more than one place, or of an unknown number."""
    return [extent for extent in type.extents if extent.known != 1]


def _number(node: Node) -> float | None:
    """The number that all entries of a node are, if that is known."""
    node, _ = _bare(node, "")
    return node.operator.value if isinstance(node.operator, Constant) else None


def _scaled(node: Node) -> tuple[float, Node]:
    """A number, and what it is multiplied by."""
    match node.operator:
        case Divide() if (number := _number(node.inputs[1])) is not None:
            return 1 / number, node.inputs[0]
        case Multiply():
            for factor, other in (node.inputs, node.inputs[::-1]):
                if (number := _number(factor)) is not None:
                    return number, other
    return 1.0, node


def _renamed(product: Contract, axes: str) -> tuple[str, str]:
    """The labels of a product's operands, where those of its result are these."""
    left, right, result = product.labels
    names = dict(zip(result, axes, strict=True))
    free = iter(label for label in ascii_letters if label not in axes)
    for label in left:
        if label not in names:
            names[label] = next(free)
    return "".join(names[x] for x in left), "".join(names[x] for x in right)


def _is_read_beside(graph: Graph, steps: frozenset[Node], result: Node) -> bool:
    """Whether something else than the result reads a step of it that has real numbers."""
    return any(user not in steps and user is not result for step in steps for user in _readers(graph, step))


def _readers(graph: Graph, node: Node) -> list[Node]:
    """Who reads a node, however it is repeated and rearranged."""
    found: list[Node] = []
    for user in graph.users[node]:
        moved = isinstance(user.operator, Expand | Transpose | Reshape)
        found += _readers(graph, user) if moved else [user]
    return found


def _attention(
    build: Builder, weights: _Weights, values: Node, v_axes: str, result: str, new: Mapping[Node, Node]
) -> Node | None:
    """The operator for weighted values; None where the axes are not those of attention."""
    shown = _shown(values, v_axes)
    own = [x for x in weights.axes if x in weights.q_axes and x not in weights.k_axes]
    if shown is None or len(own) != 1 or weights.j in result or own[0] in v_axes:
        return None
    t, j = own[0], weights.j
    examples, behind = weights.q_axes.split(t)
    heads = "".join(x for x in behind if x in weights.axes)
    extents = dict(zip(weights.q_axes, weights.q.type.extents, strict=True))
    extents |= dict(zip(weights.k_axes, weights.k.type.extents, strict=True))
    lengths = [bound for bound, labels in weights.seen if bound is not None]
    known = {(None, j + t), *((bound, j + examples) for bound in lengths)}
    fits = weights.seen <= known and shown[1] <= weights.seen and len(lengths) <= 1
    fits = fits and set(examples + t + heads + j) == set(weights.axes)
    if not fits or BATCH in (extents[t].symbol, extents[j].symbol):
        return None
    inner = "".join(x for x in behind if x not in weights.axes)
    units = "".join(x for x in v_axes if x not in weights.axes)
    if set(v_axes) != set(examples + j + heads + units):
        return None
    operator = Attention(len(examples), len(heads), weights.scale, (None, j + t) in weights.seen)
    operands = [
        reordered(build, new[weights.q], weights.q_axes, examples + t + heads + inner),
        reordered(build, new[weights.k], weights.k_axes, examples + j + heads + inner),
        reordered(build, new[shown[0]], v_axes, examples + j + heads + units),
    ]
    mixed = build(operator, *operands, *(new[bound] for bound in lengths))
    return reordered(build, mixed, examples + t + heads + units, result)
