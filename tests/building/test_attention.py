"""Attention joined as one operator is what it was, in values and gradients, without its matrix of pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from spec_models import model_of, random_feeds

from nndsl.building.build import LOSS, forward, objective
from nndsl.building.refusals import stages
from nndsl.codegen.driver import driver
from nndsl.differentiation.reverse import differentiate
from nndsl.graph.graph import Graph
from nndsl.graph.interpret import interpret
from nndsl.graph.types import BATCH
from nndsl.learning.procedure import procedure
from nndsl.operators.attention import Attention
from nndsl.operators.leaves import Fed
from nndsl.passes.contract_products import contract_products
from nndsl.passes.join_attention import join_attention
from nndsl.passes.pipeline import optimize
from nndsl.planning import attention as tiles
from nndsl.planning.plan import Precision
from nndsl.planning.planner import plan
from nndsl.runtime.inference import Inference

SIZES = {BATCH: 3, "M": 7, "N": 9}
LENGTHS = {"M.length": np.array([7, 5, 1], np.int32), "N.length": np.array([4, 9, 0], np.int32)}
TOLERANCE = {Precision.FLOAT64: 1e-9, Precision.FLOAT32: 1e-5}


def network(keys: str, heads: str, scores: str, mask: str = "") -> str:
    """A query at each t in M attends to keys and values made of `keys`; `heads` begins their units."""
    many, places = f"[{heads.removesuffix(', ')}]" if heads else "", "M" if keys == "x" else "N"
    return f"""network T {{
      input  x[6] over t in M
      input  z[5] over s in N
      target y[3] over t in M
      layer  Q[{heads}4] = full(x)
      layer  K[{heads}4] = full({keys})
      layer  V[{heads}3] = full({keys})
      layer  A{many} over (t in M, j in {places}) = softmax({scores} over j in {places}{mask})
      layer  mix[{heads}3] = sum(A[t, j] * V[j] over j in {places})
      output w[3] = full(mix) + mean(full(z) over s in N)
      train {{ minimize mean(mse(w, y) over M)  optimizer sgd(rate = 0.1)  batch 3  epochs 1 }}
    }}"""


CASES = {
    "self": network("x", "2, ", "dot(Q[t], K[j]) / 2"),
    "causal": network("x", "2, ", "dot(Q[t], K[j]) / sqrt(3)", " where j <= t"),
    "cross": network("z", "2, ", "0.7 * dot(Q[t], K[j])"),
    "one head": network("z", "", "dot(Q[t], K[j])"),
}


def fed(model: Any, graph: Graph) -> dict[str, np.ndarray]:
    given = random_feeds(model, SIZES) | LENGTHS
    return {node.operator.key: given[node.operator.key] for node in graph if isinstance(node.operator, Fed)}


def joined(graph: Graph) -> Graph:
    return join_attention(contract_products(graph))


def learned(model: Any, join: bool) -> Graph:
    stage = next(stages(model))
    graph = objective(model, stage)
    names = [parameter.name for parameter in stage.learned]
    return optimize(differentiate(joined(graph) if join else graph, LOSS, names), check=True)


def count(graph: Graph) -> int:
    return [type(node.operator) for node in graph].count(Attention)


@pytest.fixture(params=["one tile", "many tiles"])
def _tiles(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "many tiles":
        monkeypatch.setattr(tiles, "QUERIES_AT_ONCE", 3)
        monkeypatch.setattr(tiles, "KEYS_AT_ONCE", 2)


@pytest.mark.usefixtures("_tiles")
@pytest.mark.parametrize("precision", Precision)
@pytest.mark.parametrize("name", CASES)
def test_gradients_are_those_of_the_plain_form(name: str, precision: Precision) -> None:
    model = model_of(CASES[name])
    plain, graph = learned(model, join=False), learned(model, join=True)
    assert (count(plain), count(graph)) == (0, 1)
    feeds = fed(model, plain)
    expected, meant = interpret(plain, feeds, SIZES), interpret(graph, feeds, SIZES)
    kinds = {np.dtype(float): np.dtype(precision.value)}
    given = {key: np.asarray(x, kinds.get(x.dtype, np.int32), order="C") for key, x in feeds.items()}
    found = Inference(graph, precision, SIZES[BATCH])(given, given, SIZES[BATCH])
    for key, value in expected.items():
        scale = np.abs(value).max() + 1e-3
        np.testing.assert_allclose(meant[key], value, rtol=1e-10, atol=1e-12 * scale, err_msg=key)
        tolerance = TOLERANCE[precision]
        np.testing.assert_allclose(found[key], value, rtol=tolerance, atol=tolerance * scale, err_msg=key)


@pytest.mark.usefixtures("_tiles")
def test_the_kernels_are_python() -> None:
    model = model_of(CASES["causal"])
    graph = learned(model, join=True)
    feeds, scope = fed(model, graph), dict[str, Any]()
    exec(compile(driver({"step": plan(graph, SIZES, Precision.FLOAT64)}), "<driver>", "exec"), scope)
    found = scope["step"](**SIZES, **{scope_name(name): x.ravel() for name, x in feeds.items()})
    for name, value in interpret(graph, feeds, SIZES).items():
        np.testing.assert_allclose(found[name], value.ravel(), rtol=1e-10, atol=1e-12, err_msg=name)


def scope_name(name: str) -> str:
    return name.replace(".", "_")


def test_weights_that_are_asked_for_are_computed() -> None:
    text = CASES["causal"].replace("layer  A", "output A")
    graph = optimize(forward(model_of(text)))
    assert count(graph) == 0 and "A" in graph.outputs
    stage = next(stages(model_of(text)))
    assert count(joined(objective(model_of(text), stage))) == 1


@pytest.mark.parametrize("mask", ["t <= j", "j < t", "abs(j - t) <= 2"])
def test_other_masks_keep_the_plain_form(mask: str) -> None:
    model = model_of(network("x", "2, ", "dot(Q[t], K[j])", f" where {mask}"))
    assert count(learned(model, join=True)) == 0


def test_long_sequences_need_no_matrix_of_all_pairs() -> None:
    model = model_of(CASES["causal"])
    graph = procedure(model, next(stages(model))).step
    long = plan(optimize(graph), {BATCH: 1, "M": 4096, "N": 4}, Precision.FLOAT32)
    assert long.arena_bytes < 4096 * 1024
