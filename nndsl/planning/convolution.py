"""The kernels of convolution and pooling. Their grids have three axes: those that are lacking are of 1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

from nndsl.graph.graph import Node
from nndsl.graph.types import Dimension, Element, TensorType
from nndsl.operators.convolution import Convolution, Convolve, ConvolveWeights
from nndsl.operators.pooling import MaxPool, MaxUnpool, Pooling, SumPool
from nndsl.planning.plan import Address, Argument, Count
from nndsl.types import Extent

AXES = 3
"""How many axes a kernel's grid has."""

WIDEST_LANES = 16
"""No machine's vectors have more entries."""

Extents = tuple[Extent, ...]


def scratch(node: Node) -> dict[str, TensorType]:
    """The memory that a node's kernel works in, in the order of its parameters, by a name for each."""
    operator = node.operator
    if not isinstance(operator, Convolution):
        return {}
    x, _, y = (value.type for value in operator.form(node))
    grid, places = (value.extents[-1 - len(operator.window) : -1] for value in (x, y))
    groups, taps = operator.groups, prod(operator.window)
    own, columns = (value.extents[-1].known or 0 for value in (x, y))
    own, columns = own // groups, columns // groups
    numbers = taps * own if isinstance(operator, ConvolveWeights) else taps + 1
    packed = max(own * whole_vectors(columns), columns * whole_vectors(own)) * taps * groups
    image = (*_bordered(operator, grid), Extent.of((x.extents[-1].known or 0) + WIDEST_LANES))
    weights = (
        {} if isinstance(operator, Convolve) else {"packed": _memory(Element.REAL, (Extent.of(packed),))}
    )
    return weights | {
        "image": _memory(Element.REAL, image),
        "rows": _memory(Element.INDEX, (*places, Extent.of(2))),
        "taps": _memory(Element.INDEX, (Extent.of(numbers),)),
    }


def convolution(
    node: Node, result: str, reads: tuple[str, ...], memory: Sequence[str], accumulate: bool
) -> tuple[str, tuple[Argument, ...]]:
    """The kernel call of an operator of convolution."""
    operator = node.operator
    assert isinstance(operator, Convolution)
    x, _, y = (value.type for value in operator.form(node))
    sides = len(operator.window)
    adds = (Count(int(accumulate)),) if isinstance(operator, ConvolveWeights) else ()
    sizes = (Count.of(x.extents[: -1 - sides]), Count.of(x.extents[-1:]), Count.of(y.extents[-1:]))
    geometry = (
        *_three(x.extents[-1 - sides : -1]),
        *_three(y.extents[-1 - sides : -1]),
        *_three(map(Extent.of, operator.window)),
        *_three(map(Extent.of, operator.stride)),
        *_three(map(Extent.of, operator.dilation)),
        *_three(map(Extent.of, operator.before), 0),
    )
    addresses = map(Address, (result, *reads, *memory))
    columns = (windows(node)[3],) if isinstance(operator, Convolve) else ()
    return operator.name, (*addresses, *adds, *sizes, Count(operator.groups), *columns, *geometry)


def windows(node: Node) -> tuple[Count, ...]:
    """What the kernel that packs the weights of a convolution is told: the sources and units of a group, the
    number of groups, how many units of each there are, and the size of a window."""
    operator = node.operator
    assert isinstance(operator, Convolve)
    units, source = (extent.known or 0 for extent in operator.form(node)[1].type.extents[:2])
    of_group = Count(units // operator.groups)
    return Count(source), of_group, Count(operator.groups), of_group, Count(prod(operator.window))


def pooling(node: Node, result: str, reads: tuple[str, ...]) -> tuple[str, tuple[Argument, ...]]:
    """The kernel call of an operator of pooling."""
    operator = node.operator
    assert isinstance(operator, Pooling)
    given = node.inputs[0].type
    x, y = (given, node.type) if isinstance(operator, MaxPool | SumPool) else (node.type, given)
    if isinstance(operator, MaxUnpool):
        y = node.inputs[1].type
    first, end = operator.axes[0], operator.axes[-1] + 1
    geometry = (
        *_three(x.extents[first:end]),
        *_three(y.extents[first:end]),
        *_three(map(Extent.of, operator.window)),
        *_three(map(Extent.of, operator.stride)),
        *_three(map(Extent.of, operator.before), 0),
    )
    name = operator.name
    if isinstance(operator, MaxPool):
        name, reads = ("max_pool", reads[:1]) if reads[0] == reads[1] else ("pick_pool", reads)
    return name, (
        *map(Address, (result, *reads)),
        Count.of(x.extents[:first]),
        Count.of(x.extents[end:]),
        *geometry,
    )


def _bordered(operator: Convolution, grid: Extents) -> Extents:
    borders = zip(grid, operator.before, operator.after, strict=True)
    return tuple(side.then(before + after) for side, before, after in borders)


def whole_vectors(columns: int) -> int:
    """So many entries, rounded up to whole vectors of any machine."""
    return -(-columns // WIDEST_LANES) * WIDEST_LANES


def _memory(element: Element, extents: Extents) -> TensorType:
    return TensorType(tuple(Dimension("scratch", extent) for extent in extents), element)


def _three(extents: Iterable[Extent], missing: int = 1) -> tuple[Count, ...]:
    """The numbers along three axes; the axes that are missing come first."""
    given = tuple(Count.of((extent,)) for extent in extents)
    return (Count(missing),) * (AXES - len(given)) + given
