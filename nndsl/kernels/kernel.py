"""What a library kernel is: an ordinary Python function over flat buffers.

Un-jitted, a buffer is any flat NumPy array. Made native (`nndsl.kernels.compile`), it is an address, and
the kernel is `void f(int64 *arguments)` with one entry an argument, in the order of the Python parameters,
whose annotations say how an entry is to be read:

| annotation | entry |
|---|---|
| `Reals`, `Doubles`, `Indices`, `Truths`, `Integers` | the address of a buffer |
| `int` | the number |
| `Real` | the bits of a double |

A parameter `*name: int` stands for all the remaining entries, whose number the other arguments tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.floating[Any]]
    Doubles = NDArray[np.float64]
    Indices = NDArray[np.int32]
    Truths = NDArray[np.bool_]
    Integers = NDArray[np.int64]
    Real = np.floating[Any]

F = TypeVar("F", bound=Callable[..., None])

KERNELS: dict[str, Callable[..., None]] = {}
"""Every kernel of the library whose module has been imported, by name."""


def kernel(function: F) -> F:
    """Put a function into the library, under its own name."""
    KERNELS[function.__name__] = function
    return function
