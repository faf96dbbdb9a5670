"""What feedback means, by recurrences in NumPy: delays, starts, clocks, both directions, ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from spec_models import Array, gradients, model_of, random_feeds

from nndsl.building.build import LOSS, forward, objective
from nndsl.building.refusals import stages
from nndsl.differentiation.reverse import differentiate
from nndsl.graph.interpret import interpret
from nndsl.graph.unroll import unrolled
from nndsl.graph.verify import verify
from nndsl.passes.pipeline import optimize

SPECS = Path(__file__).parents[2] / "specs"
SIZES = {"batch": 3, "T": 6}


def values(text: str, **given: Array) -> tuple[dict[str, Array], dict[str, Array]]:
    """What a network computes on random data, and these data."""
    model = model_of(text)
    feeds = random_feeds(model, SIZES) | given
    graph = verify(forward(model))
    found = interpret(graph, feeds, SIZES)
    for name, value in interpret(optimize(graph, check=True), feeds, SIZES).items():
        np.testing.assert_allclose(value, found[name], rtol=1e-12, atol=1e-12)
    return found, feeds


def test_a_delay_of_three_begins_with_the_start() -> None:
    found, f = values(
        """network N {
          input x[4] over t in T  input z[5]
          layer h[5] = tanh(full(x) + full(h[t-3]) + h[t-1])
          start h = 2 * z
        }"""
    )
    before = 2 * f["z"]
    h = [before] * 3
    for t in range(6):
        h.append(np.tanh(f["x"][:, t] @ f["h.x.weights"].T + h[t] @ f["h.h.weights"].T + h[t + 2]))
    np.testing.assert_allclose(found["h"], np.stack(h[3:], axis=1), rtol=1e-12)


def test_a_start_is_seen_outside_of_a_loop() -> None:
    found, f = values(
        """network N {
          input x[4] over t in T  input z[5]
          layer h[5] = tanh(full(x) + full(h[t-1]))
          start h = z
          layer g[5] = 2 * full(x, to 5)
          start g = -z
          layer y[5] = h[t-2] * g[t-1]
        }"""
    )
    before = np.stack([f["z"]] * 2, axis=1)
    h = np.concatenate([before, found["h"]], axis=1)[:, :-2]
    g = np.concatenate([-before[:, :1], found["g"]], axis=1)[:, :-1]
    np.testing.assert_allclose(found["y"], h * g, rtol=1e-12)


def test_a_delay_may_be_a_parameter() -> None:
    text = """network N(lag = {}) {{
      input x[4] over t in T
      layer h[5] = tanh(full(x) + full(h[t - lag]))
    }}"""
    for lag, written in ((2, "t-2"), (-1, "t+1")):
        found, _ = values(text.format(lag))
        expected, _ = values(text.format(lag).replace("t - lag", written).replace(f"(lag = {lag})", ""))
        np.testing.assert_array_equal(found["h"], expected["h"])


def test_each_unit_feeds_back_to_itself() -> None:
    found, f = values("network N { input x[4] over t in T  layer h[4] = tanh(x + each(h[t-1]) + bias) }")
    h, state = [], np.zeros((3, 4))
    for t in range(6):
        state = np.tanh(f["x"][:, t] + f["h.weights"] * state + f["h.bias"])
        h.append(state)
    np.testing.assert_allclose(found["h"], np.stack(h, axis=1), rtol=1e-12)


def test_layers_of_one_loop_may_read_each_other_in_any_order() -> None:
    found, f = values(
        """network N {
          input x[2] over t in T
          layer a[2] = tanh(b[t-1] - x)
          layer b[2] = 0.5 * (a + x)[t-1] + a * c[t-2] + t
          layer c[2] = b + x[t-1]
        }"""
    )
    zero = np.zeros((3, 2))
    x = [zero, zero, *np.moveaxis(f["x"], 1, 0)]
    a, b, c = [zero] * 2, [zero] * 2, [zero] * 2
    for t in range(2, 8):
        a.append(np.tanh(b[t - 1] - x[t]))
        b.append(0.5 * (a[t - 1] + x[t - 1]) + a[t] * c[t - 2] + t - 2)
        c.append(b[t] + x[t - 1])
    for name, steps in {"a": a, "b": b, "c": c}.items():
        np.testing.assert_allclose(found[name], np.stack(steps[2:], axis=1), rtol=1e-12, atol=1e-12)


def test_a_clock_of_its_own_settles() -> None:
    """Energy descent of a Hopfield network with one stored pattern; the pattern is where it ends."""
    pattern = np.array([1.0, -1, 1, 1, -1, -1, 1, -1])
    W = np.outer(pattern, pattern) / 8
    np.fill_diagonal(W, 0)
    x = np.tile(pattern, (3, 1))
    x[np.arange(3), np.arange(3)] *= -1
    found, _ = values(
        """network N {
          input x[8] bipolar  param W symmetric no_self
          layer v[8] bipolar over t in 1..9 until stable = sign(full(v[t-1], W))
          start v = x
          output y[8] = last(v over 1..9)
        }""",
        x=x,
        W=W,
    )
    assert found["v"].shape == (3, 9, 8)
    np.testing.assert_array_equal(found["v"], np.repeat(found["v"][:, :1], 9, axis=1))  # and there it stays
    np.testing.assert_array_equal(found["y"], np.tile(pattern, (3, 1)))


def test_a_sign_at_zero_net_input_keeps_its_state() -> None:
    x = np.array([[1.0, -1.0]] * 3)
    found, _ = values(
        """network N {
          input x[2] bipolar  param W symmetric no_self
          layer v[2] bipolar over t in 1..3 = sign(full(v[t-1], W))
          start v = x
        }""",
        x=x,
        W=np.zeros((2, 2)),
    )
    np.testing.assert_array_equal(found["v"], np.repeat(x[:, None], 3, axis=1))


BACKWARDS = """network N {
  input x[3] over t in T  target z[1]
  layer b[4] = tanh(full(x) + full(b[t+1]) + 0.5 * b[t+2] + bias)
  start b = 1
  layer f[4] = tanh(full(x) + full(f[t-1]) + bias)
  output y[1] = full(mean(b * f over T))
  train { minimize mse(y, z) }
}"""


def test_backward_passes_begin_at_each_example_s_own_end() -> None:
    model = model_of(BACKWARDS)
    lengths = np.array([6, 4, 1])
    feeds = random_feeds(model, SIZES) | {"T.length": lengths}
    together = gradients(model, feeds, SIZES)
    alone = []
    for row, length in enumerate(lengths):
        own = {"x": feeds["x"][row : row + 1, :length], "z": feeds["z"][row : row + 1]}
        own |= {"T.length": np.array([length])}
        alone.append(gradients(model, feeds | own, {"batch": 1, "T": int(length)}))
    for name, value in together.items():
        np.testing.assert_allclose(value, sum(part[name] for part in alone) / 3, rtol=1e-9, err_msg=name)


def test_causality() -> None:
    """∂h_t/∂x_s = 0 for s > t, and not for s ≤ t."""
    model = model_of(
        """network N {
          input x[1] over t in T  target z[1] over t in T
          layer h[2] = tanh(full(x) + full(h[t-1]))
          output y[1] = full(h)
          train { minimize mse(y, z) * (t == 2) }
        }"""
    )
    graph = differentiate(objective(model, next(stages(model))), LOSS, ["x"])
    dx = interpret(graph, random_feeds(model, SIZES), SIZES)["gradient.x"]
    assert np.all(dx[:, :3] != 0)
    assert np.all(dx[:, 3:] == 0)


@pytest.mark.parametrize("spec", ["elman", "lstm", "gru", "diagonal_rnn"])
def test_a_loop_is_what_it_is_unrolled(spec: str) -> None:
    model = model_of((SPECS / f"{spec}.nn").read_text(encoding="utf-8"))
    sizes = {"batch": 2, "T": 4}
    feeds = random_feeds(model, sizes)
    graph = forward(model)
    flat = verify(unrolled(graph, {"T": 4}))
    assert "loop" not in {node.operator.name for node in flat}
    for name, value in interpret(graph, feeds, sizes).items():
        np.testing.assert_allclose(interpret(flat, feeds, sizes)[name], value, rtol=1e-12)
