"""What `run` and `grad` of whole networks give is PyTorch's, natively, for any number of examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from native import start, tensors

import nndsl

torch = pytest.importorskip("torch")
F = torch.nn.functional

Tensors = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A spec, and what its one output and its loss are; the first input is x."""

    text: str
    shape: tuple[int, ...]
    output: Callable[[Tensors, Any], Any]
    loss: Callable[[Any, Any, Tensors], Any]


def classes(y: Any, digit: Any, w: Tensors) -> Any:
    return F.cross_entropy(y, digit)


def local(x: Any, w: Tensors, name: str, **options: Any) -> Any:
    """A convolution with the maps last, as here."""
    return F.conv2d(x.movedim(-1, 1), w[f"{name}.weights"], w.get(f"{name}.bias"), **options).movedim(1, -1)


def pooled(how: Callable[..., Any], x: Any, *sizes: Any) -> Any:
    return how(x.movedim(-1, 1), *sizes).movedim(1, -1)


def full(x: Any, w: Tensors, name: str) -> Any:
    return F.linear(x, w[f"{name}.weights"], w.get(f"{name}.bias"))


MLP = Case(
    """network M {
      input x[12]  target digit[5] onehot
      layer h[16] = relu(full(x) + bias)
      layer g[8] = layer_norm(tanh(full(h) + bias))
      output y[5] = full(g) + bias
      train { minimize cross_entropy(y, digit) + 0.01 * l2(weights) }
    }""",
    (12,),
    lambda w, x: full(
        F.layer_norm(torch.tanh(full(F.relu(full(x, w, "h")), w, "g")), (8,), w["g.gain"], w["g.offset"]),
        w,
        "y",
    ),
    lambda y, digit, w: (
        classes(y, digit, w) + 0.01 * sum(w[f"{name}.weights"].square().sum() for name in "hgy")
    ),
)

LENET = Case(
    """network M {
      input x[1] over 14x14  target digit[5] onehot
      layer c1[6] = relu(local(x, 5x5, pad = 2) + bias)
      layer s1 = max(c1 over window 2x2)
      layer c2[7] = relu(local(s1, 3x3) + bias)
      layer s2 = max(c2 over window 2x2)
      layer f[9] = relu(full(flatten(s2)) + bias)
      output y[5] = full(f) + bias
      train { minimize cross_entropy(y, digit) }
    }""",
    (14, 14, 1),
    lambda w, x: full(
        F.relu(
            full(
                pooled(
                    F.max_pool2d,
                    F.relu(local(pooled(F.max_pool2d, F.relu(local(x, w, "c1", padding=2)), 2), w, "c2")),
                    2,
                ).flatten(1),
                w,
                "f",
            )
        ),
        w,
        "y",
    ),
    classes,
)

STRIDED = Case(
    """network M {
      input x[4] over 11x9  target digit[5] onehot
      layer c1[6] = silu(local(x, 3x2, stride = 2, pad = 1, groups = 2) + bias)
      layer s1 = mean(c1 over window 2x2, stride = 1)
      layer c2[5] = gelu(local(s1, 2x3, dilation = 2, pad = 2))
      output y[5] = mean(c2 over 7x4) + bias
      train { minimize cross_entropy(y, digit) }
    }""",
    (11, 9, 4),
    lambda w, x: (
        F.gelu(
            local(
                pooled(F.avg_pool2d, F.silu(local(x, w, "c1", stride=2, padding=1, groups=2)), 2, 1),
                w,
                "c2",
                dilation=2,
                padding=2,
            )
        ).mean((1, 2))
        + w["y.bias"]
    ),
    classes,
)

CASES = {"mlp": MLP, "lenet": LENET, "strided": STRIDED}
TOLERANCE = {"float64": 1e-9, "float32": 2e-5}


def feeds(case: Case, count: int, precision: str) -> tuple[Any, Any]:
    random = np.random.default_rng(count)
    return random.normal(size=(count, *case.shape)).astype(precision), random.integers(0, 5, count)


@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("name", CASES)
def test_run(name: str, precision: str) -> None:
    """0 examples, 1, a few, and more than are run at once."""
    case, tolerance = CASES[name], TOLERANCE[precision]
    network, first = start(case.text, precision)
    for count in (7, 0, 1, 300):
        x, _ = feeds(case, count, precision)
        found = network.run(x=x)["y"]
        assert (found.shape, found.dtype) == ((count, 5), precision)
        if count:
            expected = case.output(tensors(first, False), torch.tensor(x)).numpy()
            np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("name", CASES)
def test_grad(name: str, precision: str) -> None:
    case, tolerance = CASES[name], TOLERANCE[precision]
    network, first = start(case.text, precision)
    for count in (1, 7):
        x, digit = feeds(case, count, precision)
        found = network.grad(x=x, digit=digit)
        w = tensors(first)
        loss = case.loss(case.output(w, torch.tensor(x)), torch.tensor(digit), w)
        loss.backward()
        np.testing.assert_allclose(found["loss"], loss.item(), rtol=tolerance)
        for parameter, tensor in w.items():
            np.testing.assert_allclose(
                found[parameter], tensor.grad, rtol=tolerance, atol=tolerance, err_msg=parameter
            )


def test_a_precision_holds_for_all_of_a_network() -> None:
    """Whoever looked at a network in one precision may go on with it in another."""
    text = """network M {
      input x[3]  target z[2]
      param W  param K fixed = [[1, 2, 3], [4, 5, 6]]
      output y[2] = full(x, W) + full(x, K)
      train { minimize mse(y, z)  optimizer sgd(rate = 0.1)  epochs 2 }
    }"""
    network = nndsl.compile(text)
    assert {value.dtype.name for value in network.parameters.values()} == {"float32"}
    x = np.random.default_rng(0).normal(size=(40, 3))
    network.run(x=x)
    network.fit(x=x, z=x[:, :2], precision="float64")
    assert {value.dtype.name for value in network.parameters.values()} == {"float64"}
    expected = x @ (network.parameters["W"] + network.parameters["K"]).T
    np.testing.assert_allclose(network.run(x=x)["y"], expected, rtol=1e-12)
