"""Graphs for certain data: the same values, but what never changes is computed once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nndsl
from nndsl.data.examples import Parts
from nndsl.data.given import given_examples
from nndsl.graph.interpret import interpret
from nndsl.graph.types import BATCH
from nndsl.learning.procedure import procedure
from nndsl.learning.session import columns, evaluation_loop, open_sizes, run_evaluation
from nndsl.learning.specialize import Specialized, specialized
from nndsl.learning.trainer import Options, fit
from nndsl.network import Network
from nndsl.operators.leaves import Input
from nndsl.passes.pipeline import optimize
from nndsl.planning.plan import Precision

SPECS = Path(__file__).parents[2] / "benchmarks" / "specs"
NODES = 12


def given(network: Network) -> dict[str, Any]:
    """One graph with repeated edges, a self loop and isolated nodes, sparse inputs, and missing targets."""
    rng = np.random.default_rng(0)
    edges = rng.integers(0, NODES - 2, (40, 2))
    edges[3], edges[4] = edges[5], (2, 2)
    arrays: dict[str, Any] = {"G": edges}
    for value in (*network.model.inputs, *network.model.targets):
        count = NODES if "nodes" in value.type.space[0].set.name else len(edges)
        if value.name == "y":
            arrays["y"] = rng.integers(-1, value.type.units[0], count)
        else:
            x = rng.normal(size=(count, *value.type.units))
            arrays[value.name] = np.where(rng.random(x.shape) < 0.05, x, 0) if value.name == "x" else x
    return arrays


def network_of(spec: str) -> Network:
    network = nndsl.compile(SPECS / f"{spec}.nn")
    network.initialise(0, "float64")
    return network


def found(network: Network) -> tuple[Specialized, dict[str, np.ndarray], Any]:
    """The last stage's step for the graph, what it was fed before, and the step as it was."""
    examples = given_examples(network.model, given(network), dtype="float64")
    data = columns(examples, Precision.FLOAT64)
    step = optimize(procedure(network.model, network.stages[-1]).step)
    assert examples.graphs is not None
    sizes = open_sizes(step, data, examples.graphs, 1) | {BATCH: 1}
    fed = {**examples.graphs.union(data, np.arange(1)), **network.parameters}
    return specialized(step, data, examples.graphs, sizes, Precision.FLOAT64), fed, step


@pytest.mark.parametrize("spec", ["w09_gcn_cora", "w09_gnn_large", "w09_mpnn"])
def test_a_specialized_graph_gives_the_same_values(spec: str) -> None:
    network = network_of(spec)
    made, fed, step = found(network)
    expected = interpret(step, fed, made.sizes)
    values = interpret(made.graph, {**fed, **made.data}, made.sizes)
    for name, value in expected.items():
        np.testing.assert_allclose(values[name], value, rtol=1e-9, atol=1e-12, err_msg=name)


def operators(made: Specialized) -> list[str]:
    return [node.operator.name for node in made.graph]


def test_what_depends_on_data_alone_is_held() -> None:
    """A mean over neighbours of the input is no longer part of a step, nor are degrees."""
    made, _, _ = found(network_of("w09_gnn_large"))
    assert operators(made).count("sparse_product") == 3  # forward, backward, and the mean over the nodes
    assert not {"gather_add", "scatter_add", "row_order"} & set(operators(made))
    assert made.data["held.h1.add"].shape == (NODES, 64)


def test_inputs_that_are_mostly_zero_are_compressed() -> None:
    made, fed, _ = found(network_of("w09_gcn_cora"))
    inputs = {node.operator.key for node in made.graph if isinstance(node.operator, Input)}
    assert "x" not in inputs
    assert {"x.by_rows.values", "x.by_columns.values"} <= inputs
    assert made.sizes["x.entries"] == np.count_nonzero(fed["x"])


def test_products_are_made_at_nodes() -> None:
    """Of the weights that messages are multiplied by, only those of edges' own features meet each edge."""
    made, _, _ = found(network_of("w09_mpnn"))
    products = [node for node in made.graph if node.operator.name == "contract"]
    at_edges = [node for node in products if any("G.edges" in str(x.type) for x in node.inputs)]
    assert {node.inputs[0].name for node in at_edges if node.inputs[0].name == "e"} == {"e"}
    assert len(at_edges) == 4  # a product and the gradient of its weights, in each of two rounds


@pytest.mark.parametrize("spec", ["w09_gcn_cora", "w09_gnn_large", "w09_mpnn"])
def test_training_follows_the_gradient(spec: str) -> None:
    """Three steps of plain descent are those that `grad` gives, whose graph is for any data."""
    text = (SPECS / f"{spec}.nn").read_text().replace("adam(rate = 1e-3)", "sgd(rate = 0.1)")
    text = text.replace("adam(rate = 0.01)", "sgd(rate = 0.1)")
    network, by_hand = (nndsl.compile(text, epochs=3) for _ in range(2))
    for each in (network, by_hand):
        each.initialise(0, "float64")
    arrays = given(network)
    examples = given_examples(network.model, arrays, dtype="float64")
    nothing = examples.take(np.arange(0))
    fit(network, Parts(examples, nothing, nothing), Options(0, Precision.FLOAT64))
    for _ in range(3):
        slopes = by_hand.grad(**arrays)
        for name, value in by_hand.parameters.items():
            value -= 0.1 * slopes[name]
    for name, value in by_hand.parameters.items():
        np.testing.assert_allclose(network.parameters[name], value, rtol=1e-9, atol=1e-12, err_msg=name)
    loop = evaluation_loop(network, network.stages[-1], examples, Precision.FLOAT64)
    measured = run_evaluation(network.stages[-1], loop)["loss"]
    assert measured == pytest.approx(network.grad(**arrays)["loss"], rel=1e-12)
