"""The few instructions that Python has no word for, as Numba intrinsics.

Each has a Python meaning too, so that kernels run un-jitted.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.compiler import Flags
from numba.core.cpu import FastMathOptions
from numba.extending import intrinsic, lower_builtin, type_callable

from nndsl.codegen.group import FEW, LANES
from nndsl.kernels.target import vector_bytes

F = TypeVar("F", bound=Callable[..., None])

VECTOR_ALIGNMENT = 64

MATHEMATICS = {"contract"}
"""What LLVM may do to arithmetic: make one instruction of a multiplication and an addition."""


def pointer(element: types.Type) -> Any:
    """An intrinsic that reads an integer as the address of a buffer of `element`."""

    @intrinsic
    def read(_typing: Any, _address: Any) -> Any:
        def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[Any]) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

        return types.CPointer(element)(types.int64), generate

    return read


def from_bits(real: types.Type) -> Any:
    """An intrinsic that reads an integer as the bits of a double, rounded to `real`."""

    @intrinsic
    def read(_typing: Any, _bits: Any) -> Any:
        def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[Any]) -> Any:
            double = builder.bitcast(arguments[0], ir.DoubleType())
            return context.cast(builder, double, types.float64, signature.return_type)

        return real(types.int64), generate

    return read


class _Distinct(ir.MDValue):
    """An empty metadata node that is equal to no other: llvmlite has no word for it."""

    def descr(self, buf: list[str]) -> None:
        buf += ("distinct !{}", "\n")


def _declare_innermost_loops_parallel(function: ir.Function, masked: bool) -> None:
    module = function.module
    group = _Distinct(module, (), name=str(len(module.metadata)))
    accesses = module.add_metadata([ir.MetaDataString(module, "llvm.loop.parallel_accesses"), group])
    for block in function.blocks:
        for instruction in block.instructions:
            # Local variables lie in allocas until LLVM makes them registers; those turns do share.
            if isinstance(instruction, ir.LoadInstr | ir.StoreInstr) and not isinstance(
                instruction.operands[-1], ir.AllocaInstr
            ):
                instruction.set_metadata("llvm.access.group", group)
    for latch in _latches_of_innermost_loops(function):
        loop = ir.MDValue(module, (), name=str(len(module.metadata)))
        loop.operands = (loop, accesses, *([_masked(module)] if masked else []))
        latch.terminator.set_metadata("llvm.loop", loop)


def _masked(module: ir.Module) -> ir.MDValue:
    """What says that the entries left over at a loop's end are to be a vector as well."""
    return module.add_metadata(
        [ir.MetaDataString(module, "llvm.loop.vectorize.predicate.enable"), ir.IntType(1)(1)]
    )


def _successors(block: ir.Block) -> list[ir.Block]:
    return [o for o in getattr(block.terminator, "operands", ()) if isinstance(o, ir.Block)]


def _latches_of_innermost_loops(function: ir.Function) -> list[ir.Block]:
    """The blocks that end with a jump back, of loops that contain no other loop."""
    before: dict[ir.Block, list[ir.Block]] = {block: [] for block in function.blocks}
    jumps_back: list[tuple[ir.Block, ir.Block]] = []
    seen: set[ir.Block] = set()
    for root in function.blocks:  # Numba joins the entry to the first block only at the end
        path: dict[ir.Block, Iterator[ir.Block]] = {}
        following: ir.Block | None = root if root not in seen else None
        while following is not None or path:
            if following is not None:
                seen.add(following)
                path[following] = iter(_successors(following))
            block = next(reversed(path))
            following = next(path[block], None)
            if following is None:
                del path[block]
                continue
            before[following].append(block)
            if following in path:
                jumps_back.append((block, following))
            if following in seen:
                following = None
    loops = [(latch, header, _loop(latch, header, before)) for latch, header in jumps_back]
    headers = {header for _, header, _ in loops}
    return [latch for latch, header, blocks in loops if headers & blocks == {header}]


def _loop(latch: ir.Block, header: ir.Block, before: dict[ir.Block, list[ir.Block]]) -> set[ir.Block]:
    """The blocks of a loop: those that reach its end without passing its beginning."""
    blocks, pending = {header, latch}, [latch]
    while pending:
        block = pending.pop()
        if block is not header:
            fresh = [earlier for earlier in before[block] if earlier not in blocks]
            blocks.update(fresh)
            pending += fresh
    return blocks


def parallel_innermost_loops() -> None:
    """To be called last in a function: turns of its innermost loops touch no common memory.

    LLVM then vectorises them although a result may lie where an operand lies, which its own
    check at run time would take for a conflict.
    """


