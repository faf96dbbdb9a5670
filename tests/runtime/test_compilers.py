"""Kernels that several processes compile are those that one would compile, whatever becomes of the others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from nndsl.codegen.group import Compute, Group, Operand
from nndsl.planning.plan import Precision
from nndsl.runtime import compilers, machine
from nndsl.runtime.compilers import Job, compiled
from nndsl.runtime.link import link
from nndsl.runtime.store import ObjectCode

GROUP = Group(1, (Operand((0,)),), 0, (Compute("{0} + {0}", (0,), (0,)),), (1,), (False,))
NAMES = ("count_up", "fill", "tally", "take_labels", "all_reduce")


def jobs() -> list[Job]:
    found = [Job(f"test_{name}", name, Precision.FLOAT32) for name in NAMES]
    return [*found, Job("test_group", GROUP, Precision.FLOAT32)]


@pytest.fixture(autouse=True)
def several_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilers, "cores", lambda: 3)


def symbols(made: Iterable[ObjectCode]) -> list[str]:
    return sorted(one.symbol for one in made)


def test_helpers_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    helpers: list[subprocess.Popen[bytes]] = []
    started = compilers._started

    def spied(count: int) -> list[subprocess.Popen[bytes]]:
        helpers.extend(started(count))
        return helpers

    monkeypatch.setattr(compilers, "_started", spied)
    monkeypatch.setattr(compilers._Work, "here", lambda work: None)  # helpers have to do all
    kept: list[ObjectCode] = []
    made = compiled(jobs(), kept.append)
    assert len(helpers) == 2 and all(helper.poll() is not None for helper in helpers)
    assert symbols(made) == symbols(kept) == sorted(job.symbol for job in jobs())
    group = next(one for one in made if one.symbol == "test_group")
    x, y = np.arange(3, dtype=np.float32), np.empty(3, np.float32)
    function = link(group.code, group.symbol, group.needs)
    machine.call(function, np.array([3, 0, 3, x.ctypes.data, y.ctypes.data], np.int64))
    np.testing.assert_array_equal(y, 2 * x)


def test_helpers_that_fail_are_not_missed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    failing = tmp_path / "python"
    failing.write_text("#!/bin/sh\nread line\nexit 3\n")
    failing.chmod(0o700)
    for executable in (str(failing), str(tmp_path / "none"), "", None):
        monkeypatch.setattr(sys, "executable", executable)
        assert symbols(compiled(jobs(), lambda _: None)) == sorted(job.symbol for job in jobs())


def test_mistakes_are_told() -> None:
    with pytest.raises(KeyError):
        compiled([Job("test_none", "none", Precision.FLOAT32)], lambda _: None)
