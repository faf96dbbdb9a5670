"""Links object code into the running process. Needs LLVM only, not Numba."""

from __future__ import annotations

from functools import cache

import llvmlite.binding as llvm

from nndsl.kernels.symbols import provide
from nndsl.kernels.target import target_machine


@cache
def _engine() -> llvm.ExecutionEngine:
    machine = target_machine()
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


def link(code: bytes, symbol: str, needs: tuple[str, ...] = ()) -> int:
    """The address of a function. `needs` are the names that its code expects of others.

    Each symbol may be linked once in a process.
    """
    for name in needs:
        provide(name)
    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    return int(engine.get_function_address(symbol))
