"""Kernels by name: in memory, else from the user's cache directory, else compiled and kept there.

A cached kernel is one file: a line of JSON (what it is, a checksum) and the machine code.
Linking it takes well under a millisecond and does not import Numba. Files lie in a directory named after everything
that the code depends on (the sources of kernels and code generator, Numba, Python, the
processor); they are written whole and never changed, so that processes may share them. A file that
cannot be read or written costs compiling, with one warning.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nndsl.codegen.group import Group
from nndsl.planning.plan import Precision
from nndsl.runtime.link import link

Kernel = str | Group
"""A library kernel's name, or a fused group."""

OnCompile = Callable[[Sequence[str]], None]
"""Is told the names of the kernels that are about to be compiled."""

SOURCES = ("kernels", "codegen")
VERSIONS = ("numba", "llvmlite", "scipy")


class CacheWarning(UserWarning):
    """The cache directory could not be used: kernels are compiled anew in each process."""


@dataclass(frozen=True, slots=True)
class ObjectCode:
    """A kernel's machine code, its symbol, and the names that it expects of other libraries."""

    symbol: str
    code: bytes
    needs: tuple[str, ...] = ()

    def dump(self) -> bytes:
        checksum = sha256(self.code).hexdigest()
        header = {"symbol": self.symbol, "needs": self.needs, "sha256": checksum}
        return json.dumps(header).encode() + b"\n" + self.code

    @staticmethod
    def load(content: bytes) -> ObjectCode:
        """Raises ValueError, KeyError or TypeError where `content` is not what `dump` made."""
        line, _, code = content.partition(b"\n")
        header: dict[str, Any] = json.loads(line)
        if sha256(code).hexdigest() != header["sha256"]:
            raise ValueError("checksum")
        return ObjectCode(header["symbol"], code, tuple(header["needs"]))


@cache
def fingerprint() -> str:
    """A name for everything but the kernel itself that its machine code depends on."""
    from nndsl.kernels.target import cpu

    package = Path(__file__).parent.parent
    digest = sha256()
    for folder in SOURCES:
        for file in sorted((package / folder).glob("*.py")):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    name, features = cpu()
    facts = [platform.python_version(), features, *map(version, VERSIONS)]
    digest.update("\0".join(facts).encode())
    return f"{name}-{digest.hexdigest()[:20]}"


class Cache:
    """Kernels' addresses, and the directory that keeps their machine code between processes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._addresses: dict[tuple[Kernel, Precision], int] = {}
        self._lock = threading.RLock()

    def address(self, kernel: Kernel, precision: Precision) -> int:
        """The address of `void kernel(int64 *arguments)`. Raises KeyError for an unknown name."""
        with self._lock:
            known = self._addresses.get((kernel, precision))
            return known if known is not None else self._link(kernel, precision)

    def prepare(
        self, kernels: Iterable[Kernel], precision: Precision, on_compile: OnCompile | None = None
    ) -> dict[Kernel, int]:
        """The addresses of several kernels. `on_compile` is called before any is compiled, if any is."""
        with self._lock:
            wanted = list(dict.fromkeys(kernels))
            absent = [kernel for kernel in wanted if not self._is_at_hand(kernel, precision)]
            if absent and on_compile is not None:
                on_compile([symbol(kernel, precision) for kernel in absent])
            return {kernel: self.address(kernel, precision) for kernel in wanted}

    def _is_at_hand(self, kernel: Kernel, precision: Precision) -> bool:
        return (kernel, precision) in self._addresses or self._file(symbol(kernel, precision)).exists()

    def _file(self, name: str) -> Path:
        return self.directory / fingerprint() / f"{name}.kernel"

    def _link(self, kernel: Kernel, precision: Precision) -> int:
        name = symbol(kernel, precision)
        code = _PROCESS.get(name)
        if code is None:
            made = self._read(name) or self._compile(kernel, precision)
            code = _PROCESS[name] = link(made.code, made.symbol, made.needs)
        self._addresses[kernel, precision] = code
        return code

    def _read(self, name: str) -> ObjectCode | None:
        try:
            found = ObjectCode.load(self._file(name).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            _warn(f"cannot read the cached kernel {self._file(name)} ({error}); it is compiled again")
            return None
        return found if found.symbol == name else None

    def _compile(self, kernel: Kernel, precision: Precision) -> ObjectCode:
        made = compile_kernel(kernel, precision)
        self._write(self._file(made.symbol), made.dump())
        return made

    def _write(self, file: Path, content: bytes) -> None:
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=file.stem, suffix=".part")
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            Path(temporary).replace(file)
        except OSError as error:
            _warn(
                f"cannot keep compiled kernels in {self.directory} ({error}); each process compiles its own"
            )


_PROCESS: dict[str, int] = {}
"""The kernels that are linked into this process, whichever cache they came through."""


def _warn(message: str) -> None:
    warnings.warn(message, CacheWarning, stacklevel=2)


def symbol(kernel: Kernel, precision: Precision) -> str:
    """The name of a kernel in machine code, and of its file."""
    if isinstance(kernel, str):
        return f"nndsl_{kernel}_{precision}"
    return f"nndsl_fused_{sha256(repr(kernel).encode()).hexdigest()[:24]}_{precision}"


def compile_kernel(kernel: Kernel, precision: Precision) -> ObjectCode:
    """Makes machine code; imports Numba. Raises KeyError for an unknown name."""
    from nndsl.codegen.fused import function
    from nndsl.kernels.compile import library_function, object_code

    python = library_function(kernel) if isinstance(kernel, str) else function(kernel, precision)
    name = symbol(kernel, precision)
    code, needs = object_code(python, precision, name)
    return ObjectCode(name, code, needs)


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
