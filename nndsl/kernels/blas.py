"""Matrix products by the BLAS that SciPy bundles, once it is loaded."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import lower_builtin, type_callable

from nndsl.kernels.symbols import PREFIX, provide


def blas_multiply(
    c: Any,
    c_at: int,
    a: Any,
    a_at: int,
    b: Any,
    b_at: int,
    rows: int,
    columns: int,
    inner: int,
    a_transposed: int,
    b_transposed: int,
    a_stride: int,
    b_stride: int,
    c_stride: int,
    alpha: Any,
    beta: Any,
) -> None:
    """C ← α op(A) op(B) + β C for row-major matrices that begin at `…_at` in their buffers.

    C is not read where β = 0.
    """
    for i in range(rows):
        for j in range(columns):
            total = alpha * 0
            for k in range(inner):
                left = a[a_at + (k * a_stride + i if a_transposed else i * a_stride + k)]
                right = b[b_at + (j * b_stride + k if b_transposed else k * b_stride + j)]
                total += left * right
            place = c_at + i * c_stride + j
            c[place] = alpha * total if beta == 0 else alpha * total + beta * c[place]


@type_callable(blas_multiply)
def _type_of_multiply(_context: Any) -> Any:
    # One parameter each: Numba would make a tuple of *operands.
    return lambda c, c_at, a, a_at, b, b_at, m, n, k, ta, tb, lda, ldb, ldc, alpha, beta: types.none


def blas_is_loaded(c: Any) -> bool:
    """Whether there is a routine for matrices of the type of C."""
    return True


@type_callable(blas_is_loaded)
def _type_of_is_loaded(_context: Any) -> Any:
    return lambda c: types.boolean


@lower_builtin(blas_is_loaded, types.Any)
def _look_for_blas(_context: Any, builder: ir.IRBuilder, signature: Any, _values: list[Any]) -> Any:
    function = _routine(builder, signature.args[0].dtype, ir.IntType(8).as_pointer())
    return builder.icmp_unsigned("!=", function, ir.Constant(function.type, None))


def _routine(builder: ir.IRBuilder, real: Any, type: ir.Type) -> Any:
    """The address that the cell of a routine holds."""
    module, name = builder.module, f"{PREFIX}{'s' if real == types.float32 else 'd'}gemm"
    byte = ir.IntType(8).as_pointer()
    provide(name)  # Numba links some functions by themselves
    cell = module.globals.get(name) or ir.GlobalVariable(module, byte, name)
    return builder.bitcast(builder.load(cell), type)


@lower_builtin(blas_multiply, types.VarArg(types.Any))
def _call_blas(context: Any, builder: ir.IRBuilder, signature: Any, values: list[Any]) -> Any:
    c, c_at, a, a_at, b, b_at, m, n, k, a_flag, b_flag, lda, ldb, ldc, alpha, beta = values
    real = signature.args[0].dtype
    alpha, beta = (
        context.cast(builder, value, given, real)
        for value, given in zip((alpha, beta), signature.args[-2:], strict=True)
    )
    integer, byte = ir.IntType(32), ir.IntType(8)

    def by_address(value: Any) -> Any:
        return cgutils.alloca_once_value(builder, value)

    def count(value: Any) -> Any:
        return by_address(builder.trunc(value, integer))

    def stride(value: Any) -> Any:  # BLAS wants at least 1, even of a matrix without entries
        positive = builder.icmp_signed(">", value, value.type(0))
        return count(builder.select(positive, value, value.type(1)))

    def flag(value: Any) -> Any:
        transposed = builder.icmp_signed("!=", value, value.type(0))
        return by_address(builder.select(transposed, byte(ord("T")), byte(ord("N"))))

    c, a, b = (builder.gep(start, [at]) for start, at in ((c, c_at), (a, a_at), (b, b_at)))
    # Column-major, as BLAS sees it: Cᵀ = op(B)ᵀ op(A)ᵀ.
    pointers = [flag(b_flag), flag(a_flag), count(n), count(m), count(k), by_address(alpha)]
    pointers += [b, stride(ldb), a, stride(lda), by_address(beta), c, stride(ldc)]
    function_type = ir.FunctionType(ir.VoidType(), [pointer.type for pointer in pointers])
    builder.call(_routine(builder, real, function_type.as_pointer()), pointers)
    return context.get_dummy_value()
