"""Compiled kernels on disk, shared by processes.

A kernel is one file: a line of JSON (what it is, a checksum) and its machine code; nothing is unpickled.
The files lie in a directory named after everything that the code depends on: the sources of
kernels and code generator, Numba, Python, the processor. They are written whole and never changed, so
that processes may start at once. A file that cannot be read or written costs compiling, with one warning.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from nndsl.kernels.target import cpu

SOURCES = ("kernels", "codegen")
VERSIONS = ("numba", "llvmlite", "scipy")


class CacheWarning(UserWarning):
    """The directory of compiled kernels is of no use: it cannot be written, or holds damaged files."""


@dataclass(frozen=True, slots=True)
class ObjectCode:
    """A kernel's machine code, its symbol, and the names that it expects of other libraries."""

    symbol: str
    code: bytes
    needs: tuple[str, ...] = ()

    def dump(self) -> bytes:
        """The content of its file."""
        header = {"symbol": self.symbol, "needs": self.needs, "sha256": sha256(self.code).hexdigest()}
        return json.dumps(header).encode() + b"\n" + self.code

    @staticmethod
    def load(content: bytes) -> ObjectCode:
        """The inverse of `dump`. Raises ValueError where `content` is not what `dump` made."""
        line, _, code = content.partition(b"\n")
        match json.loads(line):
            case {"symbol": str(symbol), "needs": list(needs), "sha256": str(checksum)}:
                if sha256(code).hexdigest() == checksum:
                    return ObjectCode(symbol, code, tuple(needs))
        raise ValueError("it is damaged")


@cache
def fingerprint() -> str:
    """A name for everything but the kernel itself that its machine code depends on."""
    package = Path(__file__).parent.parent
    digest = sha256()
    for folder in SOURCES:
        for file in sorted((package / folder).glob("*.py")):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    name, features = cpu()
    facts = [platform.python_version(), features, *map(version, VERSIONS)]
    digest.update("\0".join(facts).encode())
    return f"{name}-{digest.hexdigest()[:20]}"


class Store:
    """Kernels' files in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._warned = False

    def file(self, symbol: str) -> Path:
        """Where a kernel lies."""
        return self.directory / fingerprint() / f"{symbol}.kernel"

    def read(self, symbol: str) -> ObjectCode | None:
        """A kernel, or None where it has not been kept or is damaged."""
        try:
            content = self.file(symbol).read_bytes()
        except OSError:
            return None
        try:
            found = ObjectCode.load(content)
        except ValueError as error:
            self._warn(
                f"the compiled kernel {self.file(symbol)} cannot be used ({error}); compiling it again"
            )
            return None
        return found if found.symbol == symbol else None

    def write(self, kernel: ObjectCode) -> None:
        """Keep a kernel."""
        file = self.file(kernel.symbol)
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=file.stem, suffix=".part")
            with os.fdopen(handle, "wb") as stream:
                stream.write(kernel.dump())
            Path(temporary).replace(file)
        except OSError as error:
            self._warn(f"cannot keep kernels in {self.directory} ({error}); compiling in each process")

    def _warn(self, message: str) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(message, CacheWarning, stacklevel=2)
