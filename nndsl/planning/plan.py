"""The plan: a graph as a list of kernel calls over planned memory. A value that prints and compares.

A plan is made for bounds on the symbolic sizes (the batch). Its offsets hold for every size up
to the bounds, so the last, smaller batch of an epoch runs from the same plan, bound anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import prod

from nndsl.codegen.group import Group
from nndsl.graph.types import Element, TensorType
from nndsl.source import Span
from nndsl.types import Extent

ALIGNMENT_BYTES = 64
"""Buffers begin at a cache line, and so at the widest vector."""

SUM = "sum."
"""Outputs that begin so are summed over the examples of a minibatch, for an update; others are measures."""

CHANGE = "change."
"""Outputs that begin so are added to a parameter at once, when all else has read it."""


class Precision(StrEnum):
    FLOAT32 = "float32"
    FLOAT64 = "float64"


def item_bytes(element: Element, precision: Precision) -> int:
    """The width of one entry in memory."""
    match element:
        case Element.REAL:
            return 4 if precision is Precision.FLOAT32 else 8
        case Element.INDEX:
            return 4
        case Element.TRUTH:
            return 1
        case Element.LOOP:
            return 0


class Segment(StrEnum):
    """Where a buffer lies. The arena is each thread's own; the others are given when a plan is bound."""

    ARENA = "arena"
    EXTERNAL = "external"  # parameters, gradients, states, data: known by the buffer's name


@dataclass(frozen=True, slots=True)
class Count:
    """A product of extents and a number, known when the plan is bound."""

    factor: int = 1
    extents: tuple[Extent, ...] = ()

    @classmethod
    def of(cls, extents: Iterable[Extent], factor: int = 1) -> Count:
        """The product of some extents; known ones become one number."""
        extents = tuple(extents)
        known = prod(e.known for e in extents if e.known is not None)
        return cls(factor * known, tuple(e for e in extents if e.known is None))

    def times(self, other: Count | int) -> Count:
        if isinstance(other, int):
            return Count(self.factor * other, self.extents)
        return Count(self.factor * other.factor, self.extents + other.extents)

    def same(self, other: Count) -> bool:
        """Whether both are the same product."""
        return self.factor == other.factor and Counter(self.extents) == Counter(other.extents)

    def value(self, sizes: Mapping[str, int]) -> int:
        return self.factor * prod(extent.value(sizes) for extent in self.extents)

    def __str__(self) -> str:
        symbols = [str(e) for e in self.extents if e.known is None]
        number = self.factor * prod(e.known for e in self.extents if e.known is not None)
        return "·".join([*([str(number)] if number != 1 or not symbols else []), *symbols])


@dataclass(frozen=True, slots=True)
class Real:
    """A number, passed as the bits of a double."""

    value: float

    def __str__(self) -> str:
        return f"{self.value:g}"


@dataclass(frozen=True, slots=True)
class RealCount:
    """A count passed as a double: what a mean divides by. It counts over all threads."""

    count: Count

    def __str__(self) -> str:
        return f"real({self.count})"


START = Count(0)


@dataclass(frozen=True, slots=True)
class Part:
    """Where a buffer lies that is a part of another: it begins `start` entries into `base`.

    Where `step` is given, it moves on by that many entries with every turn of the `Repeat` named `loop`.
    """

    base: str
    start: Count = START
    step: Count | None = None
    loop: str | None = None


@dataclass(frozen=True, slots=True)
class Buffer:
    """A stretch of memory that holds one tensor, row-major and without gaps."""

    name: str
    type: TensorType
    segment: Segment
    offset_bytes: int = 0
    size_bytes: int = 0  # at the bounds
    part: Part | None = None


# --- arguments of a kernel ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Address:
    """A buffer's address."""

    buffer: str

    def __str__(self) -> str:
        return self.buffer


Argument = Address | Count | Real | RealCount


@dataclass(frozen=True, slots=True)
class Instruction:
    """One kernel call. `kernel` is the name of a library kernel or a fused group.

    `nodes` names the graph's nodes that it computes, `reads` and `writes` the buffers it touches, and
    `scratch` those that hold nothing before and after; `layer` and `span` are for profiles and messages.
    """

    kernel: str | Group
    arguments: tuple[Argument, ...]
    nodes: tuple[str, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    layer: str | None = None
    span: Span | None = field(default=None, compare=False, repr=False)
    scratch: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Repeat:
    """Instructions that run `count` times, while the parts that belong to `name` move on.

    `reads` and `writes` are the buffers outside that they touch.
    """

    name: str
    body: tuple[Instruction | Repeat, ...]
    count: Count
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    layer: str | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


Step = Instruction | Repeat


def walk(steps: Iterable[Step]) -> Iterator[Instruction]:
    """All instructions, those of loops once each."""
    for step in steps:
        if isinstance(step, Repeat):
            yield from walk(step.body)
        else:
            yield step


@dataclass(frozen=True)
class Plan:
    """Steps in order, their buffers by name, and what each thread must hold.

    A `team` of threads runs it together, in one arena, where each has its own part of what kernels work in.
    The steps of `once` come before the first run, and again where what they read has changed. What they leave
    for the others lies in external buffers.
    """

    instructions: tuple[Step, ...]
    buffers: Mapping[str, Buffer]
    arena_bytes: int
    bounds: Mapping[str, int]
    precision: Precision
    outputs: Mapping[str, str]  # the graph's output names to buffers
    team: int = 1
    once: tuple[Step, ...] = ()

    @property
    def kept(self) -> tuple[Buffer, ...]:
        """The external buffers that the steps of `once` write."""
        written = {name for step in self.once for name in step.writes}
        return tuple(buffer for buffer in self.externals if buffer.name in written)

    @property
    def externals(self) -> tuple[Buffer, ...]:
        return tuple(b for b in self.buffers.values() if b.segment is Segment.EXTERNAL and b.part is None)

    def whole_of(self, name: str) -> str:
        """The buffer that a buffer is, in the end, a part of."""
        while (part := self.buffers[name].part) is not None:
            name = part.base
        return name

    @property
    def groups(self) -> tuple[Group, ...]:
        """The distinct fused groups, in order of first use."""
        steps = walk((*self.once, *self.instructions))
        found = dict.fromkeys(step.kernel for step in steps if isinstance(step.kernel, Group))
        return tuple(found)
