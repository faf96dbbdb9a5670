"""The number of threads that SciPy's BLAS uses: one, as the executor has threads of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from nndsl.kernels.symbols import PREFIX, provide


@cache
def _libraries() -> list[Any]:
    """The BLAS libraries of this process, by threadpoolctl."""
    from threadpoolctl import ThreadpoolController

    provide(f"{PREFIX}sgemm")  # loads the library, so that it is found
    found: list[Any] = ThreadpoolController().select(user_api="blas").lib_controllers
    return found


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
