"""Products that are added up are added in memory, and come to what they did."""

from __future__ import annotations

import numpy as np
import pytest

from nndsl.graph.builder import Builder
from nndsl.graph.graph import Graph
from nndsl.graph.interpret import interpret
from nndsl.graph.types import real
from nndsl.operators.arithmetic import Add
from nndsl.operators.contraction import AddContract, Contract
from nndsl.operators.functions import Tanh
from nndsl.operators.leaves import Input
from nndsl.planning.add_products import add_products
from nndsl.planning.plan import Precision, Real
from nndsl.planning.planner import plan
from nndsl.runtime.inference import Inference

SHAPES = {
    "a": real(5, 7),
    "b": real(5, 4),
    "c": real(3, 7),
    "d": real(3, 4),
    "e": real(7, 2),
    "f": real(4, 2),
}
RANDOM = np.random.default_rng(0)
GIVEN = {name: RANDOM.standard_normal(type.shape({})) for name, type in SHAPES.items()}


def products(count: int, read_again: bool = False) -> Graph:
    """The sum of some products, of which the first may be read once more."""
    build = Builder()
    x = {name: build(Input(name, type), name=name) for name, type in SHAPES.items()}
    equations = [("ki,kj->ij", "a", "b"), ("ki,kj->ij", "c", "d"), ("ik,jk->ij", "e", "f")]
    made = [build(Contract(equation), x[left], x[right]) for equation, left, right in equations[:count]]
    total = made[0]
    for product in made[1:]:
        total = build(Add(), total, product)
    outputs = {"y": total} | ({"z": build(Tanh(), made[0])} if read_again else {})
    return build.graph(outputs)


@pytest.mark.parametrize("count", [2, 3])
def test_a_sum_of_products_needs_no_memory_but_its_own(count: int) -> None:
    graph = products(count)
    found = plan(graph, {}, Precision.FLOAT64, {"y": "y"})
    assert [step.kernel for step in found.instructions] == ["gemm"] * count
    assert all(step.writes == ("y",) for step in found.instructions)
    betas = [step.arguments[-1] for step in found.instructions]
    assert betas == [Real(0.0)] + [Real(1.0)] * (count - 1)
    assert found.arena_bytes == 0
    inference = Inference(graph, Precision.FLOAT64)
    result = inference({key: GIVEN[key] for key in inference.inputs}, {}, 1)["y"]
    np.testing.assert_allclose(result, interpret(graph, GIVEN)["y"], rtol=1e-12, atol=1e-12)


def test_what_is_read_elsewhere_is_kept() -> None:
    """Both must be read by the sum alone: each is a buffer of its own then."""
    graph = products(2, read_again=True)
    assert not any(isinstance(node.operator, AddContract) for node in add_products(graph))


def test_an_accumulated_sum_adds_to_what_is_there() -> None:
    found = plan(products(2), {}, Precision.FLOAT64, {"y": "y"}, accumulated=frozenset({"y"}))
    assert [step.arguments[-1] for step in found.instructions] == [Real(1.0)] * 2
