"""Kernels of convolution and pooling, as the Python that they are made of: what they mean, and no more.

Their machine code is held against the operators in tests/laws.
"""

import numpy as np
import pytest
from calling import PRECISIONS

from nndsl.codegen.driver import driver
from nndsl.graph.builder import Builder
from nndsl.operators.leaves import Input
from nndsl.operators.operator import Sample
from nndsl.operators.registry import operators
from nndsl.planning.planner import plan

NAMES = (
    "convolve",
    "convolve_transposed",
    "convolve_weights",
    "max_pool",
    "max_unpool",
    "sum_pool",
    "sum_unpool",
)
SAMPLES = [pytest.param(s, id=f"{n}-{i}") for n in NAMES for i, s in enumerate(operators()[n].samples())]


POOLS = list(operators()["max_pool"].samples())


@pytest.mark.parametrize("sample", SAMPLES)
def test_un_jitted(sample: Sample) -> None:
    check(sample)


@pytest.mark.parametrize("sample", POOLS)
def test_the_greatest_entry_itself(sample: Sample) -> None:
    check(sample, same=True)


def check(sample: Sample, same: bool = False) -> None:
    """Holds the kernel of an operator against its meaning, for operands of their own or the `same` one."""
    build = Builder()
    given = [build(Input(f"x{i}", type), name=f"x{i}") for i, type in enumerate(sample.operands)]
    given = given[:1] * len(given) if same else given
    graph = build.graph({"y": build(sample.operator, *given, name="y")})
    rng = np.random.default_rng(0)
    fed = {node.name: rng.normal(size=node.type.shape({})) for node in given}
    scope: dict = {}
    exec(compile(driver({"step": plan(graph, {}, PRECISIONS[1])}), "<driver>", "exec"), scope)
    found = scope["step"](**{name: array.ravel() for name, array in fed.items()})["y"]
    expected = sample.operator.evaluate(tuple(fed[node.name] for node in given), {})
    np.testing.assert_allclose(found, expected.ravel(), rtol=1e-12, atol=1e-12)
