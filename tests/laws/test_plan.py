"""Law: a plan, written out as Python and run un-jitted, computes what the graph means."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from random_graphs import graphs

from nndsl.codegen.driver import driver
from nndsl.differentiation.reverse import differentiate
from nndsl.graph.graph import Graph
from nndsl.graph.interpret import interpret
from nndsl.graph.types import Element
from nndsl.passes.pipeline import optimize
from nndsl.planning.plan import Plan, Precision
from nndsl.planning.planner import plan
from nndsl.runtime.memory import dtype


def written_out(planned: Plan, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The outputs of a plan whose driver has been run."""
    scope: dict[str, Any] = {}
    exec(compile(driver({"step": planned}), "<driver>", "exec"), scope)
    flat = {
        name: np.ascontiguousarray(
            array, dtype(planned.buffers[name].type.element, planned.precision)
        ).ravel()
        for name, array in feeds.items()
        if name in planned.buffers
    }
    return scope["step"](**flat)


def check(graph: Graph, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    feeds = {f"x{i}": rng.uniform(-2, 2, (3, 3)) for i in range(2)}
    found = written_out(plan(graph, {}, Precision.FLOAT64), feeds)
    for name, expected in interpret(graph, feeds).items():
        real = graph.outputs[name].type.element is Element.REAL
        tolerance = 1e-12 if real else 0
        np.testing.assert_allclose(
            found[name], expected.ravel(), rtol=tolerance, atol=tolerance, err_msg=name
        )


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs())
def test_a_plan_computes_what_the_graph_means(graph: Graph) -> None:
    check(graph)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs())
def test_so_does_that_of_an_optimised_gradient(graph: Graph) -> None:
    check(optimize(differentiate(graph, "loss", ["x0", "x1"])))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs())
def test_planning_twice_gives_the_same_text(graph: Graph) -> None:
    texts = {driver({"step": plan(graph, {}, Precision.FLOAT32)}) for _ in range(2)}
    assert len(texts) == 1
