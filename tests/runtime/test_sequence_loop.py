"""Minibatches cut at their longest example are what the whole padded arrays are."""

from __future__ import annotations

import numpy as np
import pytest

import nndsl
from nndsl.building.build import finished
from nndsl.data.examples import Examples
from nndsl.data.given import given_examples
from nndsl.graph.interpret import interpret
from nndsl.learning.procedure import evaluation
from nndsl.learning.session import evaluation_loop, run_evaluation
from nndsl.planning.plan import Precision
from nndsl.runtime.sequence_loop import SequenceLoop

SPEC = """network N {
  input  x[3] over t in T
  target y[4] onehot over t in T
  layer  h[5] = tanh(local(x, 3, pad = 1) + bias)
  output o[4] = full(h) + bias + full(mean(h over T))
  train { minimize mean(cross_entropy(o, y) over T)
    optimizer sgd(rate = 0.1)
    batch 8
    report perplexity(o, y), accuracy(o, y)
  }
}"""


def ragged(network: nndsl.Network, count: int) -> Examples:
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 40, count)
    rows = {
        "x": [rng.normal(size=(length, 3)) for length in lengths],
        "y": [rng.integers(0, 4, length) for length in lengths],
    }
    return given_examples(network.model, rows, dtype="float64")


@pytest.mark.parametrize("count", [1, 300])
def test_measures_are_those_of_the_whole_arrays(count: int) -> None:
    network = nndsl.compile(SPEC)
    network.initialise(0, "float64")
    (stage,) = network.stages
    examples = ragged(network, count)
    loop = evaluation_loop(network, stage, examples, Precision.FLOAT64)
    assert isinstance(loop, SequenceLoop) == (count > 1)
    sizes = {"batch": count, "T": examples.inputs["x"].shape[1]}
    graph = evaluation(network.model, stage)
    means = interpret(graph, {**examples.inputs, **network.parameters}, sizes)
    expected = finished(stage, {name: float(mean) for name, mean in means.items()})
    assert run_evaluation(stage, loop) == pytest.approx(expected, rel=1e-9)


def test_a_training_does_not_depend_on_the_threads_but_for_rounding() -> None:
    found = []
    for threads in (1, 2):
        network = nndsl.compile(SPEC, epochs=2)
        rows = ragged(network, 50).inputs
        network.fit(precision="float64", threads=threads, seed=1, **rows)
        found.append(network.parameters["o.weights1"])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9)
