"""Compiles kernels in several processes at once: in one, Python's lock would let only one be compiled.

A helper is a process of its own that reads jobs, lines of JSON, and answers each with a kernel as it lies in
the store, its length in bytes first. A helper that ends is not missed: what it has not done is done here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import IO

from nndsl.codegen.group import Group
from nndsl.planning.plan import Precision
from nndsl.runtime.memory import cores
from nndsl.runtime.store import ObjectCode

LENGTH_BYTES = 8

KERNELS_WORTH_A_HELPER = 3
"""A helper takes about as long to start as so many small kernels take to be compiled."""

HELPERS_MOST = 7

Helper = subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class Job:
    """A kernel that is to be compiled: one of the library, by name, or a fused group."""

    symbol: str
    kernel: str | Group
    precision: Precision

    def dump(self) -> bytes:
        """The line that a helper is told: of a group the source of its function."""
        from nndsl.codegen.fused import source

        told = {"symbol": self.symbol, "precision": self.precision}
        if isinstance(self.kernel, str):
            told["name"] = self.kernel
        else:
            told["source"] = source(self.kernel, self.precision)
        return json.dumps(told).encode() + b"\n"

    def compiled(self) -> ObjectCode:
        """Makes machine code in this process; imports Numba. Raises KeyError for an unknown name."""
        from nndsl.codegen.fused import function

        if isinstance(self.kernel, str):
            python = _of_library(self.kernel)
        else:
            python = function(self.kernel, self.precision)
        return _object_code(python, self.precision, self.symbol)

    @property
    def size(self) -> int:
        """How long it will take, roughly: by its parameters, a group by its steps; groups take less."""
        if isinstance(self.kernel, str):
            return 1000 * _of_library(self.kernel).__code__.co_argcount
        return len(self.kernel.steps)


def compiled(jobs: Sequence[Job], keep: Callable[[ObjectCode], None]) -> list[ObjectCode]:
    """Compiles kernels here and in helpers, as many as cores and jobs are worth.

    Each is kept as soon as it is made, also from other threads.
    """
    helpers = _started(min(cores() - 1, len(jobs) // KERNELS_WORTH_A_HELPER, HELPERS_MOST))
    try:
        work = _Work(sorted(jobs, key=lambda job: -job.size), keep)
        threads = [Thread(target=work.lead, args=(helper,), daemon=True) for helper in helpers]
        for thread in threads:
            thread.start()
        work.here()
        for thread in threads:
            thread.join()
        work.here()
        return work.done
    finally:
        for helper in helpers:
            helper.kill()
            helper.communicate()


class _Work:
    """Jobs that are taken one by one, by this process and its helpers, and what has been made of them."""

    def __init__(self, jobs: Iterable[Job], keep: Callable[[ObjectCode], None]) -> None:
        self.pending = deque(jobs)
        self.done: list[ObjectCode] = []
        self._keep = keep

    def here(self) -> None:
        """Does what is pending in this process."""
        for job in self._taken():
            self._add(job.compiled())

    def lead(self, helper: Helper) -> None:
        """Has a helper do what is pending; what it fails to do is pending again."""
        assert helper.stdin is not None and helper.stdout is not None
        for job in self._taken():
            try:
                helper.stdin.write(job.dump())
                helper.stdin.flush()
                self._add(ObjectCode.load(_answer(helper.stdout)))
            except (OSError, ValueError):
                self.pending.append(job)
                return

    def _taken(self) -> Iterator[Job]:
        while self.pending:
            try:
                yield self.pending.popleft()
            except IndexError:  # another thread was faster
                return

    def _add(self, made: ObjectCode) -> None:
        self._keep(made)
        self.done.append(made)


def _started(count: int) -> list[Helper]:
    """So many helpers, or as many as the system lets us start."""
    code = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import serve; serve()"
    pipe, found = subprocess.PIPE, []
    is_python = bool(sys.executable) and not getattr(sys, "frozen", False)
    with suppress(OSError):
        for _ in range(count if is_python else 0):
            command = [sys.executable, "-c", code]
            found.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL))
    return found


def _answer(stream: IO[bytes]) -> bytes:
    """What a helper has answered. Raises ValueError where it has ended."""
    size = int.from_bytes(stream.read(LENGTH_BYTES), "little")
    content = stream.read(size)
    if not content or len(content) < size:
        raise ValueError("the helper has ended")
    return content


def serve() -> None:
    """What a helper does: compiles what it is told, until nobody tells it anything any more."""
    from nndsl.codegen.fused import defined

    for line in sys.stdin.buffer:
        job = json.loads(line)
        python = _of_library(job["name"]) if "name" in job else defined(job["source"])
        content = _object_code(python, Precision(job["precision"]), job["symbol"]).dump()
        sys.stdout.buffer.write(len(content).to_bytes(LENGTH_BYTES, "little") + content)
        sys.stdout.buffer.flush()


def _of_library(name: str) -> Callable[..., None]:
    from nndsl.kernels.compile import library_function

    return library_function(name)


def _object_code(function: Callable[..., None], precision: Precision, symbol: str) -> ObjectCode:
    from nndsl.kernels.compile import object_code

    return ObjectCode(symbol, *object_code(function, precision, symbol))
