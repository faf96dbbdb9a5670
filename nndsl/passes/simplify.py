"""Replaces operators by simpler ones with the same value: `x·1`, `−(−x)`, a transposition undone.

Nothing here changes a result by more than the last bit of rounding, and what is not a number stays so.
`stop_gradient` has no value of its own to keep: differentiate first.
"""

from __future__ import annotations

from collections.abc import Callable

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.operators.arithmetic import Add, Divide, Multiply, Negate, Subtract
from nndsl.operators.broadcasting import Expand, Sum, filled, like
from nndsl.operators.comparisons import Not, Where
from nndsl.operators.contraction import Contract
from nndsl.operators.functions import Power, StopGradient
from nndsl.operators.leaves import Constant, Position, Size
from nndsl.operators.lookup import Gather, ScatterAdd
from nndsl.operators.movement import Flip, Pad, Reshape, Slice, Transpose
from nndsl.operators.operator import Operator
from nndsl.operators.reductions import Extremum, Max, Min
from nndsl.operators.windows import Windows

Inputs = tuple[Node, ...]


def simplify(graph: Graph) -> Graph:
    """The graph with each operator replaced where a simpler one does."""
    return rewrite(graph, _simplified)


def _simplified(build: Builder, node: Node, inputs: Inputs) -> Node | None:
    found, operator = None, node.operator
    while (rule := _RULES.get(type(operator))) and (simpler := rule(build, operator, inputs)):
        found, operator, inputs = simpler, simpler.operator, simpler.inputs
    return found


def constant(node: Node) -> float | None:
    """The number that every entry of a node is known to be."""
    entry = _equal_entry(node)
    return entry.operator.value if entry is not None and isinstance(entry.operator, Constant) else None


def _equal_entry(node: Node) -> Node | None:
    """The scalar that every entry of a node is."""
    while isinstance(node.operator, Expand):
        (node,) = node.inputs
    return None if node.type.rank else node


