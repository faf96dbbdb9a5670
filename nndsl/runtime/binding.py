"""Plan -> calls: symbolic counts become numbers, and buffers become addresses.

Binding is cheap and compiles nothing: a plan is bound for each thread, and again for the smaller
last batch of an epoch.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nndsl.codegen.group import Group
from nndsl.planning.plan import (
    Address,
    Argument,
    Count,
    Instruction,
    Plan,
    Real,
    RealCount,
    Repeat,
    Segment,
    Step,
    item_bytes,
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The addresses from `begin` to before `end`."""

    begin: int
    end: int

    @classmethod
    def of(cls, array: NDArray[Any]) -> Stretch:
        """The memory of an array whose entries lie side by side."""
        begin = int(array.ctypes.data)
        return cls(begin, begin + array.nbytes)

    def meets(self, other: Stretch) -> bool:
        return self.begin < other.end and other.begin < self.end


@dataclass(frozen=True, slots=True)
class Call:
    """One kernel call with its numbers; `instruction` is None for what the trainer adds around a plan.

    `moves` are arguments, by their place, that change by so many bytes with each turn of a loop, by name.
    `reads` and `writes` are the memory that a call touches, if that is known, and `scratch` the places of
    arguments that are memory to work in, with the size in bytes of what each thread has of it.
    """

    kernel: str | Group
    arguments: tuple[int, ...]
    instruction: Instruction | None = None
    moves: tuple[tuple[int, str, int], ...] = ()
    reads: tuple[Stretch, ...] = ()
    writes: tuple[Stretch, ...] = ()
    scratch: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Meeting:
    """A place where threads wait for one another."""


MEET = Meeting()


@dataclass(frozen=True, slots=True)
class Taken:
    """A call in pieces, for the threads of a team: each takes one after another, first of its own.

    `shares` are the pieces by thread, beginning with the one that this is for, as calls of that thread, and
    `counters` what they count with together: a row each. `memory` is what pieces write to beside the plan's.
    """

    call: Call
    shares: Sequence[Sequence[Call]]
    counters: Sequence[NDArray[np.int64]]
    memory: Sequence[NDArray[Any]] = ()


@dataclass(frozen=True, slots=True)
class Repeated:
    """Calls that run `count` times, while what belongs to the loop `name` moves on."""

    name: str
    calls: Calls
    count: int


Calls = Sequence["Call | Taken | Repeated | Meeting"]


@dataclass(frozen=True, slots=True)
class _Located:
    """A buffer's address at the first turns of all loops, and how it moves with those of each."""

    address: int
    moves: Mapping[str, int] = field(default_factory=dict)


def bits(value: float) -> int:
    """A double as the integer of the same bits."""
    return int(struct.unpack("<q", struct.pack("<d", value))[0])


def bind(
    plan: Plan,
    sizes: Mapping[str, int],
    total: Mapping[str, int],
    addresses: Mapping[str, int],
    arena_address: int,
    steps: Sequence[Step] | None = None,
) -> list[Call | Repeated]:
    """The calls of a plan for these sizes: those of each run, or of other `steps` of it.

    `sizes` are those of this thread's share, `total` those over all threads (what a mean divides by);
    `addresses` are the external buffers'. Raises KeyError where one is missing.
    """
    places: dict[str, _Located] = {}

    def locate(name: str) -> _Located:
        if name not in places:
            buffer = plan.buffers[name]
            if buffer.part is not None:
                width = item_bytes(buffer.type.element, plan.precision)
                base = locate(buffer.part.base)
                moves = dict(base.moves)
                if buffer.part.step is not None and buffer.part.loop is not None:
                    moves[buffer.part.loop] = width * buffer.part.step.value(sizes)
                start_bytes = width * buffer.part.start.value(sizes) + buffer.offset_bytes
                places[name] = _Located(base.address + start_bytes, moves)
            elif buffer.segment is Segment.ARENA:
                places[name] = _Located(arena_address + buffer.offset_bytes)
            else:
                places[name] = _Located(addresses[name])
        return places[name]

    def number(argument: Argument) -> int:
        match argument:
            case Address(buffer=name):
                return locate(name).address
            case Count():
                return argument.value(sizes)
            case Real(value=value):
                return bits(value)
            case RealCount(count=count):
                return bits(float(count.value(total)))
            case _:
                raise AssertionError(argument)

    def stretch(name: str) -> Stretch:
        name = plan.whole_of(name) if locate(name).moves else name
        begin = locate(name).address
        return Stretch(begin, begin + plan.buffers[name].size_bytes)

    def bound(step: Step) -> Call | Repeated:
        if isinstance(step, Repeat):
            return Repeated(step.name, [bound(inner) for inner in step.body], step.count.value(sizes))
        moves = tuple(
            (place, loop, by)
            for place, argument in enumerate(step.arguments)
            if isinstance(argument, Address)
            for loop, by in locate(argument.buffer).moves.items()
        )
        scratch = tuple(
            (place, plan.buffers[argument.buffer].size_bytes // plan.team)
            for place, argument in enumerate(step.arguments)
            if isinstance(argument, Address) and argument.buffer in step.scratch
        )
        arguments = tuple(map(number, step.arguments))
        reads, writes = map(stretch, step.reads), map(stretch, (*step.writes, *step.scratch))
        return Call(step.kernel, arguments, step, moves, tuple(reads), tuple(writes), scratch)

    return [bound(step) for step in (plan.instructions if steps is None else steps)]


def flat(calls: Calls) -> Iterator[Call]:
    """All calls, those of loops once each, and the pieces of those that are taken."""
    for call in calls:
        if isinstance(call, Repeated):
            yield from flat(call.calls)
        elif isinstance(call, Call):
            yield call
        elif isinstance(call, Taken):
            yield from chain(*call.shares)
