"""Calls kernels in the tests: native, and as the Python functions that they are."""

from __future__ import annotations

import numpy as np

from nndsl.planning.plan import Precision
from nndsl.runtime import cache, machine

PRECISIONS = list(Precision)
SIZES = (0, 1, 7, 8, 9, 1000)


def entry(argument) -> int:
    """An argument as the machine passes it: an address, a number, or the bits of a double."""
    if isinstance(argument, np.ndarray):
        assert argument.flags.c_contiguous
        return argument.ctypes.data
    if isinstance(argument, float):
        return int(np.float64(argument).view(np.int64))
    return int(argument)


def native(kernel: cache.Kernel, precision: Precision, *arguments) -> None:
    """Call a kernel's machine code."""
    packed = np.array([entry(argument) for argument in arguments], np.int64)
    machine.call(cache.address(kernel, precision), packed)


def python(function, precision: Precision, *arguments) -> None:
    """Call a kernel un-jitted: buffers as flat arrays, numbers in the kernel's precision."""
    real = np.dtype(precision.value).type

    def seen(argument):
        if isinstance(argument, np.ndarray):
            return argument.reshape(-1)
        return real(argument) if isinstance(argument, float) else argument

    passed = [seen(argument) for argument in arguments]
    with np.errstate(all="ignore"):
        function(*passed)
