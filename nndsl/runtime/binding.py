"""Plan -> calls: symbolic counts become numbers, and buffers become addresses.

Binding is cheap and compiles nothing: a plan is bound for each thread, and again for the smaller
last batch of an epoch.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from nndsl.codegen.group import Group
from nndsl.planning.plan import (
    Address,
    Argument,
    Count,
    Instruction,
    Plan,
    Real,
    RealCount,
    Segment,
)


@dataclass(frozen=True, slots=True)
class Call:
    """One kernel call with its numbers; `instruction` is None for what the trainer adds around a plan."""

    kernel: str | Group
    arguments: tuple[int, ...]
    instruction: Instruction | None = None


def bits(value: float) -> int:
    """A double as the integer of the same bits."""
    return int(struct.unpack("<q", struct.pack("<d", value))[0])


def bind(
    plan: Plan,
    sizes: Mapping[str, int],
    total: Mapping[str, int],
    addresses: Mapping[str, int],
    arena_address: int,
) -> list[Call]:
    """The calls of a plan for these sizes.

    `sizes` are those of this thread's share, `total` those over all threads (what a mean divides by);
    `addresses` are the external buffers'. Raises KeyError where one is missing.
    """
    places = {
        name: arena_address + buffer.offset_bytes if buffer.segment is Segment.ARENA else addresses[name]
        for name, buffer in plan.buffers.items()
    }

    def number(argument: Argument) -> int:
        match argument:
            case Address(buffer=name):
                return places[name]
            case Count():
                return argument.value(sizes)
            case Real(value=value):
                return bits(value)
            case RealCount(count=count):
                return bits(float(count.value(total)))
            case _:
                raise AssertionError(argument)

    return [
        Call(instruction.kernel, tuple(map(number, instruction.arguments)), instruction)
        for instruction in plan.instructions
    ]
