"""The kernels of sweeps through coupled units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from nndsl.graph.graph import Node
from nndsl.graph.types import BATCH, FIRST, Dimension, Element, TensorType
from nndsl.operators.sweeps import Order, Sweeps
from nndsl.planning.plan import START, Address, Argument, Count, Real
from nndsl.types import Extent


def scratch(node: Node) -> dict[str, TensorType]:
    """The memory that a node's kernel works in, in the order of its parameters, by a name for each."""
    operator = node.operator
    if not isinstance(operator, Sweeps):
        return {}
    examples, units = node.type.extents
    both = {"nets": _memory(Element.REAL, examples, units), "order": _memory(Element.INDEX, units)}
    if operator.mode == "mean":
        return both
    return {
        **both,
        "reach": _memory(Element.REAL, units),
        "goal": _memory(Element.REAL, units.then(3)),
        "flips": _memory(Element.INDEX, examples),
    }


def sweeps(
    node: Node, result: str, reads: Sequence[str], memory: Sequence[str]
) -> tuple[str, tuple[Argument, ...]]:
    """The kernel call of sweeps."""
    operator = node.operator
    assert isinstance(operator, Sweeps)
    examples, units = node.type.extents
    end = operator.begin + operator.sweeps
    numbers = (get_args(Order).index(operator.order), operator.begin, end, operator.stream)
    sizes = (Count.of((examples,)), Count.of((units,)))
    shared: tuple[Argument, ...] = (*map(Count, numbers), *map(Real, operator.states))
    addresses: tuple[Argument, ...] = tuple(map(Address, (result, *reads, *memory)))
    if operator.mode == "mean":
        return "mean_sweeps", (*addresses, *shared, *sizes)
    first = Count.of((Extent(FIRST),)) if examples.symbol == BATCH else START
    return "state_sweeps", (*addresses, Count(int(operator.mode == "settle")), *shared, first, *sizes)


def _memory(element: Element, *extents: Extent) -> TensorType:
    return TensorType(tuple(Dimension("scratch", extent) for extent in extents), element)
