"""What the language reference says of objectives, reductions and wirings."""

from __future__ import annotations

import numpy as np
import pytest
from spec_models import Array, gradients, model_of, random_feeds

from nndsl.building.build import LOSS, forward, objective
from nndsl.graph.interpret import interpret
from nndsl.graph.text import print_graph
from nndsl.operators.leaves import Input
from nndsl.operators.lookup import OneHot

SIZES = {"batch": 4, "T": 6, "N": 6}


def outputs(text: str, sizes: dict[str, int] = SIZES, **feeds: Array) -> dict[str, Array]:
    model = model_of(f"network N {{ {text} }}")
    return interpret(forward(model), random_feeds(model, sizes) | feeds, sizes)


def test_loss_is_summed_over_its_space_and_averaged_over_the_batch() -> None:
    model = model_of(
        """network N {
          input x[3] over t in T  target y[3] over t in T
          layer h[3] = full(x)
          train { minimize mse(h, y) + 0.5 * l2(weights) }
        }"""
    )
    feeds = random_feeds(model, SIZES)
    h = feeds["x"] @ feeds["h.weights"].T
    expected = np.square(h - feeds["y"]).mean(2).sum(1).mean() + 0.5 * np.square(feeds["h.weights"]).sum()
    assert gradients(model, feeds, SIZES)[LOSS] == pytest.approx(expected, rel=1e-12)


def test_penalty_does_not_depend_on_the_batch() -> None:
    """What has no examples is in the graph once, not once an example."""
    model = model_of(
        "network N { input x[3]  layer h[2] = full(x)  train { minimize 0 * mse(h, 0 * h) + l2(weights) } }"
    )
    (stage,) = model.stages
    graph = objective(model, stage)  # type: ignore[arg-type]
    weights = graph.by_name["h.weights"]
    (square,) = (node for node in graph if node.inputs == (weights, weights))
    assert square.type.extents == weights.type.extents


def test_onehot_data_are_indices() -> None:
    model = model_of("network N { input x[7] onehot over t in T  output y[2] = full(x) }")
    graph = forward(model)
    (data,) = (node for node in graph if isinstance(node.operator, Input))
    assert str(data.type) == "index[batch=batch, T=T]"
    assert isinstance(graph.users[data][0].operator, OneHot)


def test_reductions_with_a_condition() -> None:
    """Entries that the condition leaves out count nowhere; an empty sum, mean and softmax is 0."""
    text = """
      input x[1] over t in N
      output s[1] over (t in N, j in N) = softmax(x[j] + 0 * x[t] over j in N where j < t)
      output total[1] over t in N = sum(x[j] + 0 * x[t] over j in N where j < t)
      output average[1] over t in N = mean(x[j] + 0 * x[t] over j in N where j < t)
    """
    x = np.random.default_rng(1).normal(size=(4, 6, 1))
    found = outputs(text, x=x)
    for t in range(6):
        before = x[:, :t, 0]
        np.testing.assert_allclose(found["total"][:, t, 0], before.sum(1), atol=1e-12)
        np.testing.assert_allclose(found["average"][:, t, 0], before.mean(1) if t else 0, atol=1e-12)
        shares = np.exp(before) / np.exp(before).sum(1, keepdims=True) if t else before
        np.testing.assert_allclose(found["s"][:, t, :t, 0], shares, atol=1e-12)
        assert not found["s"][:, t, t:].any()


def test_last_is_the_end_of_the_sequence() -> None:
    x = np.random.default_rng(1).normal(size=(4, 6, 3))
    found = outputs("input x[3] over t in T  output y[3] = last(x over T)", x=x)["y"]
    np.testing.assert_array_equal(found, x[:, -1])


def test_delays_outside_of_loops_are_shifts() -> None:
    x = np.random.default_rng(1).normal(size=(4, 6, 3))
    found = outputs("input x[3] over t in T  output before[3] = x[t-2]  output after[3] = x[t+1]", x=x)
    np.testing.assert_array_equal(found["before"], np.pad(x, ((0, 0), (2, 0), (0, 0)))[:, :-2])
    np.testing.assert_array_equal(found["after"], np.pad(x, ((0, 0), (0, 1), (0, 0)))[:, 1:])


def test_truths_are_signs_where_units_are_bipolar() -> None:
    x = np.array([[-1.0, 2.0]])
    found = outputs("input x[2]  output y[2] bipolar = x > 0  output z[2] binary = x > 0", {"batch": 1}, x=x)
    assert found["y"].tolist() == [[-1, 1]]
    assert found["z"].tolist() == [[0, 1]]


