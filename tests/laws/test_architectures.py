"""What holds for a kind of network, whatever its weights are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nndsl

CAUSAL = {
    "feedback": "layer h[6] = tanh(full(x) + full(h[t-1]) + bias)",
    "delays": "layer h[6] = tanh(full(x[t-2]) + full(x) + full(h[t-3]))",
    "local": "layer g[6] = tanh(local(x, 3, causal))  layer h[6] = local(g, 2, causal, dilation = 2)",
    "attention": "layer h[4] = layer_norm(x + attention(x, x, heads = 2, causal = yes))",
}
"""Bodies of networks that see nothing of the future."""


def network(text: str) -> Any:
    found = nndsl.compile(text)
    found.initialise(3, "float64")
    return found


@pytest.mark.parametrize("name", CAUSAL)
def test_no_output_depends_on_a_later_input(name: str) -> None:
    """∂y_t/∂x_s = 0 for s > t: to the bit, y_t stays when x_s changes, and from t = s on it does not."""
    net = network(
        f"""use attention from std
        network N {{ input x[4] over t in T  {CAUSAL[name]}  output y[2] = full(h) + bias }}"""
    )
    x = np.random.default_rng(0).normal(size=(9, 4))
    changed = x + np.eye(9)[:, :, None]  # in example s at step s
    y, *found = net.run(x=np.stack([x, *changed]))["y"]
    for s, other in enumerate(found):
        np.testing.assert_array_equal(other[:s], y[:s])
        assert (other[s] != y[s]).any()


def test_a_layer_that_sees_the_future_is_told_apart() -> None:
    net = network(
        """use encoder_layer from std
        network N { input x[4] over t in T  output y[4] = encoder_layer(x, heads = 2) }"""
    )
    x = np.random.default_rng(0).normal(size=(1, 9, 4))
    changed = x.copy()
    changed[:, 8] += 1
    assert (net.run(x=changed)["y"] != net.run(x=x)["y"]).any(axis=-1).all()


def test_attention_without_positions_does_not_know_the_order() -> None:
    """What is permuted comes out permuted."""
    net = network(
        """use encoder_layer from std
        network N { input x[8] over T  output y[8] = encoder_layer(x, heads = 2) repeated 2 }"""
    )
    random = np.random.default_rng(1)
    x, order = random.normal(size=(3, 11, 8)), random.permutation(11)
    np.testing.assert_allclose(net.run(x=x[:, order])["y"], net.run(x=x)["y"][:, order], rtol=1e-9)


def test_cross_attention_does_not_know_the_order_of_what_it_looks_at() -> None:
    net = network(
        """use attention from std
        network N { input x[8] over T  input z[6] over S  output y[8] = attention(x, z, heads = 2) }"""
    )
    random = np.random.default_rng(1)
    x, z, order = random.normal(size=(3, 5, 8)), random.normal(size=(3, 7, 6)), random.permutation(7)
    np.testing.assert_allclose(net.run(x=x, z=z[:, order])["y"], net.run(x=x, z=z)["y"], rtol=1e-9)


def test_a_linear_autoencoder_finds_the_principal_components() -> None:
    """Its error is within 2 % of the least that a linear code can have (Baldi, Hornik 1989)."""
    random = np.random.default_rng(2)
    x = (
        random.normal(size=(512, 12))
        * np.linspace(3, 0.3, 12)
        @ np.linalg.qr(random.normal(size=(12, 12)))[0]
    )
    x = (x + 0.7).astype("float32")
    net = nndsl.compile(
        """network L {
          input x[12]
          layer code[4] = full(x) + bias
          output recon[12] = full(code) + bias
          train { minimize mse(recon, x)  optimizer adam(rate = cosine(0.02))  batch 64  epochs 100 }
        }"""
    )
    net.fit(x=x)
    learned = np.square(net.run(x=x)["recon"] - x).mean()
    least = np.square(np.linalg.svd(x - x.mean(0), compute_uv=False)[4:]).sum() / x.size
    assert least <= learned * (1 + 1e-6) <= 1.02 * least
