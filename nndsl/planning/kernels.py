"""The library kernels for an operator of its own: everything that is not fused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from nndsl.graph.graph import Node
from nndsl.graph.types import FIRST, Element, TensorType
from nndsl.operators.contraction import Contract
from nndsl.operators.lookup import Gather, ScatterAdd
from nndsl.operators.movement import Concatenate, Flip, Pad, Slice, Transpose
from nndsl.operators.operator import Operator
from nndsl.operators.random import Normal, Uniform
from nndsl.operators.windows import Fold, Windows
from nndsl.planning.contraction import product
from nndsl.planning.plan import Address, Argument, Count, Instruction, Real
from nndsl.types import Extent

Calls = Iterator[tuple[str, tuple[Argument, ...]]]

SUFFIX = {Element.REAL: "", Element.INDEX: "_indices", Element.TRUTH: "_truths"}
"""What kernels that copy are called, by element."""


ACCUMULATE = (Contract, ScatterAdd)
"""The operators whose kernels can add to what their buffer holds."""


START = Count(0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a box begins: some entries into a buffer."""

    buffer: str
    entries: Count = START


class NoKernel(Exception):
    """An operator that no kernel of the library covers: a defect of the planner."""


def instructions(node: Node, buffer_of: Mapping[Node, str], accumulate: bool) -> Iterator[Instruction]:
    """The kernel calls that compute a node, or add it to what its buffer holds. Raises NoKernel."""
    reads = tuple(buffer_of[operand] for operand in node.inputs)
    result = buffer_of[node]
    for kernel, arguments in _calls(node, node.operator, result, reads, accumulate):
        yield Instruction(kernel, arguments, (node.name,), reads, (result,), node.layer, node.span)


def _calls(node: Node, operator: Operator, result: str, reads: tuple[str, ...], accumulate: bool) -> Calls:
    type = node.type
    given = [operand.type for operand in node.inputs]
    match operator:
        case Contract():
            yield _matrix_product(node, result, reads, accumulate)
        case Transpose(permutation=permutation):
            strides = _strides(given[0])
            yield _copy(type, Place(result), Place(reads[0]), [strides[axis] for axis in permutation])
        case Slice(axis=axis, before=before):
            source = _further(reads[0], before, _strides(given[0])[axis])
            yield _copy(type, Place(result), source, _strides(given[0]))
        case Pad(axis=axis, before=before, value=value):
            yield _fill(type, result, value)
            target = _further(result, before, _strides(type)[axis])
            yield _copy(given[0], target, Place(reads[0]), _strides(given[0]), _strides(type))
        case Concatenate(axis=axis):
            place = 0
            for part, name in zip(given, reads, strict=True):
                target = _further(result, place, _strides(type)[axis])
                yield _copy(part, target, Place(name), _strides(part), _strides(type))
                place += part.extents[axis].known or 0
        case Flip(axis=axis):
            strides = _strides(given[0])
            last = Count(1, (type.extents[axis].then(-1),))
            backwards = [_times(s, -1) if a == axis else s for a, s in enumerate(strides)]
            source = Place(reads[0], _product(last, strides[axis]))
            yield _copy(type, Place(result), source, backwards)
        case Windows():
            strides = _window_strides(operator, _strides(given[0]))
            yield _copy(type, Place(result), Place(reads[0]), strides)
        case Fold():
            yield _fill(type, result, 0.0)
            strides = _window_strides(operator, _strides(type))
            layout = (*_sizes(given[0]), *_strides(given[0]), *strides)
            places = (Address(result), Count(0), Address(reads[0]), Count(0))
            yield "strided_add", (*places, Count(given[0].rank), *layout)
        case Gather(axis=axis, batch=batch):
            yield "gather", (*map(Address, (result, *reads)), *_lookup_sizes(given[0], given[1], axis, batch))
        case ScatterAdd(axis=axis, batch=batch):
            if not accumulate:
                yield _fill(type, result, 0.0)
            yield (
                "scatter_add",
                (*map(Address, (result, *reads)), *_lookup_sizes(type, given[0], axis, batch)),
            )
        case Uniform(stream=stream) | Normal(stream=stream):
            first = Count(1, (Extent(FIRST), *type.extents[1:]))
            entries = (Count(stream), first, _count(type.extents))
            yield operator.name, (*map(Address, (result, *reads)), *entries)
        case _:
            raise NoKernel(f"no kernel computes {operator.name}")


