"""The cache of compiled kernels: shared by processes, and never in the way."""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from nndsl.codegen.group import Compute, Group, Operand
from nndsl.planning.plan import Precision
from nndsl.runtime import cache, machine
from nndsl.runtime.store import CacheWarning, ObjectCode

DOUBLE = Precision.FLOAT64
SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from nndsl.planning.plan import Precision
from nndsl.runtime import cache, machine
cache.configure(Path(sys.argv[1]))
compiled = []
found = cache.prepare(["count_up", "gemm"], Precision.FLOAT64, compiled.extend)
x = np.zeros(1)
machine.call(found["count_up"], np.array([x.ctypes.data], np.int64))
print(int(x[0]), len(compiled), "numba" in sys.modules, "scipy.linalg" in sys.modules)
"""


def fresh(scale: float) -> Group:
    """A kernel that nobody has compiled."""
    return Group(1, (Operand((0,)),), 0, (Compute(f"{scale!r} * {{0}}", (0,), (0,)),), (1,), (False,))


def result(found: int) -> list[float]:
    x, y = np.arange(3.0), np.empty(3)
    machine.call(found, np.array([3, 0, 3, x.ctypes.data, y.ctypes.data], np.int64))
    return y.tolist()


def files(directory: Path) -> list[Path]:
    return sorted(file for file in directory.rglob("*") if file.is_file())


def start(directory: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, str(directory)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_processes_that_start_at_once_share_an_empty_cache(tmp_path):
    racing = [start(tmp_path) for _ in range(2)]
    for process in racing:
        assert process.communicate(timeout=60)[0].split()[0] == "1"
        assert process.returncode == 0
    kernels = [("count_up", DOUBLE), ("gemm", DOUBLE), *cache.MACHINE]
    assert [file.name for file in files(tmp_path)] == sorted(f"{cache.symbol(*k)}.kernel" for k in kernels)
    later = start(tmp_path)
    # Counted once, nothing compiled, and neither Numba nor scipy.linalg imported.
    assert later.communicate(timeout=60)[0].split() == ["1", "0", "False", "False"]


def test_what_is_compiled_is_announced_once(tmp_path):
    kernels = cache.Cache(tmp_path)
    kernels.prepare([name for name, _ in cache.MACHINE], DOUBLE)  # else it would come with the first
    names: list[str] = []
    kernels.prepare([fresh(2.5), fresh(2.5)], DOUBLE, names.extend)
    assert names == [cache.symbol(fresh(2.5), DOUBLE)]
    kernels.prepare([fresh(2.5)], DOUBLE, names.extend)
    assert len(names) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: b"[]\n" + content,
        lambda content: b"\xff\n",
    ],
)
def test_a_damaged_file_is_compiled_again(tmp_path, damage):
    kernels, group = cache.Cache(tmp_path), fresh(3.5)
    made = ObjectCode(cache.symbol(group, DOUBLE), b"machine code")
    kernels.store.write(made)
    assert kernels.store.read(made.symbol) == made
    file = kernels.store.file(made.symbol)
    file.write_bytes(damage(made.dump()))
    with pytest.warns(CacheWarning, match="compiling it again"):
        assert kernels.store.read(made.symbol) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # warned of once
        assert result(kernels.address(group, DOUBLE)) == [0, 3.5, 7]


def test_where_nothing_can_be_written_kernels_still_work(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    kernels = cache.Cache(blocked)
    with pytest.warns(CacheWarning, match="compiling in each process") as seen:
        assert result(kernels.address(fresh(4.5), DOUBLE)) == [0, 4.5, 9]
        assert result(kernels.address(fresh(5.5), DOUBLE)) == [0, 5.5, 11]
    assert len(seen) == 1


def test_an_unknown_kernel_is_a_key_error(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(KeyError):
            cache.Cache(tmp_path).address("no_such_kernel", DOUBLE)


def test_code_that_needs_python_is_refused():
    from nndsl.kernels.compile import NotStandalone, object_code

    def raises(count: int) -> None:
        if count > 3:
            raise ValueError("too many")

    raises.__annotations__["count"] = "int"
    with pytest.raises(NotStandalone):
        object_code(raises, DOUBLE, "nndsl_test_raises")
