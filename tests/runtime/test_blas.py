"""Which programs load SciPy's BLAS, and that it leaves the threads of others as they were."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from types import FunctionType

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from nndsl.kernels.blas import blas_multiply
from nndsl.kernels.compile import KERNELS, library_function
from nndsl.kernels.symbols import load_blas
from nndsl.planning.plan import Precision
from nndsl.runtime import blas, machine
from nndsl.runtime.binding import Call, bits
from nndsl.runtime.blas import calls_blas
from nndsl.runtime.memory import address
from nndsl.runtime.program import Programs

USUAL = """
import sys
import numpy as np
import nndsl
from nndsl.kernels.symbols import load_blas

network = nndsl.compile("network N { input x[40]  output y[10] = softmax(full(tanh(full(x, to 30)))) }")
network.run(x=np.ones((8, 40), np.float32))
sys.exit(load_blas.cache_info().currsize)
"""


ALONE = """
from nndsl.kernels.compile import library_function, object_code
from nndsl.planning.plan import Precision

assert object_code(library_function("state_sweeps"), Precision.FLOAT32, "alone")[1] == ("nndsl_blas_sgemm",)
"""


def test_every_kernel_that_may_call_it_is_known() -> None:
    library_function("gemm")  # has all modules imported
    assert {name for name, function in KERNELS.items() if calls(function, set())} == set(blas._PRODUCTS)


def calls(function: FunctionType, seen: set[FunctionType]) -> bool:
    """Whether a function calls BLAS, itself or through others."""
    seen.add(function)
    named = (function.__globals__.get(name) for name in function.__code__.co_names)
    others = [other for other in named if isinstance(other, FunctionType)]
    return blas_multiply in others or any(calls(other, seen) for other in others if other not in seen)


def test_products_are_judged_by_their_sizes() -> None:
    for rows, columns, inner, a_transposed, b_transposed in product(
        (1, 3, 100), (1, 3, 4, 100), (2, 100), (0, 1), (0, 1)
    ):
        sizes = (rows, columns, inner, a_transposed, b_transposed, 100, 100, columns)
        found = calls_blas(Call("gemm", (0, 0, 0, *sizes, 0, 0)))
        assert found or columns > 3 or b_transposed
    assert calls_blas(Call("gemm", (0, 0, 0, 1024, 1024, 1024, 0, 1, 1024, 1024, 1024, 0, 0)))
    assert not calls_blas(Call("fill", (0, 0, 0)))


def test_it_uses_one_thread_while_a_program_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    load_blas()
    before, meanwhile = threads(), []
    run = machine.Run.__call__
    monkeypatch.setattr(machine.Run, "__call__", lambda self: (meanwhile.append(threads()), run(self)))
    a, b = np.random.default_rng(0).normal(size=(2, 50, 50)).astype(np.float32)
    c = np.empty((50, 2), np.float32)
    sizes = (50, 2, 50, 0, 0, 50, 50, 2)
    product = Call("gemm", (*map(address, (c, a, b)), *sizes, bits(1.0), bits(0.0)))
    Programs([[product]], Precision.FLOAT32).run()
    assert len(meanwhile) == 1 and 1 in meanwhile[0].values()
    assert threads() == before
    np.testing.assert_allclose(c, a @ b[:, :2], rtol=1e-4, atol=1e-5)


def threads() -> dict[str, int]:
    """How many threads each BLAS of this process uses."""
    return {one.filepath: one.num_threads for one in ThreadpoolController().lib_controllers}


@pytest.mark.parametrize("code", [USUAL, ALONE], ids=["usual", "alone"])
def test_a_process_that_has_not_loaded_it(code: str) -> None:
    """Usual networks do without it, and a kernel that may need it is compiled first of all."""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