def _matrix_product(
    node: Node, result: str, reads: tuple[str, ...], accumulate: bool
) -> tuple[str, tuple[Argument, ...]]:
    found = product(node)
    assert found is not None, "contractions have been aligned"
    a, b = reversed(reads) if found.swapped else reads
    arguments: tuple[Argument, ...] = (
        *map(Address, (result, a, b)),
        *(found.m, found.n, found.k),
        *(Count(int(matrix.transposed)) for matrix in (found.a, found.b)),
        *(matrix.leading for matrix in (found.a, found.b, found.c)),
        *(Real(1.0), Real(float(accumulate))),
    )
    if found.batch == Count(1):
        return "gemm", arguments
    steps = (matrix.batch_stride for matrix in (found.a, found.b, found.c))
    a_step, b_step, c_step = steps
    return "batched_gemm", (*arguments, found.batch, a_step, b_step, c_step)


def _copy(
    box: TensorType,
    target: Place,
    source: Place,
    source_strides: Sequence[Count],
    target_strides: Sequence[Count] | None = None,
) -> tuple[str, tuple[Argument, ...]]:
    """A box of entries from one layout to another; the target's is without gaps unless it is given."""
    layout = (*_sizes(box), *source_strides, *(target_strides or _strides(box)))
    places = (Address(target.buffer), target.entries, Address(source.buffer), source.entries)
    return f"strided_copy{SUFFIX[box.element]}", (*places, Count(box.rank), *layout)


def _fill(type: TensorType, result: str, value: float) -> tuple[str, tuple[Argument, ...]]:
    number: Argument = Real(value) if type.element is Element.REAL else Count(int(value))
    return f"fill{SUFFIX[type.element]}", (Address(result), _count(type.extents), number)


def _lookup_sizes(table: TensorType, places: TensorType, axis: int, batch: int) -> tuple[Count, ...]:
    """How kernels see a table with rows along an axis: batches, places in each, before, rows, after."""
    extents = table.extents
    return (
        _count(extents[:batch]),
        _count(places.extents[batch:]),
        _count(extents[batch:axis]),
        _count(extents[axis : axis + 1]),
        _count(extents[axis + 1 :]),
    )


def _window_strides(operator: Windows | Fold, strides: Sequence[Count]) -> list[Count]:
    """The strides of all windows within a grid: from window to window, then inside a window."""
    between, inside = list(strides), []
    for axis, step, dilation in zip(operator.axes, operator.stride, operator.dilation, strict=True):
        between[axis] = _times(strides[axis], step)
        inside.append(_times(strides[axis], dilation))
    return [*between, *inside]


def _strides(type: TensorType) -> list[Count]:
    """Entries from one place to the next along each axis, stored row-major."""
    return [_count(type.extents[axis + 1 :]) for axis in range(type.rank)]


def _sizes(type: TensorType) -> list[Count]:
    return [_count((extent,)) for extent in type.extents]


def _count(extents: Sequence[Extent]) -> Count:
    return Count(
        prod(e.known for e in extents if e.known is not None), tuple(e for e in extents if e.known is None)
    )


def _times(count: Count, number: int) -> Count:
    return Count(count.factor * number, count.extents)


def _product(first: Count, second: Count) -> Count:
    return Count(first.factor * second.factor, first.extents + second.extents)


def _further(buffer: str, places: int, stride: Count) -> Place:
    return Place(buffer, _times(stride, places))