def narrow_innermost_loops() -> None:
    """The same where loops have hardly more turns than a vector has entries, or fewer."""


@type_callable(parallel_innermost_loops)
@type_callable(narrow_innermost_loops)
def _type_of_mark(_context: Any) -> Any:
    return lambda: types.none


@lower_builtin(parallel_innermost_loops)
def _lower_mark(context: Any, builder: ir.IRBuilder, _signature: Any, _arguments: Any) -> Any:
    _declare_innermost_loops_parallel(builder.function, masked=False)
    return context.get_dummy_value()


@lower_builtin(narrow_innermost_loops)
def _lower_narrow_mark(context: Any, builder: ir.IRBuilder, _signature: Any, _arguments: Any) -> Any:
    # Narrower vectors than these cannot be masked: entries would be taken one by one.
    _declare_innermost_loops_parallel(builder.function, masked=vector_bytes() >= 32)
    return context.get_dummy_value()


def instructions(meaning: Callable[..., Any], emit: Callable[..., Any]) -> None:
    """Give a Python function of reals of one type the instructions `emit(builder, *arguments)`."""
    count = meaning.__code__.co_argcount

    def is_real(*numbers: Any) -> Any:
        return numbers[0] if isinstance(numbers[0], types.Float) and len(set(numbers)) == 1 else None

    @type_callable(meaning)
    def typed(_context: Any) -> Any:
        return (lambda x: is_real(x)) if count == 1 else (lambda x, y: is_real(x, y))

    @lower_builtin(meaning, *[types.Float] * count)
    def lower(_context: Any, builder: ir.IRBuilder, _signature: Any, arguments: list[Any]) -> Any:
        return emit(builder, *arguments)


def subroutine(
    meaning: Callable[..., Any],
    choose: Callable[[Any], Callable[..., Any]],
    result: str,
    inline: bool = True,
) -> None:
    """Let kernels call a Python function, whose body there is `choose(type of the first argument)`.

    `result` is its type: an expression over the types of its parameters, by name. Unlike a function
    made with `njit` it is no more than a part of others, and takes half the time to compile. Its
    instructions stand in each place where it is called, or, if not `inline`, once.
    """
    names = ", ".join(inspect.signature(meaning).parameters)
    typer = eval(f"lambda {names}: {result}", {"types": types})

    @type_callable(meaning)
    def typed(_context: Any) -> Any:
        return typer

    @lower_builtin(meaning, types.VarArg(types.Any))
    def lower(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[Any]) -> Any:
        body = choose(signature.args[0])
        made = context.compile_subroutine(builder, body, signature, flags=_subroutine_flags(inline))
        return context.call_internal(builder, made.fndesc, signature, arguments)


def procedure(function: F) -> F:
    """Let kernels call a function of no result, whose instructions stand in each of them once."""
    subroutine(function, lambda _: function, "types.none", inline=False)
    return function


def _subroutine_flags(inline: bool) -> Flags:
    flags = Flags()
    flags.error_model = "numpy"
    flags.fastmath = FastMathOptions(MATHEMATICS)
    flags.forceinline = inline
    return flags


def add_unordered(x: Any, y: Any) -> Any:
    """x + y, as part of a sum whose terms may be added in any order."""
    return x + y


instructions(add_unordered, lambda builder, x, y: builder.fadd(x, y, flags=("reassoc", "contract")))


def rounded_product(x: Any, y: Any) -> Any:
    """x·y, rounded before anything is added to it."""
    return x * y


# Numba gives instructions without flags those of the function, which let it be joined to an addition.
instructions(rounded_product, lambda builder, x, y: builder.fmul(x, y, flags=("reassoc",)))


def call_llvm(builder: ir.IRBuilder, name: str, *numbers: Any) -> Any:
    """Call one of LLVM's own functions of reals."""
    real = numbers[0].type
    suffix = "f32" if isinstance(real, ir.FloatType) else "f64"
    function_type = ir.FunctionType(real, [real] * len(numbers))
    function = cgutils.get_or_insert_function(builder.module, function_type, f"llvm.{name}.{suffix}")
    return builder.call(function, numbers)


def larger(x: Any, y: Any) -> Any:
    """max(x, y); NaN if either is."""
    return np.maximum(x, y)


def smaller(x: Any, y: Any) -> Any:
    """min(x, y); NaN if either is."""
    return np.minimum(x, y)


def magnitude(x: Any) -> Any:
    """|x|"""
    return np.abs(x)


def with_sign_of(x: Any, y: Any) -> Any:
    """|x| with the sign of y."""
    return np.copysign(x, y)


