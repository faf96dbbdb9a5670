"""SciPy's BLAS: which calls need it, and that it uses one thread, as the executor has threads of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from nndsl.kernels.largest import is_left_to_blas
from nndsl.kernels.symbols import load_blas
from nndsl.runtime.binding import Call

Arguments = Sequence[int]
Product = tuple[int, int, int, int]
"""Rows, columns, inner axis, and whether B is transposed."""


def calls_blas(call: Call) -> bool:
    """Whether a call multiplies matrices that are left to BLAS."""
    products = _PRODUCTS.get(call.kernel) if isinstance(call.kernel, str) else None
    return products is not None and any(is_left_to_blas(*each) for each in products(call.arguments))


def _of_gemm(arguments: Arguments) -> tuple[Product, ...]:
    rows, columns, inner, a_transposed, b_transposed = arguments[3:8]
    product = (rows, columns, inner, b_transposed)
    # A column may be multiplied as a row.
    return (product, (1, rows, inner, 1 - a_transposed)) if columns == 1 else (product,)


def _of_attention(numbers: int) -> Callable[[Arguments], tuple[Product, ...]]:
    """Of its tiles, given the place of the number of examples."""

    def found(arguments: Arguments) -> tuple[Product, ...]:
        tall, wide = arguments[numbers - 2 : numbers]
        inner, units = arguments[numbers + 4 : numbers + 6]
        return (tall, inner, wide, 0), (tall, units, wide, 0)

    return found


def _of_sweeps(examples: int) -> Callable[[Arguments], tuple[Product, ...]]:
    """Of all net inputs, given the place of the number of examples."""

    def found(arguments: Arguments) -> tuple[Product, ...]:
        count, units = arguments[examples : examples + 2]
        return ((count, units, units, 0),)

    return found


_PRODUCTS: dict[str, Callable[[Arguments], tuple[Product, ...]]] = {
    "gemm": _of_gemm,
    "batched_gemm": _of_gemm,
    "attention": _of_attention(11),
    "attention_gradient": _of_attention(15),
    "mean_sweeps": _of_sweeps(14),
    "state_sweeps": _of_sweeps(19),
}


@cache
def _libraries() -> list[Any]:
    """The BLAS that kernels call, by threadpoolctl; all of this process where SciPy has none of its own."""
    import scipy
    from threadpoolctl import ThreadpoolController

    load_blas()  # so that it is found
    found: list[Any] = ThreadpoolController().select(user_api="blas").lib_controllers
    site = Path(scipy.__file__).resolve().parents[1]
    homes = [site / "scipy", site / "scipy.libs"]
    own = [library for library in found if any(map(Path(library.filepath).is_relative_to, homes))]
    return own or found


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS is there, and while this lasts, its products run on the thread that calls them.

    So do those of others who use the same BLAS.
    """
    before = [(library, library.get_num_threads()) for library in _libraries()]
    for library, threads in before:
        if threads != 1:
            library.set_num_threads(1)
    try:
        yield
    finally:
        for library, threads in before:
            if threads != 1:
                library.set_num_threads(threads)
