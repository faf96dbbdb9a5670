"""Matrix products, by the BLAS that SciPy bundles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from nndsl.kernels.kernel import kernel
from nndsl.kernels.symbols import PREFIX, provide

if TYPE_CHECKING:
    from nndsl.kernels.kernel import Real, Reals


def multiply(
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


@intrinsic
def _blas_multiply(_typing: Any, operands: Any) -> Any:
    real = operands.types[0].dtype
    letter = "s" if real == types.float32 else "d"

    def generate(context: Any, builder: ir.IRBuilder, _signature: Any, arguments: list[Any]) -> Any:
        values = cgutils.unpack_tuple(builder, arguments[0])
        c, c_at, a, a_at, b, b_at, m, n, k, a_flag, b_flag, lda, ldb, ldc, alpha, beta = values
        c, a, b = (builder.gep(start, [at]) for start, at in ((c, c_at), (a, a_at), (b, b_at)))
        integer = ir.IntType(32)
        byte = ir.IntType(8)

        def by_address(value: Any) -> Any:
            return cgutils.alloca_once_value(builder, value)

        def count(value: Any) -> Any:
            return by_address(builder.trunc(value, integer))

        def flag(value: Any) -> Any:
            transposed = builder.icmp_signed("!=", value, value.type(0))
            return by_address(builder.select(transposed, byte(ord("T")), byte(ord("N"))))

        provide(f"{PREFIX}{letter}gemm")
        pointers = [flag(b_flag), flag(a_flag), count(n), count(m), count(k), by_address(alpha)]
        pointers += [b, count(ldb), a, count(lda), by_address(beta), c, count(ldc)]
        function_type = ir.FunctionType(ir.VoidType(), [pointer.type for pointer in pointers])
        function = cgutils.get_or_insert_function(builder.module, function_type, f"{PREFIX}{letter}gemm")
        builder.call(function, pointers)  # column-major: Cᵀ = op(B)ᵀ op(A)ᵀ
        return context.get_dummy_value()

    return types.none(operands), generate


@overload(multiply, strict=False)
def _native_multiply(
    c: Any,
    c_at: Any,
    a: Any,
    a_at: Any,
    b: Any,
    b_at: Any,
    rows: Any,
    columns: Any,
    inner: Any,
    a_transposed: Any,
    b_transposed: Any,
    a_stride: Any,
    b_stride: Any,
    c_stride: Any,
    alpha: Any,
    beta: Any,
) -> Any:
    def call(
        c: Any,
        c_at: Any,
        a: Any,
        a_at: Any,
        b: Any,
        b_at: Any,
        rows: Any,
        columns: Any,
        inner: Any,
        a_transposed: Any,
        b_transposed: Any,
        a_stride: Any,
        b_stride: Any,
        c_stride: Any,
        alpha: Any,
        beta: Any,
    ) -> None:
        if rows > 0 and columns > 0:
            sizes = (rows, columns, inner, a_transposed, b_transposed)
            strides = (max(a_stride, 1), max(b_stride, 1), max(c_stride, 1))
            _blas_multiply((c, c_at, a, a_at, b, b_at) + sizes + strides + (alpha, beta))

    return call


@kernel
def gemm(
    c: Reals,
    a: Reals,
    b: Reals,
    rows: int,
    columns: int,
    inner: int,
    a_transposed: int,
    b_transposed: int,
    a_stride: int,
    b_stride: int,
    c_stride: int,
    alpha: Real,
    beta: Real,
) -> None:
    """C ← α op(A) op(B) + β C, row-major; a stride is the distance of rows as they are stored.

    Shapes: op(A): (rows, inner), op(B): (inner, columns), C: (rows, columns). A is stored as
    (inner, rows) where `a_transposed`, B as (columns, inner) where `b_transposed`.
    """
    sizes = (rows, columns, inner, a_transposed, b_transposed)
    multiply(c, 0, a, 0, b, 0, *sizes, a_stride, b_stride, c_stride, alpha, beta)


@kernel
def batched_gemm(
    c: Reals,
    a: Reals,
    b: Reals,
    rows: int,
    columns: int,
    inner: int,
    a_transposed: int,
    b_transposed: int,
    a_stride: int,
    b_stride: int,
    c_stride: int,
    alpha: Real,
    beta: Real,
    batch: int,
    a_step: int,
    b_step: int,
    c_step: int,
) -> None:
    """`gemm` for `batch` triples of matrices, each `…_step` entries after the one before it.

    With a `c_step` of 0 the products add up in one C where β = 1.
    """
    sizes = (rows, columns, inner, a_transposed, b_transposed)
    for i in range(batch):
        places = (i * c_step, i * a_step, i * b_step)
        multiply(c, places[0], a, places[1], b, places[2], *sizes, a_stride, b_stride, c_stride, alpha, beta)