def test_padding_of_a_window_does_not_count() -> None:
    x = np.ones((4, 3, 3, 2))
    text = """
      input x[2] over 3x3
      output m[2] = mean(x over window 2x2, stride = 1, pad = 1)
      output n[2] = max(-x over window 2x2, stride = 1, pad = 1)
    """
    found = outputs(text, x=x)
    np.testing.assert_allclose(found["m"], 1.0)
    np.testing.assert_allclose(found["n"], -1.0)


def test_wired_is_full_where_the_rule_holds() -> None:
    model = model_of(
        """network N {
          input x[6]  target y[6]
          layer h[6] = wired(x, (j -> i) where abs(i - j) <= 1)
          train { minimize mse(h, y) }
        }"""
    )
    feeds = random_feeds(model, SIZES)
    band = np.abs(np.subtract.outer(np.arange(6), np.arange(6))) <= 1
    found = interpret(forward(model), feeds, SIZES)["h"]
    np.testing.assert_allclose(found, feeds["x"] @ (feeds["h.weights"] * band).T, atol=1e-12)
    assert not gradients(model, feeds, SIZES)["gradient.h.weights"][~band].any()


def test_unshared_weights_have_a_place_each() -> None:
    model = model_of("network N { input x[2] over 4x5  output y[3] = local(x, 2x3, unshared) }")
    feeds = random_feeds(model, SIZES)
    weights = next(p for p in model.parameters if p.name == "y.weights")
    assert weights.shape == (3, 3, 3, 2, 2, 3)
    expected = np.empty((4, 3, 3, 3))
    for row in range(3):
        for column in range(3):
            patch = feeds["x"][:, row : row + 2, column : column + 3]
            expected[:, row, column] = np.einsum("bhwi,oihw->bo", patch, feeds["y.weights"][row, column])
    np.testing.assert_allclose(interpret(forward(model), feeds, SIZES)["y"], expected, atol=1e-12)


def test_full_along_one_axis_keeps_the_others() -> None:
    model = model_of(
        "network N(tokens = 5, c = 3) { input x[tokens, c]  output y[2, c] = full(x, along tokens) }"
    )
    feeds = random_feeds(model, SIZES)
    expected = np.einsum("btc,ot->boc", feeds["x"], feeds["y.weights"])
    np.testing.assert_allclose(interpret(forward(model), feeds, SIZES)["y"], expected, atol=1e-12)


def test_distances_keep_their_digits_far_from_the_origin() -> None:
    """‖x - w‖² in float32 of points around 1000: the difference of squares alone would lose every digit."""
    rng = np.random.default_rng(0)
    x, w = (1000 + rng.normal(size=(4, 3))).astype(np.float32), 1000 + rng.normal(size=(5, 3))
    w = w.astype(np.float32)
    model = model_of("network N { input x[3]  param W  output y[5] = distance2(x, W) }")
    found = interpret(forward(model), {"x": x, "W": w}, {"batch": 4}, real=np.float32)["y"]
    exact = np.square(x[:, None].astype(float) - w.astype(float)).sum(2)
    np.testing.assert_allclose(found, exact, rtol=1e-3)


def test_building_twice_gives_the_same_graph() -> None:
    text = "network N { input x[3] over 6x6  output y[2] = relu(local(x, 3x3) + bias) }"
    model = model_of(text)
    assert print_graph(forward(model)) == print_graph(forward(model_of(text)))


def test_extremum_over_a_grid_is_counted_row_by_row() -> None:
    """For each unit and each step of a sequence its own."""
    text = """
      input x[2] over (3x4, t in T)
      output y[2] over t in T = argmax(x over 3x4)
      output z[2] over t in T = argmin(x over 3x4)
    """
    x = np.random.default_rng(2).normal(size=(4, 3, 4, 6, 2))
    found = outputs(text, x=x)
    flat = x.reshape(4, 12, 6, 2)
    np.testing.assert_array_equal(found["y"], flat.argmax(1))
    np.testing.assert_array_equal(found["z"], flat.argmin(1))


def test_elements_of_a_line_of_known_length_can_be_compared() -> None:
    text = "input x[1] over t in 6  output y[1] over t in 6 = sum(x[j] over j in 6 where j <= t)"
    x = np.random.default_rng(3).normal(size=(4, 6, 1))
    np.testing.assert_allclose(outputs(text, x=x)["y"], x.cumsum(1), rtol=1e-12)
