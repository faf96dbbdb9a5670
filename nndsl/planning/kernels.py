"""The library kernels for an operator of its own: everything that is not fused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nndsl.graph.graph import Node
from nndsl.graph.types import BATCH, FIRST, Element, TensorType
from nndsl.operators.attention import Attention
from nndsl.operators.broadcasting import Repeat
from nndsl.operators.contraction import AddContract, Contract
from nndsl.operators.convolution import Convolution, ConvolveWeights
from nndsl.operators.lookup import Gather, GatherAdd, Scatter, ScatterAdd
from nndsl.operators.movement import Concatenate, Flip, Pad, Slice, Transpose
from nndsl.operators.operator import Operator
from nndsl.operators.pooling import Pooling
from nndsl.operators.random import Normal, Uniform
from nndsl.operators.sparse import RowOrder, RowStarts, SparseProduct
from nndsl.operators.sweeps import Sweeps
from nndsl.operators.threads import AllReduce
from nndsl.operators.windows import Fold, Windows
from nndsl.planning.attention import attention
from nndsl.planning.contraction import product
from nndsl.planning.convolution import convolution, pooling
from nndsl.planning.plan import START, Address, Argument, Count, Instruction, Real
from nndsl.planning.sweeps import sweeps
from nndsl.types import Extent

Calls = Iterator[tuple[str, tuple[Argument, ...]]]

SUFFIX = {Element.REAL: "", Element.INDEX: "_indices", Element.TRUTH: "_truths"}
"""What kernels that copy are called, by element."""


ALL_REDUCE = "all_reduce"
"""The kernel before and after which threads meet. A plan's calls of it are those of one thread."""

ACCUMULATE = (Contract, ConvolveWeights, ScatterAdd)
"""The operators whose kernels can add to what their buffer holds."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a box begins: some entries into a buffer."""

    buffer: str
    entries: Count = START


def scratch(node: Node) -> dict[str, TensorType]:
    """The buffers that a look-up's kernel works in, by purpose."""
    if not isinstance(node.operator, RowOrder):
        return {}
    dimension = node.operator.dimension
    return {"next": RowStarts(dimension).infer(*(operand.type for operand in node.inputs))}


class NoKernel(Exception):
    """An operator that no kernel of the library covers: a defect of the planner."""


def instructions(
    node: Node, buffer_of: Mapping[Node, str], accumulate: bool, memory: tuple[str, ...] = ()
) -> Iterator[Instruction]:
    """The kernel calls that compute a node, or add it to what its buffer holds. Raises NoKernel.

    `memory` are the buffers that its kernel works in.
    """
    reads = tuple(buffer_of[operand] for operand in node.inputs)
    result = buffer_of[node]
    for kernel, arguments in _calls(node, node.operator, result, reads, accumulate, memory):
        yield Instruction(kernel, arguments, (node.name,), reads, (result,), node.layer, node.span, memory)