def _add(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    a, b = inputs
    if constant(a) == 0:
        return b
    if constant(b) == 0:
        return a
    (s, x), (t, y) = _number_times(a), _number_times(b)
    if x is y:
        return _scaled(build, s + t, x)
    if isinstance(b.operator, Negate):
        return build(Subtract(), a, b.inputs[0])
    if isinstance(a.operator, Negate):
        return build(Subtract(), b, a.inputs[0])
    return None


def _subtract(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    a, b = inputs
    if constant(b) == 0:
        return a
    if isinstance(b.operator, Negate):
        return build(Add(), a, b.inputs[0])
    return build(Negate(), b) if constant(a) == 0 else None


def _multiply(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    for x, factor in (inputs, inputs[::-1]):
        if constant(factor) == 1:
            return x
        if constant(factor) == -1:
            return build(Negate(), x)
        if isinstance(x.operator, Multiply) and (number := constant(factor)) is not None:
            second, other = _number_times(x)
            if other is not x:
                return _scaled(build, number * second, other)
    return None


def _number_times(node: Node) -> tuple[float, Node]:
    """A node as a number times a node."""
    if isinstance(node.operator, Multiply):
        for factor, x in (node.inputs, node.inputs[::-1]):
            if (number := constant(factor)) is not None:
                return number, x
    return 1.0, node


def _scaled(build: Builder, factor: float, x: Node) -> Node:
    return build(Multiply(), filled(build, factor, x.type), x)


def _divide(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    return inputs[0] if constant(inputs[1]) == 1 else None


def _power(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    x, exponent = inputs
    match constant(exponent):
        case 1:
            return x
        case 2:
            return build(Multiply(), x, x)
        case 3:
            return build(Multiply(), build(Multiply(), x, x), x)
        case -1:
            return build(Divide(), filled(build, 1.0, x.type), x)
    return None


def _negate(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    (x,) = inputs
    if isinstance(x.operator, Subtract):
        return build(Subtract(), x.inputs[1], x.inputs[0])
    return x.inputs[0] if isinstance(x.operator, Negate) else None


def _itself(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    return inputs[0]


def _gather(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    """Every row in its order: the whole table."""
    assert isinstance(operator, Gather)
    table, places = inputs
    axis = operator.axis
    if (
        not isinstance(places.operator, Position)
        or places.type.extents != table.type.extents[axis : axis + 1]
    ):
        return None
    rest = (other for other in range(table.type.rank) if other != axis)
    return None if operator.batch else build(Transpose((axis, *rest)), table)


def _not(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    (x,) = inputs
    return x.inputs[0] if isinstance(x.operator, Not) else None


def _where(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    condition, a, b = inputs
    known = constant(condition)
    if a is b or known is not None:
        return a if a is b or known else b
    return None


def _expand(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    assert isinstance(operator, Expand)
    (x,) = inputs
    if not operator.new:
        return x
    if not isinstance(x.operator, Expand):
        return None
    type = operator.infer(x.type)
    (source,) = x.inputs
    kept = [axis for axis in range(type.rank) if axis not in operator.new]
    new = tuple(sorted((*operator.new, *(kept[axis] for axis in x.operator.new))))
    return build(Expand(new, tuple(type.dimensions[axis] for axis in new)), source)


def _sum(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    assert isinstance(operator, Sum)
    (x,) = inputs
    if not operator.axes:
        return x
    if isinstance(x.operator, Sum):
        kept = [axis for axis in range(x.inputs[0].type.rank) if axis not in x.operator.axes]
        axes = tuple(sorted((*x.operator.axes, *(kept[axis] for axis in operator.axes))))
        return build(Sum(axes), x.inputs[0])
    if isinstance(x.operator, Expand) and set(operator.axes) <= set(x.operator.new):
        return _times_size(build, operator, x)
    return _reduction(build, operator, inputs)


def _reduction(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    """Over all of the last axes, which are others in another shape: over these."""
    assert isinstance(operator, Sum | Extremum)
    (x,) = inputs
    kept = x.type.rank - len(operator.axes)
    if not isinstance(x.operator, Reshape) or operator.axes != tuple(range(kept, x.type.rank)):
        return None
    (source,) = x.inputs
    if source.type.rank <= kept or source.type.extents[:kept] != x.type.extents[:kept]:
        return None
    return build(type(operator)(tuple(range(kept, source.type.rank))), source)


def _times_size(build: Builder, operator: Sum, x: Node) -> Node:
    """The sum of a repeated value over axes that it is repeated along: so many times the value."""
    assert isinstance(x.operator, Expand)
    size = build(Size(tuple(x.type.extents[axis] for axis in operator.axes)))
    places = [axis for axis in range(x.type.rank) if axis not in operator.axes]
    type = operator.infer(x.type)
    rest = tuple(place for place, axis in enumerate(places) if axis in x.operator.new)
    once = build(Expand(rest, tuple(type.dimensions[axis] for axis in rest)), x.inputs[0])
    return build(Multiply(), once, like(build, size, type))


def _transpose(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    assert isinstance(operator, Transpose)
    (x,) = inputs
    if list(operator.permutation) == list(range(x.type.rank)):
        return x
    if isinstance(x.operator, Transpose):
        inner = x.operator.permutation
        return build(Transpose(tuple(inner[axis] for axis in operator.permutation)), x.inputs[0])
    if isinstance(x.operator, Gather) and not x.operator.batch:
        table, places = x.inputs
        if turned := _among_first(operator, places.type.rank):
            return build(x.operator, table, build(turned, places))
    return _moved_constant(build, operator, inputs)


def _among_first(transpose: Transpose, count: int) -> Transpose | None:
    """The transposition of the first axes alone, where it leaves the others as they are."""
    first, rest = transpose.permutation[:count], transpose.permutation[count:]
    return Transpose(first) if list(rest) == list(range(count, count + len(rest))) else None


def _scatter_add(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    """Rows in another order add up to the same: the indices are turned, which are fewer numbers."""
    assert isinstance(operator, ScatterAdd)
    places, values = inputs
    if not isinstance(values.operator, Transpose) or operator.batch:
        return None
    if (turned := _among_first(values.operator, places.type.rank)) is None:
        return None
    return build(operator, build(turned.inverse(), places), values.inputs[0])


def _reshape(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    (x,) = inputs
    if operator.infer(x.type).extents == x.type.extents:
        return x
    if isinstance(x.operator, Reshape):
        return build(operator, x.inputs[0])
    if isinstance(x.operator, Expand) and operator.infer(x.type).extents == x.inputs[0].type.extents:
        return x.inputs[0]
    return _moved_constant(build, operator, inputs)


def _resize(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    assert isinstance(operator, Slice | Pad)
    (x,) = inputs
    if operator.before == operator.after == 0:
        return x
    moved = isinstance(operator, Slice) or operator.value == constant(x)
    return _moved_constant(build, operator, inputs) if moved else None


def _moved_constant(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    """Equal entries, moved: the same number in the new shape."""
    (x,) = inputs
    value = constant(x)
    return None if value is None else filled(build, value, operator.infer(x.type))


def _contract(build: Builder, operator: Operator, inputs: Inputs) -> Node | None:
    """Transposed operands: the labels in another order do the same. A number times each entry is no sum."""
    assert isinstance(operator, Contract)
    if scaled := _scaled_entries(build, operator, inputs):
        return scaled
    if not any(isinstance(x.operator, Transpose) for x in inputs):
        return None
    *labels, result = operator.labels
    sources = [_untransposed(x, text) for x, text in zip(inputs, labels, strict=True)]
    (a, left), (b, right) = sources
    return build(Contract.of(left, right, result), a, b)


def _scaled_entries(build: Builder, operator: Contract, inputs: Inputs) -> Node | None:
    """A product with equal entries that sums over nothing: the other operand, scaled, and repeated along
    the axes that it lacks."""
    left, right, result = operator.labels
    for x, labels, factor in ((inputs[0], left, inputs[1]), (inputs[1], right, inputs[0])):
        number = _equal_entry(factor)
        if number is not None and set(labels) <= set(result):
            type = operator.infer(*(operand.type for operand in inputs))
            order = tuple(labels.index(label) for label in result if label in labels)
            new = tuple(axis for axis, label in enumerate(result) if label not in labels)
            moved = build(Transpose(order), x)
            repeated = build(Expand(new, tuple(type.dimensions[axis] for axis in new)), moved)
            return build(Multiply(), like(build, number, type), repeated)
    return None


def _untransposed(node: Node, labels: str) -> tuple[Node, str]:
    if not isinstance(node.operator, Transpose):
        return node, labels
    inverse = node.operator.inverse().permutation
    return node.inputs[0], "".join(labels[axis] for axis in inverse)


_RULES: dict[type[Operator], Callable[[Builder, Operator, Inputs], Node | None]] = {
    Add: _add,
    Contract: _contract,
    Divide: _divide,
    Expand: _expand,
    Flip: _moved_constant,
    Gather: _gather,
    Max: _reduction,
    Min: _reduction,
    Multiply: _multiply,
    Negate: _negate,
    Not: _not,
    Pad: _resize,
    Power: _power,
    Reshape: _reshape,
    ScatterAdd: _scatter_add,
    Slice: _resize,
    StopGradient: _itself,
    Subtract: _subtract,
    Sum: _sum,
    Transpose: _transpose,
    Where: _where,
    Windows: _moved_constant,
}
