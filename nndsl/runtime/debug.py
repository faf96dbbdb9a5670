"""The debug mode: kernels one at a time, and a look at all that each has written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

import numpy as np

from nndsl.diagnostics.catalogue.running import NotFinite
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.graph.types import Element
from nndsl.planning.plan import Buffer, Plan, Segment
from nndsl.runtime.memory import Array, dtype
from nndsl.runtime.program import FIRST_CALL, Turns


def watch(
    program: Turns, plan: Plan, sizes: Mapping[str, int], arena: Array, external: Mapping[str, Array]
) -> Callable[[int], None]:
    """What to call after each row of a program: it raises NNDSLError at the first value that is not
    finite.
    """

    real = dtype(Element.REAL, plan.precision)

    def written(buffer: Buffer) -> Array:
        if buffer.segment is Segment.EXTERNAL:
            return external[buffer.name]
        count = prod(buffer.type.shape(dict(sizes)))
        end_bytes = buffer.offset_bytes + count * real.itemsize
        return arena[buffer.offset_bytes : end_bytes].view(real)

    def observe(row: int) -> None:
        instruction = program.instruction(row - FIRST_CALL)
        if instruction is None:
            return
        for name in instruction.writes:
            buffer = plan.buffers.get(name)
            if buffer is None or buffer.type.element is not Element.REAL:
                continue
            values = written(buffer)
            wrong = ~np.isfinite(values)
            if wrong.any():
                raise NNDSLError(
                    [
                        NotFinite(
                            span=instruction.span,
                            node=name,
                            value=float(values[wrong].flat[0]),
                            count=int(wrong.sum()),
                            size=values.size,
                            turn=program.turn + 1,
                        )
                    ]
                )

    return observe
