"""Kernels by name: linked already, else from the user's cache directory, else compiled and kept there.

Only compiling imports Numba; linking a kept kernel takes a fraction of a millisecond.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path

from nndsl.codegen.group import Group
from nndsl.planning.plan import Precision
from nndsl.runtime.compilers import Job, compiled
from nndsl.runtime.link import link
from nndsl.runtime.store import ObjectCode, Store

Kernel = str | Group
"""A library kernel's name, or a fused group."""

MACHINE: tuple[tuple[Kernel, Precision], ...] = (("lead", Precision.FLOAT64), ("serve", Precision.FLOAT64))
"""What runs programs, of whatever precision: it is compiled beside the first kernels."""

OnCompile = Callable[[Sequence[str]], None]
"""Is told the names of the kernels that are about to be compiled, once, if there are any."""


def symbol(kernel: Kernel, precision: Precision) -> str:
    """The name of a kernel in machine code, and of its file."""
    if isinstance(kernel, str):
        return f"nndsl_{kernel}_{precision}"
    return f"nndsl_fused_{sha256(repr(kernel).encode()).hexdigest()[:24]}_{precision}"


class Cache:
    """The kernels that are linked into this process, and a directory that keeps them between processes."""

    def __init__(self, directory: Path) -> None:
        self.store = Store(directory)
        self._addresses: dict[tuple[Kernel, Precision], int] = {}
        self._lock = threading.RLock()

    def address(self, kernel: Kernel, precision: Precision) -> int:
        """The address of `void kernel(int64 *arguments)`. Raises KeyError for an unknown name."""
        return self.prepare([kernel], precision)[kernel]

    def prepare(
        self, kernels: Iterable[Kernel], precision: Precision, on_compile: OnCompile | None = None
    ) -> dict[Kernel, int]:
        """The addresses of several kernels. `on_compile` is called before any is compiled, if any is."""
        with self._lock:
            wanted = list(dict.fromkeys(kernels))
            absent = [(kernel, precision) for kernel in wanted if not self._find(kernel, precision)]
            if absent:
                absent += [other for other in MACHINE if other not in absent and not self._find(*other)]
                self._compile(absent, on_compile)
            return {kernel: self._addresses[kernel, precision] for kernel in wanted}

    def _compile(self, absent: Iterable[tuple[Kernel, Precision]], on_compile: OnCompile | None) -> None:
        jobs = {symbol(*each): Job(symbol(*each), *each) for each in absent}
        if on_compile is not None:
            on_compile(list(jobs))
        for made in compiled(list(jobs.values()), self.store.write):
            self._link(jobs[made.symbol].kernel, jobs[made.symbol].precision, made)

    def _find(self, kernel: Kernel, precision: Precision) -> bool:
        """Link a kernel that need not be compiled; whether there was one."""
        if (kernel, precision) in self._addresses:
            return True
        name = symbol(kernel, precision)
        if name in _LINKED:
            self._addresses[kernel, precision] = _LINKED[name]
            return True
        found = self.store.read(name)
        if found is not None:
            self._link(kernel, precision, found)
        return found is not None

    def _link(self, kernel: Kernel, precision: Precision, made: ObjectCode) -> None:
        _LINKED[made.symbol] = link(made.code, made.symbol, made.needs)
        self._addresses[kernel, precision] = _LINKED[made.symbol]


_LINKED: dict[str, int] = {}
"""The symbols that are linked into this process: each can be once, whichever cache it came through."""

_current: Cache | None = None


def configure(directory: Path) -> None:
    """Keep compiled kernels in another directory from now on."""
    global _current
    _current = Cache(directory)


def current() -> Cache:
    """The process's cache: in the user's cache directory, unless `configure` was called."""
    global _current
    if _current is None:
        from platformdirs import user_cache_path

        _current = Cache(user_cache_path("nndsl", appauthor=False) / "kernels")
    return _current


def address(kernel: Kernel, precision: Precision) -> int:
    """The address of `void kernel(int64 *arguments)`, compiled first if it must be."""
    return current().address(kernel, precision)


def prepare(
    kernels: Iterable[Kernel], precision: Precision, on_compile: OnCompile | None = None
) -> dict[Kernel, int]:
    """The addresses of a plan's kernels; `on_compile` is told which must be compiled, if any."""
    return current().prepare(kernels, precision, on_compile)
