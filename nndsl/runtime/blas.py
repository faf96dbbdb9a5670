"""The number of threads that SciPy's BLAS uses: one, as the executor has threads of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from nndsl.kernels.largest import is_left_to_blas
from nndsl.kernels.symbols import PREFIX, provide
from nndsl.runtime.binding import Call

PRODUCTS = ("gemm", "batched_gemm")
"""The kernels whose first numbers are the sizes of a product."""

OTHERS = ("attention", "attention_gradient", "mean_sweeps", "state_sweeps")
"""Other kernels that multiply matrices."""


def calls_blas(call: Call) -> bool:
    """Whether a call may come to SciPy's BLAS."""
    if call.kernel not in PRODUCTS:
        return call.kernel in OTHERS
    rows, columns, inner, _, b_transposed = call.arguments[3:8]
    return is_left_to_blas(rows, columns, inner, b_transposed)


@cache
def _libraries() -> list[Any]:
    """The BLAS that kernels call, by threadpoolctl; all of this process where SciPy has none of its own."""
    import scipy
    from threadpoolctl import ThreadpoolController

    provide(f"{PREFIX}sgemm")  # loads the library, so that it is found
    found: list[Any] = ThreadpoolController().select(user_api="blas").lib_controllers
    site = Path(scipy.__file__).resolve().parents[1]
    homes = [site / "scipy", site / "scipy.libs"]
    own = [library for library in found if any(map(Path(library.filepath).is_relative_to, homes))]
    return own or found


@contextmanager
def one_thread() -> Iterator[None]:
    """While it lasts, matrix products run on the thread that calls them."""
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
