"""The native machine: steps through a program without Python, so that whole epochs run natively.

Several threads may each run a program of their own; they meet at barriers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable

from nndsl.kernels.native import pointer
from nndsl.kernels.opcodes import (
    ARGUMENTS,
    BEFORE,
    CALLS,
    CELLS_OF_SHARE,
    COUNTER,
    FUNCTION,
    PATIENCE,
    SHARE_CELLS,
    SHARES,
    STRIDE,
    WIDTH,
    Opcode,
)
from nndsl.kernels.symbols import YIELD, provide

if TYPE_CHECKING:
    from nndsl.kernels.kernel import Integers

GENERATION = 8  # one cache line away from the count of arrivals
DECISION = 16

integers = pointer(types.int64)


@intrinsic
def call(_typing: Any, _function: Any, _arguments: Any) -> Any:
    """Call a kernel by its address."""

    def generate(context: Any, builder: ir.IRBuilder, _signature: Any, values: list[Any]) -> Any:
        integer_pointer = ir.IntType(64).as_pointer()
        function_type = ir.FunctionType(ir.VoidType(), [integer_pointer])
        function = builder.inttoptr(values[0], function_type.as_pointer())
        builder.call(function, [builder.inttoptr(values[1], integer_pointer)])
        return context.get_dummy_value()

    return types.none(types.int64, types.int64), generate


@intrinsic
def atomic_add(_typing: Any, cells: Any, place: Any, change: Any) -> Any:
    """Add to a number that other threads change too; the number before."""

    def generate(_context: Any, builder: ir.IRBuilder, _signature: Any, values: list[Any]) -> Any:
        return builder.atomic_rmw("add", builder.gep(values[0], [values[1]]), values[2], "seq_cst")

    return types.int64(cells, types.int64, types.int64), generate


@intrinsic
def atomic_load(_typing: Any, cells: Any, place: Any) -> Any:
    """A number that another thread may have changed; what it wrote before is seen too."""

    def generate(_context: Any, builder: ir.IRBuilder, _signature: Any, values: list[Any]) -> Any:
        return builder.load_atomic(builder.gep(values[0], [values[1]]), "acquire", 8)

    return types.int64(cells, types.int64), generate


@intrinsic
def replace_if(_typing: Any, cells: Any, place: Any, old: Any, new: Any) -> Any:
    """Put a new number in the place of an old one, if that is there; whether it was."""

    def generate(context: Any, builder: ir.IRBuilder, _signature: Any, values: list[Any]) -> Any:
        cell = builder.gep(values[0], [values[1]])
        found = builder.cmpxchg(cell, values[2], values[3], "seq_cst", "seq_cst")
        return builder.zext(builder.extract_value(found, 1), ir.IntType(64))

    return types.int64(cells, types.int64, types.int64, types.int64), generate


@intrinsic
def spin(_typing: Any) -> Any:
    """Tell the processor that this thread waits for another one."""

    def generate(context: Any, builder: ir.IRBuilder, _signature: Any, _values: list[Any]) -> Any:
        if _is_x86(builder):
            nothing = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, nothing, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.none(), generate


@intrinsic
def give_way(_typing: Any) -> Any:
    """Let another thread have this core."""

    def generate(context: Any, builder: ir.IRBuilder, _signature: Any, _values: list[Any]) -> Any:
        provide(YIELD)
        function_type = ir.FunctionType(ir.IntType(32), [])
        builder.call(cgutils.get_or_insert_function(builder.module, function_type, YIELD), [])
        return context.get_dummy_value()

    return types.none(), generate


X86_FLUSHES, ARM_FLUSHES = 0x8040, 1 << 24
"""The bits of a processor's control word by which it takes numbers below the least normal one for zero, as
operands and as results."""


@intrinsic
def flush_subnormals(_typing: Any) -> Any:
    """Have this thread take subnormal numbers for zero; the control word before, for `restore_control`.

    On many processors each operation on such a number takes a hundred times as long as another.
    """

    def generate(_context: Any, builder: ir.IRBuilder, _signature: Any, _values: list[Any]) -> Any:
        before = _control_word(builder)
        if before is None:
            return ir.IntType(64)(0)
        flushes = ARM_FLUSHES if _is_arm(builder) else X86_FLUSHES
        _set_control_word(builder, builder.or_(before, before.type(flushes)))
        return builder.zext(before, ir.IntType(64)) if before.type.width < 64 else before

    return types.int64(), generate


@intrinsic
def restore_control(_typing: Any, _word: Any) -> Any:
    """Put a control word back."""

    def generate(context: Any, builder: ir.IRBuilder, _signature: Any, values: list[Any]) -> Any:
        if _is_arm(builder):
            _set_control_word(builder, values[0])
        elif _is_x86(builder):
            _set_control_word(builder, builder.trunc(values[0], ir.IntType(32)))
        return context.get_dummy_value()

    return types.none(types.int64), generate


def _is_x86(builder: ir.IRBuilder) -> bool:
    return bool(builder.module.triple.startswith(("x86_64", "i386", "i686")))


def _is_arm(builder: ir.IRBuilder) -> bool:
    return bool(builder.module.triple.startswith(("aarch64", "arm64")))


def _control_word(builder: ir.IRBuilder) -> Any:
    """The control word of a kind of processor that is known, else None."""
    if _is_arm(builder):
        read = ir.FunctionType(ir.IntType(64), [])
        return builder.call(cgutils.get_or_insert_function(builder.module, read, "llvm.aarch64.get.fpcr"), [])
    if not _is_x86(builder):
        return None
    cell = cgutils.alloca_once(builder, ir.IntType(32))
    _call_on_address(builder, "llvm.x86.sse.stmxcsr", cell)
    return builder.load(cell)


def _set_control_word(builder: ir.IRBuilder, word: Any) -> None:
    if _is_arm(builder):
        write = ir.FunctionType(ir.VoidType(), [ir.IntType(64)])
        builder.call(cgutils.get_or_insert_function(builder.module, write, "llvm.aarch64.set.fpcr"), [word])
    else:
        _call_on_address(builder, "llvm.x86.sse.ldmxcsr", cgutils.alloca_once_value(builder, word))


def _call_on_address(builder: ir.IRBuilder, name: str, cell: Any) -> None:
    byte = ir.IntType(8).as_pointer()
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), [byte]), name)
    builder.call(function, [builder.bitcast(cell, byte)])


@register_jitable
def look_again(turns: int, patience: int) -> None:
    """What a thread does that has looked for something in vain so many times: its patience is limited."""
    spin()
    if turns > patience:
        give_way()


@register_jitable
def wait(barrier: Integers, threads: int, stop: Integers) -> None:
    """Wait until `threads` threads have called this with the same barrier: 24 integers, zero at first.

    The last to arrive reads `stop[0]` for all of them into `barrier[DECISION]`. Whoever waits longer than
    `stop[PATIENCE]` looks gives way to other threads.
    """
    generation = atomic_load(barrier, GENERATION)
    if atomic_add(barrier, 0, 1) == threads - 1:
        barrier[DECISION] = atomic_load(stop, 0)
        atomic_add(barrier, 0, -threads)
        atomic_add(barrier, GENERATION, 1)
    else:
        turns = 0
        while atomic_load(barrier, GENERATION) == generation:
            turns += 1
            look_again(turns, stop[PATIENCE])


@register_jitable
def take(table: Integers) -> None:
    """Make calls, share by share, until none is left that no thread has taken.

    Each thread that comes here finds each share at its end once. So all counters have moved on by a known
    number when all threads have been here; and they meet before they come again.
    """
    shares = table[SHARES]
    for number in range(shares):
        at = SHARE_CELLS + number * CELLS_OF_SHARE
        counter, before, calls = integers(table[at + COUNTER]), table[at + BEFORE], table[at + CALLS]
        taken = atomic_add(counter, 0, 1) - before
        while taken < calls:
            call(table[FUNCTION], table[at + ARGUMENTS] + taken * table[STRIDE])
            taken = atomic_add(counter, 0, 1) - before
        table[at + BEFORE] = before + calls + shares


@register_jitable
def interpret(program: Integers, stop: Integers) -> None:
    """Run a program (rows of WIDTH integers, see `Opcode`) from its first row until it halts.

    Meanwhile subnormal numbers are zero.
    """
    control = flush_subnormals()
    row = 0
    while True:
        at = row * WIDTH
        opcode = program[at]
        first, second, third = program[at + 1], program[at + 2], program[at + 3]
        row += 1
        if opcode == Opcode.CALL:
            call(first, second)
        elif opcode == Opcode.TAKE:
            take(integers(first))
        elif opcode == Opcode.NEXT:
            cell = integers(first)
            cell[0] += 1
            if cell[0] < second:
                row = third
        elif opcode == Opcode.REPEAT:
            integers(first)[0] = 0
            if second <= 0:
                row = third
        elif opcode == Opcode.BARRIER or opcode == Opcode.POLL:
            barrier = integers(first)
            wait(barrier, second, stop)
            if opcode == Opcode.POLL and barrier[DECISION] != 0:
                break
        else:
            break
    restore_control(control)
