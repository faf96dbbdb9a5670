"""What needs the whole minibatch at once is added up over threads: any number of them learns the same."""

from __future__ import annotations

import numpy as np
import pytest

from nndsl.compiler import compile
from nndsl.graph.types import BATCH
from nndsl.learning.procedure import procedure
from nndsl.learning.session import divided
from nndsl.network import Network
from nndsl.operators.threads import AllReduce
from nndsl.passes.pipeline import optimize
from nndsl.runtime import division
from nndsl.source import Source

pytestmark = pytest.mark.usefixtures("many_cores")

RANDOM = np.random.default_rng(0)
IMAGES, LABELS = RANDOM.random((53, 8, 8)), RANDOM.integers(0, 3, 53)

NORMALISED = """
network Normalised {
  input  x over 8x8
  target y[3] onehot
  layer  h[4] = relu(batch_norm(local(x, 3x3)))
  layer  g[5] = tanh(batch_norm(full(mean(h over window 2x2))))
  output z[3] = full(g) + bias
  train {
    minimize  cross_entropy(z, y)
    optimizer sgd(rate = 0.1, momentum = 0.9)
    batch 20  epochs 2
    report accuracy(z, y)
  }
}
"""


def trained(threads: int) -> Network:
    network = compile(Source("<test>", NORMALISED))
    network.fit(x=IMAGES, y=LABELS, threads=threads, precision="float64")
    return network


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_batch_norm_is_that_of_the_whole_batch(threads: int) -> None:
    """Also its running averages, and where a thread has few examples: the last minibatch is smaller."""
    alone, together = trained(1), trained(threads)
    for name, value in alone.parameters.items():
        np.testing.assert_allclose(together.parameters[name], value, rtol=1e-9, atol=1e-11, err_msg=name)


def test_the_graph_is_divided() -> None:
    """Of each of two layers the mean, the variance, their cotangents and two running averages are summed."""
    network = compile(Source("<test>", NORMALISED))
    stage = procedure(network.model, network.stages[0])
    graph, threads, _ = divided(optimize(stage.step), {BATCH: 20}, wanted=2)
    assert threads == 2
    assert [type(node.operator) for node in graph].count(AllReduce) == 2 * 6


def test_threads_repeat_to_the_bit() -> None:
    first, second = trained(2).parameters, trained(2).parameters
    for name, value in first.items():
        np.testing.assert_array_equal(second[name], value, err_msg=name)


def shared(hidden: int, batch: int, threads: int) -> tuple[int, int]:
    """Into how many shares a perceptron's minibatch is divided, and by how many threads each is run."""
    text = f"""network P {{
      input x[{hidden}]  target y[9]
      layer h[{hidden}] = tanh(full(x))
      output z[9] = full(h)
      train {{ minimize mse(z, y)  optimizer sgd(rate = 0.1)  batch {batch} }}
    }}"""
    network = compile(Source("<test>", text))
    step = procedure(network.model, network.stages[0]).step
    return divided(optimize(step), {BATCH: batch}, threads)[1:]


def test_threads_run_together_what_would_take_longer_to_add_up() -> None:
    """Where what threads make of examples is little beside the weights, which each would have changes of."""
    assert shared(1000, 5000, 2) == (2, 1)
    assert shared(1000, 5000, 8) == (1, 8)
    assert shared(1000, 50, 2) == (1, 2)
    assert shared(50, 50, 2) == (2, 1)


def test_there_is_no_more_than_one_thread_a_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are asked for: they would have smaller shares, and take longer."""
    monkeypatch.setattr(division, "cores", lambda: 2)
    assert shared(50, 50, 8) == shared(50, 50, 2)
    assert shared(1000, 50, 8) == shared(1000, 50, 2)
