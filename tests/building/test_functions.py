"""Every function of the catalogue means what SciPy, scikit-learn and the cited papers say."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special
from sklearn import metrics
from spec_models import Array, model_of

from nndsl.building.build import expressions, finished, forward, objective
from nndsl.functions.catalogue import family
from nndsl.graph.interpret import interpret

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 5)), RNG.normal(size=(6, 5))
CLASSES = np.array([0, 4, 2, 2, 1, 3])
ONEHOT = np.eye(5)[CLASSES]


def measured(expression: str, **feeds: Array) -> dict[str, float]:
    """What a stage reports of an expression over x[5], y[5], the class c[5] and the truths p[5]."""
    model = model_of(
        f"""network N {{
          input x[5]  input y[5]  input p[5] binary  target c[5] onehot
          layer h[5] = x + bias
          train {{ minimize mse(h, y)  report {expression} }}
        }}"""
    )
    (stage,) = model.stages
    graph = objective(model, stage, training=False)  # type: ignore[arg-type]
    given = {"x": X, "y": Y, "c": CLASSES, "p": (X > 0).astype(float), "h.bias": np.zeros(5)} | feeds
    means = {name: float(value) for name, value in interpret(graph, given, {"batch": len(X)}).items()}
    return finished(stage, means)  # type: ignore[arg-type]


def value(expression: str) -> float:
    found = measured(expression)
    (name,) = set(found) - {"loss"}
    return found[name]


UNARY: dict[str, Callable[[Array], Any]] = {
    "abs(x)": np.abs,
    "exp(x)": np.exp,
    "log(x * x)": lambda x: np.log(x * x),
    "sqrt(abs(x))": lambda x: np.sqrt(np.abs(x)),
    "sin(x)": np.sin,
    "cos(x)": np.cos,
    "erf(x)": special.erf,
    "relu(x)": lambda x: np.maximum(x, 0),
    "leaky_relu(x, 0.3)": lambda x: np.where(x > 0, x, 0.3 * x),
    "elu(x, alpha = 2)": lambda x: np.where(x > 0, x, 2 * np.expm1(x)),
    "gelu(x)": lambda x: x * special.ndtr(x),
    "silu(x)": lambda x: x * special.expit(x),
    "softplus(x)": lambda x: np.logaddexp(0, x),
    "tanh(x)": np.tanh,
    "sigmoid(x)": special.expit,
    "step(x)": lambda x: np.heaviside(x, 0),
    "sign(x)": lambda x: np.where(x >= 0, 1, -1),
    "-x": np.negative,
    "x ^ 2": np.square,
    "x ^ 3": lambda x: x**3,
    "abs(x) ^ 1.5": lambda x: np.abs(x) ** 1.5,
    "2 ^ x": np.exp2,
    "x > 0": lambda x: x > 0,
    "x <= 0 or not x < 1": lambda x: (x <= 0) | (x >= 1),
    "x >= 0 and x != 1": lambda x: x >= 0,
    "softmax(x)": lambda x: special.softmax(x, axis=1),
    "layer_norm(x)": lambda x: (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5),
}


@pytest.mark.parametrize("expression", UNARY)
def test_unit_by_unit(expression: str) -> None:
    model = model_of(f"network N {{ input x[5]  output z[5] = {expression} }}")
    feeds = {"x": X} | {parameter.name: _started(parameter.name) for parameter in model.parameters}
    found = interpret(forward(model), feeds, {"batch": len(X)})["z"]
    np.testing.assert_allclose(found, UNARY[expression](X), rtol=1e-12, atol=1e-14)


def _started(name: str) -> Array:
    return np.ones(5) if name.endswith("gain") else np.zeros(5)


BINARY: dict[str, Callable[[Array, Array], Any]] = {
    "minimum(x, y)": np.minimum,
    "maximum(x, y)": np.maximum,
    "x / y - x * y + 1": lambda x, y: x / y - x * y + 1,
    "x == y or x < y": np.less_equal,
    "dot(x, y)": lambda x, y: (x * y).sum(1),
    "argmax(x) - argmin(y)": lambda x, y: x.argmax(1) - y.argmin(1),
    "max(x) + min(y)": lambda x, y: x.max(1) + y.min(1),
    "sum(x) * mean(y)": lambda x, y: x.sum(1) * y.mean(1),
}


@pytest.mark.parametrize("expression", BINARY)
def test_two_values(expression: str) -> None:
    assert value(f"mean({expression})") == pytest.approx(np.mean(BINARY[expression](X, Y)), rel=1e-12)


LOSSES: dict[str, float] = {
    "cross_entropy(x, c)": metrics.log_loss(CLASSES, special.softmax(X, axis=1)),
    "bce(x, p)": 5 * metrics.log_loss((X > 0).ravel(), special.expit(X).ravel()),
    "mse(x, y)": metrics.mean_squared_error(X, Y),
    "mae(x, y)": metrics.mean_absolute_error(X, Y),
    "huber(x, y, delta = 0.7)": float(special.huber(0.7, X - Y).mean()),
    "l1(x)": float(np.abs(X).sum(1).mean()),
    "l2(x)": float(np.square(X).sum(1).mean()),
    "hinge(x, c)": float(np.maximum(0, (1 + X - X[range(6), CLASSES][:, None]) * (1 - ONEHOT)).sum(1).mean()),
    "accuracy(x, c)": metrics.accuracy_score(CLASSES, X.argmax(1)),
    "perplexity(x, c)": float(np.exp(metrics.log_loss(CLASSES, special.softmax(X, axis=1)))),
    "quantization_error(x * x)": float(np.sqrt((X * X).min(1)).mean()),
}


@pytest.mark.parametrize("expression", LOSSES)
def test_losses_and_measures(expression: str) -> None:
    assert value(expression) == pytest.approx(LOSSES[expression], rel=1e-12)


def test_label_smoothing_is_a_mixture_of_targets() -> None:
    """Szegedy et al. 2016: the target is mixed with the uniform distribution."""
    mixed = 0.9 * ONEHOT + 0.1 / 5
    expected = -(mixed * special.log_softmax(X, axis=1)).sum(1).mean()
    assert value("cross_entropy(x, c, smoothing = 0.1)") == pytest.approx(expected, rel=1e-12)


def test_large_logits_do_not_overflow() -> None:
    found = measured("cross_entropy(x, c)", x=1e4 * X)
    assert np.isfinite(list(found.values())).all()


def test_topographic_error_counts_winners_apart() -> None:
    """Units 0 1 2 / 3 4 5 of a sheet: 0 and 4 touch at a corner, 0 and 2 do not."""
    model = model_of(
        """network N {
          input x[6]
          param W
          layer match[2, 3] = distance2(x, W)
          train { learn W by som(match)  report topographic_error(match) }
        }"""
    )
    measure = model.stages[0].measures[0].expression  # type: ignore[union-attr]
    graph = expressions(model, {"error": measure})
    prototypes = np.eye(6).reshape(2, 3, 6)
    near = np.array([[1, 0, 0, 0, 0.9, 0], [1, 0, 0.9, 0, 0, 0], [0, 0, 0, 0.9, 0, 1.0]])
    found = interpret(graph, {"x": near, "W": prototypes}, {"batch": 3})["error"]
    assert found.tolist() == [False, True, True]


def test_sinusoid_is_the_papers() -> None:
    """Vaswani et al. 2017, section 3.5."""
    model = model_of("network N { input x[6] over t in T  output y[6] = x + sinusoid(t) }")
    found = interpret(forward(model), {"x": np.zeros((1, 9, 6))}, {"batch": 1, "T": 9})["y"][0]
    for position in range(9):
        for i in range(3):
            angle = position / 10000 ** (2 * i / 6)
            assert found[position, 2 * i] == pytest.approx(np.sin(angle), abs=1e-12)
            assert found[position, 2 * i + 1] == pytest.approx(np.cos(angle), abs=1e-12)


@pytest.mark.parametrize("kind", ["function", "measure", "distribution", "query"])
def test_every_entry_is_explained(kind: str) -> None:
    for entry in family(kind).values():
        assert len(inspect.cleandoc(entry.doc)) > 3, entry.name