def _calls(
    node: Node,
    operator: Operator,
    result: str,
    reads: tuple[str, ...],
    accumulate: bool,
    memory: tuple[str, ...],
) -> Calls:
    type = node.type
    given = [operand.type for operand in node.inputs]
    match operator:
        case Contract():
            yield _matrix_product(node, result, reads, accumulate)
        case AddContract():
            yield _matrix_product(node, result, reads[1:], True)
        case Attention():
            yield attention(node, result, reads, memory)
        case Convolution():
            yield convolution(node, result, reads, memory, accumulate)
        case Pooling():
            yield pooling(node, result, reads)
        case AllReduce():
            addresses = map(Address, (result, *reads))
            yield ALL_REDUCE, (*addresses, Count.of(type.extents), Count(1), Count(0))
        case Transpose(permutation=permutation):
            strides = strides_of(given[0])
            yield copy(type, Place(result), Place(reads[0]), [strides[axis] for axis in permutation])
        case Repeat(new=new):
            kept = iter(strides_of(given[0]))
            yield copy(
                type,
                Place(result),
                Place(reads[0]),
                [START if axis in new else next(kept) for axis in range(type.rank)],
            )
        case Slice(axis=axis, before=before):
            source = _further(reads[0], before, strides_of(given[0])[axis])
            yield copy(type, Place(result), source, strides_of(given[0]))
        case Pad(axis=axis, before=before, value=value):
            yield _fill(type, result, value)
            target = _further(result, before, strides_of(type)[axis])
            yield copy(given[0], target, Place(reads[0]), strides_of(given[0]), strides_of(type))
        case Concatenate(axis=axis):
            place = 0
            for part, name in zip(given, reads, strict=True):
                target = _further(result, place, strides_of(type)[axis])
                yield copy(part, target, Place(name), strides_of(part), strides_of(type))
                place += part.extents[axis].known or 0
        case Flip(axis=axis):
            strides = strides_of(given[0])
            last = Count(1, (type.extents[axis].then(-1),))
            backwards = [s.times(-1) if a == axis else s for a, s in enumerate(strides)]
            source = Place(reads[0], last.times(strides[axis]))
            yield copy(type, Place(result), source, backwards)
        case Windows():
            strides = _window_strides(operator, strides_of(given[0]))
            yield copy(type, Place(result), Place(reads[0]), strides)
        case Fold():
            yield _fill(type, result, 0.0)
            strides = _window_strides(operator, strides_of(type))
            layout = (*_sizes(given[0]), *strides_of(given[0]), *strides)
            places = (Address(result), Count(0), Address(reads[0]), Count(0))
            yield "strided_add", (*places, Count(given[0].rank), *layout)
        case Gather(axis=axis, batch=batch):
            sizes = _lookup_sizes(given[0], given[1], axis, batch)
            yield f"gather{SUFFIX[type.element]}", (*map(Address, (result, *reads)), *sizes)
        case GatherAdd():
            sizes = (Count.of(given[0].extents), Count.of(type.extents[:1]), Count.of(given[1].extents[:1]))
            yield operator.name, (*map(Address, (result, *reads)), *sizes, Count.of(type.extents[1:]))
        case SparseProduct():
            kernel = "sum_rows" if len(reads) == 3 else operator.name
            rows, *rest = (Count.of(t.extents[:1]) for t in (type, given[1], given[2]))
            yield kernel, (*map(Address, (result, *reads)), rows, *rest, Count.of(type.extents[1:]))
        case RowStarts(dimension=dimension) | RowOrder(dimension=dimension):
            sizes = (Count.of(given[0].extents), Count.of((dimension.extent,)))
            yield operator.name, (*map(Address, (result, *reads, *memory)), *sizes)
        case Scatter(axis=axis, batch=batch, start=start):
            if not accumulate:
                yield _fill(type, result, start)
            sizes = _lookup_sizes(type, given[0], axis, batch)
            yield operator.name, (*map(Address, (result, *reads)), *sizes)
        case Uniform(stream=stream) | Normal(stream=stream):
            split = type.rank and type.extents[0].symbol == BATCH
            first = Count(1, (Extent(FIRST), *type.extents[1:])) if split else START
            entries = (Count(stream), first, Count.of(type.extents))
            yield operator.name, (*map(Address, (result, *reads)), *entries)
        case Sweeps():
            yield sweeps(node, result, reads, memory)
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


def copy(
    box: TensorType,
    target: Place,
    source: Place,
    source_strides: Sequence[Count],
    target_strides: Sequence[Count] | None = None,
) -> tuple[str, tuple[Argument, ...]]:
    """A box of entries from one layout to another; the target's is without gaps unless it is given."""
    axes = _merged(_sizes(box), source_strides, target_strides or strides_of(box))
    layout = (number for numbers in zip(*axes, strict=True) for number in numbers)
    places = (Address(target.buffer), target.entries, Address(source.buffer), source.entries)
    return f"strided_copy{SUFFIX[box.element]}", (*places, Count(len(axes)), *layout)


def _merged(sizes: Sequence[Count], *strides: Sequence[Count]) -> list[tuple[Count, ...]]:
    """Each axis' size and strides, where axes that follow without a gap in all layouts are one."""
    axes: list[tuple[Count, ...]] = []
    for size, *steps in zip(sizes, *strides, strict=True):
        if axes and all(a.same(size.times(b)) for a, b in zip(axes[-1][1:], steps, strict=True)):
            size = axes.pop()[0].times(size)
        axes.append((size, *steps))
    return axes


def _fill(type: TensorType, result: str, value: float) -> tuple[str, tuple[Argument, ...]]:
    number: Argument = Real(value) if type.element is Element.REAL else Count(int(value))
    return f"fill{SUFFIX[type.element]}", (Address(result), Count.of(type.extents), number)


def _lookup_sizes(table: TensorType, places: TensorType, axis: int, batch: int) -> tuple[Count, ...]:
    """How kernels see a table with rows along an axis: batches, places in each, before, rows, after."""
    extents = table.extents
    return (
        Count.of(extents[:batch]),
        Count.of(places.extents[batch:]),
        Count.of(extents[batch:axis]),
        Count.of(extents[axis : axis + 1]),
        Count.of(extents[axis + 1 :]),
    )


def _window_strides(operator: Windows | Fold, strides: Sequence[Count]) -> list[Count]:
    """The strides of all windows within a grid: from window to window, then inside a window."""
    between, inside = list(strides), []
    for axis, step, dilation in zip(operator.axes, operator.stride, operator.dilation, strict=True):
        between[axis] = strides[axis].times(step)
        inside.append(strides[axis].times(dilation))
    return [*between, *inside]


def strides_of(type: TensorType) -> list[Count]:
    """Entries from one place to the next along each axis, stored row-major."""
    return [Count.of(type.extents[axis + 1 :]) for axis in range(type.rank)]


def _sizes(type: TensorType) -> list[Count]:
    return [Count.of((extent,)) for extent in type.extents]


def _further(buffer: str, places: int, stride: Count) -> Place:
    return Place(buffer, stride.times(places))
