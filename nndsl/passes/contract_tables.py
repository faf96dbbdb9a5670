"""Contracts small tables instead of the many rows that are looked up in them, and so their gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from string import ascii_letters

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import Dimension, TensorType
from nndsl.operators.arithmetic import Add, Multiply
from nndsl.operators.broadcasting import Expand, Sum, filled, restored
from nndsl.operators.contraction import Contract
from nndsl.operators.lookup import Gather, ScatterAdd
from nndsl.operators.movement import reordered

ROWS_FEW = 128
"""A table of so few rows is taken to have fewer than are looked up in it, where sizes are open."""

Fewer = Callable[[Dimension, Node], bool]
"""Whether a table has fewer rows along a dimension than there are places to look up in it."""


def contract_tables(graph: Graph, sizes: Mapping[str, int] | None = None) -> Graph:
    """The graph in which products are made before a look-up, and sums by index before a product.

    `E[p]·W = (E·W)[p]`, and of its gradients `Σₜ dyₜ·E[pₜ] = D·E` and `Σₜ (dyₜ·W) at pₜ = D·W` with
    `D = Σₜ dyₜ at pₜ`: a row for each of the table's instead of one for each place t. So `Σₜ E[pₜ] = n·E`,
    and what is the same at each place becomes `n` times itself, with the number of places n of each row.
    `sizes` are those of open index sets, as far as they are known.
    """

    def fewer(rows: Dimension, places: Node) -> bool:
        symbols = {extent.symbol for extent in (rows.extent, *places.type.extents)} - {None}
        if sizes is not None and symbols <= sizes.keys():
            return rows.extent.value(sizes) < prod(places.type.shape(sizes))
        return _is_small(rows) and any(extent.known is None for extent in places.type.extents)

    def contracted(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        match node.operator:
            case Contract() as contract:
                left, right, result = contract.labels
                a, b = inputs
                return _looked_up(build, a, left, b, right, result, fewer) or _looked_up(
                    build, b, right, a, left, result, fewer
                )
            case Sum(axes=axes):
                return _summed(build, inputs[0], axes, fewer)
            case ScatterAdd(batch=0) as scatter if fewer(scatter.dimension, inputs[0]):
                return _added_up(build, scatter, inputs[0], inputs[1])
            case _:
                return None

    return rewrite(graph, contracted)


def _is_small(rows: Dimension) -> bool:
    return rows.extent.known is not None and rows.extent.known <= ROWS_FEW


def _looked_up(
    build: Builder, found: Node, labels: str, other: Node, others: str, result: str, fewer: Fewer
) -> Node | None:
    """The product of looked up rows and something else."""
    gather = found.operator
    if not isinstance(gather, Gather) or gather.batch:
        return None
    table, places = found.inputs
    rows = table.type.dimensions[gather.axis]
    at, rest = labels[: places.type.rank], labels[places.type.rank :]
    if not fewer(rows, places):
        return None
    row = next(letter for letter in ascii_letters if letter not in labels + others + result)
    own = rest[: gather.axis] + row + rest[gather.axis :]
    if set(at) <= set(result) and not set(at) & set(others) and set(rest) & set(others) - set(result):
        kept = "".join(label for label in result if label not in at)
        product = build(Contract.of(own, others, row + kept), table, other)
        return reordered(build, build(Gather(0), product, places), at + kept, result)
    if set(at) <= set(others) and not set(at) & set(result) and not set(rest) & set(others):
        kept = "".join(label for label in others if label not in at)
        values = reordered(build, other, others, at + kept)
        added = build(ScatterAdd(rows, 0), places, values)
        return build(Contract.of(row + kept, own, result), added, table)
    return None


def _summed(build: Builder, found: Node, axes: tuple[int, ...], fewer: Fewer) -> Node | None:
    """The sum of looked up rows over all places."""
    gather = found.operator
    if not isinstance(gather, Gather) or gather.batch:
        return None
    table, places = found.inputs
    rows = table.type.dimensions[gather.axis]
    if axes != tuple(range(places.type.rank)) or not fewer(rows, places):
        return None
    own = ascii_letters[: table.type.rank]
    row = own[gather.axis]
    return build(Contract.of(row, own, own.replace(row, "")), _count(build, rows, places), table)


def _count(build: Builder, rows: Dimension, places: Node) -> Node:
    """How often each row is looked up."""
    ones = filled(build, 1.0, TensorType(places.type.dimensions))
    return build(ScatterAdd(rows), places, ones)


def _added_up(build: Builder, scatter: ScatterAdd, places: Node, values: Node) -> Node | None:
    """The sum by index of products that are made for each place, or of what is the same at each; None where
    values are something else."""
    match values.operator:
        case Expand(new=new) if set(range(places.type.rank)) <= set(new):
            return _repeated(build, scatter, places, values)
        case Add():
            terms = [_added_up(build, scatter, places, term) for term in values.inputs]
            return build(Add(), *(term for term in terms if term)) if all(terms) else None
        case Contract() as contract:
            left, right, result = contract.labels
            a, b = values.inputs
            return _added_up_product(build, scatter, places, (a, left), (b, right), result) or (
                _added_up_product(build, scatter, places, (b, right), (a, left), result)
            )
        case _:
            return None


def _repeated(build: Builder, scatter: ScatterAdd, places: Node, values: Node) -> Node:
    """The sum by index of what is the same at each place."""
    assert isinstance(values.operator, Expand)
    result, rank = scatter.infer(places.type, values.type), places.type.rank
    rest = [axis for axis in range(result.rank) if axis != scatter.axis]
    new = [rest[axis - rank] for axis in values.operator.new if axis >= rank]
    once = restored(build, values.inputs[0], tuple(sorted([*new, scatter.axis])), result)
    return build(
        Multiply(), restored(build, _count(build, scatter.dimension, places), tuple(rest), result), once
    )


def _added_up_product(
    build: Builder,
    scatter: ScatterAdd,
    places: Node,
    each: tuple[Node, str],
    same: tuple[Node, str],
    result: str,
) -> Node | None:
    """The same for a product of what each place has and what is the same for all."""
    at, rest = result[: places.type.rank], result[places.type.rank :]
    if not set(at) <= set(each[1]) or set(at) & set(same[1]) or not set(each[1]) & set(same[1]):
        return None
    row = next(letter for letter in ascii_letters if letter not in each[1] + same[1])
    kept = "".join(label for label in each[1] if label not in at)
    added = build(ScatterAdd(scatter.dimension, 0), places, reordered(build, each[0], each[1], at + kept))
    target = rest[: scatter.axis] + row + rest[scatter.axis :]
    return build(Contract.of(row + kept, same[1], target), added, same[0])
