"""The number of threads that SciPy's BLAS uses: one, as the executor has threads of its own."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from nndsl.kernels.symbols import PREFIX, provide


@cache
def _controller() -> object:
    from threadpoolctl import ThreadpoolController

    provide(f"{PREFIX}sgemm")  # loads the library, so that it is found
    return ThreadpoolController()


def one_thread() -> AbstractContextManager[object]:
    """While it lasts, matrix products run on the thread that calls them."""
    limit: AbstractContextManager[object] = _controller().limit(limits=1, user_api="blas")  # type: ignore[attr-defined]
    return limit
