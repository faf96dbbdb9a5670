"""The system's clock, read between kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from nndsl.kernels.kernel import kernel
from nndsl.kernels.symbols import CLOCK, provide

if TYPE_CHECKING:
    from nndsl.kernels.kernel import Integers

SECONDS_SINCE_1970 = 1
"""What `timespec_get` of the C library is asked for."""


@intrinsic
def nanoseconds(_typing: Any) -> Any:
    """The time, in nanoseconds."""

    def generate(_context: Any, builder: ir.IRBuilder, _signature: Any, _values: list[Any]) -> Any:
        provide(CLOCK)
        integer = ir.IntType(64)
        pair = cgutils.alloca_once(builder, ir.ArrayType(integer, 2))
        function_type = ir.FunctionType(ir.IntType(32), [pair.type, ir.IntType(32)])
        function = cgutils.get_or_insert_function(builder.module, function_type, CLOCK)
        builder.call(function, [pair, ir.IntType(32)(SECONDS_SINCE_1970)])
        seconds, rest = (builder.load(cgutils.gep_inbounds(builder, pair, 0, place)) for place in (0, 1))
        return builder.add(builder.mul(seconds, integer(10**9)), rest)

    return types.int64(), generate


@kernel
def lap(cell: Integers, last: Integers) -> None:
    """cell[0] ← cell[0] + the nanoseconds since `last`, cell[1] ← cell[1] + 1, last[0] ← now."""
    now = nanoseconds()
    cell[0] += now - last[0]
    cell[1] += 1
    last[0] = now
