"""Memory for a plan: aligned NumPy arrays, and their addresses."""

from __future__ import annotations

import os
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nndsl.diagnostics.catalogue.running import NotEnoughMemory
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.graph.types import BATCH, Element, TensorType
from nndsl.planning.plan import ALIGNMENT_BYTES, Buffer, Precision
from nndsl.source import Span

Array = NDArray[Any]

LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where Linux says how much memory a container may take."""


def dtype(element: Element, precision: Precision) -> np.dtype[Any]:
    """How NumPy names the entries of a buffer."""
    match element:
        case Element.REAL:
            return np.dtype(precision.value)
        case Element.INDEX:
            return np.dtype(np.int32)
        case Element.TRUTH:
            return np.dtype(np.bool_)
        case Element.LOOP:
            raise ValueError("a loop has no entries of its own")


def zeros(shape: tuple[int, ...], type: np.dtype[Any]) -> Array:
    """Zeros that begin at a cache line."""
    size = prod(shape) * type.itemsize
    memory = np.zeros(size + ALIGNMENT_BYTES, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT_BYTES
    return memory[start : start + size].view(type).reshape(shape)


def for_buffer(buffer: Buffer, sizes: Mapping[str, int], precision: Precision) -> Array:
    """Memory of its own for a buffer."""
    return zeros(buffer.type.shape(dict(sizes)), dtype(buffer.type.element, precision))


def symbol_sizes(types: Mapping[str, TensorType], arrays: Mapping[str, Array]) -> dict[str, int]:
    """What the symbols of some types stand for, from the shapes of their arrays; the batch is left out.

    Raises ValueError where two arrays give one symbol different sizes.
    """
    sizes: dict[str, int] = {}
    for name, type in types.items():
        for extent, size in zip(type.extents, arrays[name].shape, strict=True):
            if extent.symbol not in (None, BATCH) and not extent.steps:
                assert extent.symbol is not None
                if sizes.setdefault(extent.symbol, size) != size:
                    raise ValueError(f"{extent.symbol} is {sizes[extent.symbol]} and {size}")
    return sizes


def address(array: Array) -> int:
    """Where an array begins. Raises ValueError where its entries have gaps."""
    if not array.flags.c_contiguous:
        raise ValueError("a kernel's operand must be stored without gaps")
    return int(array.ctypes.data)


def cores() -> int:
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available_bytes() -> int:
    """The machine's memory, or what this process may take of it."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = (path.read_text(encoding="ascii").strip() for path in LIMITS if path.is_file())
    return min([whole, *(int(limit) for limit in limits if limit.isdigit())])


def require_memory(needed_bytes: int, span: Span | None, batch: int | None = None) -> None:
    """Raises NNDSLError where the machine has less, before any of it is taken."""
    available = available_bytes()
    if needed_bytes > available:
        raise NNDSLError(
            [NotEnoughMemory(span=span, needed_bytes=needed_bytes, available_bytes=available, batch=batch)]
        )