instructions(larger, lambda builder, x, y: call_llvm(builder, "maximum", x, y))
instructions(smaller, lambda builder, x, y: call_llvm(builder, "minimum", x, y))
instructions(magnitude, lambda builder, x: call_llvm(builder, "fabs", x))
instructions(with_sign_of, lambda builder, x, y: call_llvm(builder, "copysign", x, y))


def _layout(real: ir.Type) -> tuple[ir.IntType, int, int]:
    """The integer type of a float's bits, the width of its fraction and the bias of its exponent."""
    return (ir.IntType(32), 23, 127) if isinstance(real, ir.FloatType) else (ir.IntType(64), 52, 1023)


def power_of_two(x: Any) -> Any:
    """2ⁿ for an x = n + 1.5·2ᵖ, where p is the number of fraction bits: n stands in x's last bits."""
    fraction = np.finfo(x.dtype).nmant
    return np.ldexp(x.dtype.type(1), int(x - x.dtype.type(1.5 * 2**fraction)))


def _emit_power_of_two(builder: ir.IRBuilder, x: Any) -> Any:
    integer, fraction, bias = _layout(x.type)
    shifted = builder.shl(builder.bitcast(x, integer), integer(fraction))
    return builder.bitcast(builder.add(shifted, integer(bias << fraction)), x.type)


def exponent(x: Any) -> Any:
    """e of x = m·2ᵉ with ½ ≤ m < 1, for a normal x > 0."""
    return x.dtype.type(np.frexp(x)[1])


def _emit_exponent(builder: ir.IRBuilder, x: Any) -> Any:
    # Converting 64-bit integers to doubles has no vector instruction on many machines: write
    # the exponent into the fraction of 2ᵖ instead and take 2ᵖ off.
    integer, fraction, bias = _layout(x.type)
    biased = builder.lshr(builder.bitcast(x, integer), integer(fraction))
    magic = integer((fraction + bias) << fraction)
    written = builder.bitcast(builder.or_(biased, magic), x.type)
    return builder.fsub(written, x.type(float(2**fraction + bias - 1)))


def mantissa(x: Any) -> Any:
    """m of x = m·2ᵉ with ½ ≤ m < 1, for a normal x > 0."""
    return np.frexp(x)[0]


def _emit_mantissa(builder: ir.IRBuilder, x: Any) -> Any:
    integer, fraction, bias = _layout(x.type)
    bits = builder.and_(builder.bitcast(x, integer), integer((1 << fraction) - 1))
    return builder.bitcast(builder.or_(bits, integer((bias - 1) << fraction)), x.type)


instructions(power_of_two, _emit_power_of_two)
instructions(exponent, _emit_exponent)
instructions(mantissa, _emit_mantissa)


@intrinsic
def rest(_typing: Any, arguments: Any, _place: Any) -> Any:
    """The argument list from a place on."""

    def generate(_context: Any, builder: ir.IRBuilder, _signature: Any, values: list[Any]) -> Any:
        return builder.gep(values[0], [values[1]])

    return arguments(arguments, types.int64), generate


def beyond(buffer: Any, count: int) -> Any:
    """A buffer without its first entries."""
    return buffer[count:]


@type_callable(beyond)
def _type_of_beyond(_context: Any) -> Any:
    return lambda buffer, count: buffer


@lower_builtin(beyond, types.CPointer, types.Integer)
def _lower_beyond(_context: Any, builder: ir.IRBuilder, _signature: Any, values: list[Any]) -> Any:
    return builder.gep(values[0], [values[1]])


def block_room(number: Any) -> Any:
    """Local memory for a block of LANES rows of up to FEW entries, of a type of numbers."""
    return np.zeros(LANES * FEW, number)


def lane_room(number: Any) -> Any:
    """Local memory for an entry of each of LANES rows."""
    return np.zeros(LANES, number)


def _room(meaning: Callable[..., Any], entries: int) -> None:
    """Gives a function of a type of numbers so much of the stack."""

    @type_callable(meaning)
    def typed(_context: Any) -> Any:
        return lambda number: types.CPointer(number.instance_type)

    @lower_builtin(meaning, types.NumberClass)
    def lower(context: Any, builder: ir.IRBuilder, signature: Any, _values: Any) -> Any:
        item = context.get_value_type(signature.args[0].instance_type)
        with builder.goto_entry_block():
            made = builder.alloca(item, entries)
        made.align = VECTOR_ALIGNMENT
        return made


_room(block_room, LANES * FEW)
_room(lane_room, LANES)
