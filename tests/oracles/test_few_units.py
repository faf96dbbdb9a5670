"""Networks of one to three inputs and units, whose products have hardly a row or a column, in plain NumPy."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import nndsl

SPEC = """
network Few {{
  input x[{inputs}]
  target t[{outputs}]
  layer h[{hidden}] = tanh(full(x) + bias)
  output y[{outputs}] = full(h) + bias
  train {{ minimize mse(y, t) }}
}}
"""


@pytest.mark.parametrize(("inputs", "hidden", "outputs"), list(product((1, 2, 3), repeat=3)))
@pytest.mark.parametrize("count", [1, 20])
def test_gradients(inputs: int, hidden: int, outputs: int, count: int) -> None:
    network = nndsl.compile(SPEC.format(inputs=inputs, hidden=hidden, outputs=outputs))
    network.initialise()
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(count, inputs)), rng.normal(size=(count, outputs))
    given = {name: np.asarray(value, float) for name, value in network.parameters.items()}
    first, second = given["h.weights"].reshape(hidden, inputs), given["y.weights"].reshape(outputs, hidden)
    h = np.tanh(x @ first.T + given["h.bias"])
    dy = 2 * (h @ second.T + given["y.bias"] - t) / t.size
    dh = dy @ second * (1 - h**2)
    wanted = {
        "h.weights": dh.T @ x,
        "h.bias": dh.sum(axis=0),
        "y.weights": dy.T @ h,
        "y.bias": dy.sum(axis=0),
    }
    found = network.grad(x=x.astype(np.float32), t=t.astype(np.float32))
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name].ravel(), value.ravel(), rtol=1e-4, atol=1e-6, err_msg=name)
