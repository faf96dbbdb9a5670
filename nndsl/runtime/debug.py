"""The debug mode: kernels one at a time, and a look at all that each has written."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping
from math import prod

import numpy as np

from nndsl.diagnostics.catalogue.running import NotFinite
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.graph.types import Element
from nndsl.planning.plan import Address, Instruction, Plan
from nndsl.runtime.memory import Array, dtype
from nndsl.runtime.program import Turns

_ARGUMENTS = 2
"""The column of a program's row where the address of a call's arguments stands."""


def watch(program: Turns, plan: Plan, sizes: Mapping[str, int]) -> Callable[[int], None]:
    """What to call after each row of a program: it raises NNDSLError at the first value not finite."""

    def observe(row: int) -> None:
        instruction = program.instruction(row)
        if instruction is None:
            return
        for name, values in _written(instruction, int(program.table[row, _ARGUMENTS]), plan, sizes):
            wrong = values[~np.isfinite(values)]
            if wrong.size:
                mistake = NotFinite(
                    span=instruction.span,
                    node=name,
                    value=float(wrong[0]),
                    count=wrong.size,
                    size=values.size,
                    turn=program.turn + 1,
                )
                raise NNDSLError([mistake])

    return observe


def _written(
    instruction: Instruction, arguments: int, plan: Plan, sizes: Mapping[str, int]
) -> Iterator[tuple[str, Array]]:
    """The real buffers that a call has just written, as they lie in memory."""
    real = dtype(Element.REAL, plan.precision)
    for place, argument in enumerate(instruction.arguments):
        if not isinstance(argument, Address) or argument.buffer not in instruction.writes:
            continue
        buffer = plan.buffers.get(argument.buffer)  # None: an update's, which the next step reads
        if buffer is not None and buffer.type.element is Element.REAL:
            address = ctypes.c_int64.from_address(arguments + 8 * place).value
            size_bytes = prod(buffer.type.shape(sizes)) * real.itemsize
            memory = memoryview((ctypes.c_char * size_bytes).from_address(address)).cast("B")
            yield argument.buffer, np.frombuffer(memory, real)
