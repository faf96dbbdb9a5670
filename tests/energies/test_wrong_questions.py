"""What an energy cannot be asked, and what goes wrong while it is learned."""

from __future__ import annotations

import numpy as np
import pytest

import nndsl

RECURRENT = """
network Recurrent {
  input  x[6] over t in 1..5
  param  W
  energy E(v[6] binary over 1..5, h[6] binary over 1..5) = -dot(v, full(h, W))
  layer  s[6] over t in 1..5 = mean(h | E, v = s[t-1]) + x[t]
  output y[6] = last(s over 1..5)
}
"""
BESIDE = """
network Beside {
  input  x[6] over t in 1..5
  input  z[6]
  param  W ~ normal(0, 1)
  energy E(v[6] binary, h[6] binary) = -dot(v, full(h, W))
  layer  s[6] over t in 1..5 = mean(h | E, v = z) + 0.5 * s[t-1]
  output y[6] = last(s over 1..5)
}
"""
GAUSSIAN = """
network Gaussian {
  input  x[6]
  param  W ~ normal(0, 1)
  energy E(v[6], h[3]) = sum(v^2) / 2 + sum(h^2) / 2 - dot(v, full(h, W))
  train {
    maximize  likelihood(E, v = x) by contrastive_divergence(k = 1)
    optimizer sgd(rate = 100)  epochs 20
  }
}
"""


def codes(error: nndsl.NNDSLError) -> list[str]:
    return [diagnostic.code for diagnostic in error.diagnostics]


def test_no_question_about_itself_in_a_loop() -> None:
    network = nndsl.compile(RECURRENT)
    with pytest.raises(nndsl.NNDSLError) as caught:
        network.run(x=np.ones((2, 5, 6)))
    assert codes(caught.value) == ["E0809"]


def test_a_question_beside_a_loop_is_asked_once() -> None:
    network = nndsl.compile(BESIDE)
    z = np.eye(6)[:2]
    found = network.run(x=np.ones((2, 5, 6)), z=z)["y"]
    mean = 1 / (1 + np.exp(-z @ network.parameters["W"]))
    np.testing.assert_allclose(found, mean * (2 - 0.5**4), rtol=1e-5)


def test_a_likelihood_that_diverges_is_told() -> None:
    network = nndsl.compile(GAUSSIAN)
    with pytest.raises(nndsl.NNDSLError) as caught, np.errstate(all="ignore"):
        network.fit(x=np.random.default_rng(0).normal(size=(64, 6)))
    assert codes(caught.value) == ["E0856"]
