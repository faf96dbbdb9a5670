"""Whole trainings are those of others who were given the same numbers: PyTorch, scikit-learn, plain NumPy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from native import Numbers, minibatches, rows, start, tensors, train

import nndsl
from nndsl.learning.history import History
from nndsl.learning.initialise import generator

torch = pytest.importorskip("torch")
F = torch.nn.functional
sklearn_cluster = pytest.importorskip("sklearn.cluster")
sklearn_datasets = pytest.importorskip("sklearn.datasets")

SPECS = Path(__file__).parent.parent.parent / "specs"
Loss = Callable[[Numbers, Numbers], Any]


def digits(count: int) -> Numbers:
    images, labels = sklearn_datasets.load_digits(return_X_y=True)
    return {"x": images[:count] / 16, "digit": labels[:count]}


def spec(name: str) -> str:
    return (SPECS / f"{name}.nn").read_text(encoding="utf-8")


def mlp_loss(w: Numbers, data: Numbers) -> Any:
    h = torch.relu(F.linear(data["x"], w["h.weights"], w["h.bias"]))
    y = F.linear(h, w["y.weights"], w["y.bias"])
    penalty = w["h.weights"].square().sum() + w["y.weights"].square().sum()
    return F.cross_entropy(y, data["digit"]) + 1e-4 * penalty


@pytest.mark.parametrize("threads", [1, 2])
def test_mlp_learns_as_with_torch(threads: int) -> None:
    """300 examples in minibatches of 32: the last one of an epoch has 12, and 2 threads 16 each or 6."""
    data, epochs = digits(300), 4
    network, first = start(spec("mlp"), hidden=24, epochs=epochs, early_stop=epochs)
    history = History()
    found = train(network, data, threads=threads, observer=history)

    w, given = tensors(first), tensors(data, learned=False)
    stepping = torch.optim.SGD(list(w.values()), 0.2, momentum=0.9)
    sums = np.zeros(epochs)
    for number, chosen in enumerate(minibatches(300, 32, epochs)):
        stepping.zero_grad()
        loss = mlp_loss(w, rows(given, chosen))
        loss.backward()
        stepping.step()
        sums[number // 10] += loss.item() * len(chosen)
    losses = [measures["loss"] for measures in history["train"].epochs]
    np.testing.assert_allclose(losses, sums / 300, rtol=1e-9)
    best = int(np.argmin(losses))
    assert best == epochs - 1, "the last epoch is the one that is kept"
    for name, expected in w.items():
        np.testing.assert_allclose(found[name], expected.detach(), rtol=1e-8, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("threads", [1, 2])
def test_perceptron_is_rosenblatts(threads: int) -> None:
    """One example at a time: W ← W + (t − y) xᵀ where y = [W x + b > 0]."""
    data = digits(200)
    network, w = start(spec("perceptron"), epochs=3)
    found = train(network, data, threads=threads)
    for (row,) in minibatches(200, 1, 3):
        x = data["x"][row]
        wrong = np.eye(10)[data["digit"][row]] - (w["W"] @ x + w["b"] > 0)
        w = {"W": w["W"] + np.outer(wrong, x), "b": w["b"] + wrong}
    for name, expected in w.items():
        np.testing.assert_allclose(found[name], expected, rtol=1e-12, atol=1e-12, err_msg=name)


CODEBOOK = (
    "network K { input x%s  param C  layer d[20] = distance2(x, C)  train { learn C by kmeans(x)  %s } }"
)


@pytest.mark.parametrize(("threads", "units"), [(1, (64,)), (2, (64,)), (1, (8, 8))])
def test_kmeans_is_lloyds(threads: int, units: tuple[int, ...]) -> None:
    x = digits(500)["x"]
    network = nndsl.compile(CODEBOOK % (list(units), "batch 64  epochs 12"))
    found = train(network, {"x": x.reshape(500, *units)}, threads=threads)["C"].reshape(20, 64)
    begun = x[generator(0, "order of train").choice(500, 20, replace=False)]
    expected = sklearn_cluster.KMeans(20, init=begun, n_init=1, max_iter=12, tol=0).fit(x).cluster_centers_
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def autoencoder_losses(w: Numbers, data: Numbers) -> tuple[Any, Any, Any]:
    x = data["x"]
    h1 = torch.sigmoid(F.linear(x, w["W1"], w["b1"]))
    r1 = torch.sigmoid(F.linear(h1, w["W1"].T, w["c1"]))
    code = torch.sigmoid(F.linear(h1, w["W2"], w["b2"]))
    r2 = torch.sigmoid(F.linear(code, w["W2"].T, w["c2"]))
    recon = torch.sigmoid(F.linear(r2, w["W1"].T, w["c1"]))
    y = F.linear(code, w["y.weights"], w["y.bias"])
    tune = F.cross_entropy(y, data["digit"]) + F.mse_loss(recon, x)
    return F.mse_loss(r1, x), F.mse_loss(r2, h1), tune


def test_autoencoder_learns_stage_by_stage() -> None:
    """Adam anew in each stage, over what the stage learns; all else stays as it is."""
    text = spec("autoencoder").replace("[784]", "[64]").replace("[256]", "[20]").replace("[64]  ", "[8]", 0)
    data, epochs = digits(150), 2
    network, first = start(text, epochs=epochs)
    found = train(network, data)
    w, given = tensors(first), tensors(data, learned=False)
    stages = {"first": ["W1", "b1", "c1"], "second": ["W2", "b2", "c2"], "tune": list(w)}
    for number, (stage, names) in enumerate(stages.items()):
        stepping = torch.optim.Adam([w[name] for name in names], 1e-3)
        for chosen in minibatches(150, 128, epochs, stage=stage):
            stepping.zero_grad()
            autoencoder_losses(w, rows(given, chosen))[number].backward()
            stepping.step()
            for tensor in w.values():
                tensor.grad = None
    for name, expected in w.items():
        np.testing.assert_allclose(found[name], expected.detach(), rtol=1e-8, atol=1e-10, err_msg=name)


PLAYERS = """network Players {
  input x[6]  target z[3]
  param A, B, b
  layer h[5]  = tanh(full(x, A))
  output y[3] = full(h, B) + b
  train alternate {
    train a { learn A, b  minimize mse(y, z)              optimizer adam(rate = 0.1 -> 0.01)  batch 10 }
    train b { learn %s    minimize mse(y, -z) + 0.1 * l2(B)  optimizer sgd(rate = 0.1)    batch 8 }
    epochs 3
  }
}"""


@pytest.mark.parametrize("second", [["B"], ["B", "A"]], ids=["apart", "shared"])
def test_players_take_turns(second: list[str]) -> None:
    """Minibatch for minibatch, each in its own order, even where weights are shared."""
    random = np.random.default_rng(3)
    data = {"x": random.normal(size=(44, 6)), "z": random.normal(size=(44, 3))}
    network, first = start(PLAYERS % ", ".join(second))
    found = train(network, data)

    w, given = tensors(first), tensors(data, learned=False)
    names = {"a": ["A", "b"], "b": second}
    epochs, turns = 3, {"a": 5, "b": 6}
    stepping = {
        "a": torch.optim.Adam([w["A"], w["b"]], 0.1),
        "b": torch.optim.SGD([w[name] for name in second], 0.1),
    }
    falling = torch.optim.lr_scheduler.LinearLR(stepping["a"], 1.0, 0.1, epochs * turns["a"])
    orders = {
        stage: list(minibatches(44, batch, epochs, stage=stage)) for stage, batch in (("a", 10), ("b", 8))
    }
    for epoch in range(epochs):
        for turn in range(6):
            for stage in ("a", "b"):
                if turn >= turns[stage]:
                    continue
                batch = rows(given, orders[stage][epoch * turns[stage] + turn])
                y = F.linear(torch.tanh(F.linear(batch["x"], w["A"])), w["B"], w["b"])
                sign = 1 if stage == "a" else -1
                loss = F.mse_loss(y, sign * batch["z"])
                if stage == "b":
                    loss = loss + 0.1 * w["B"].square().sum()
                loss.backward(inputs=[w[name] for name in names[stage]])
                stepping[stage].step()
                stepping[stage].zero_grad()
                if stage == "a":
                    falling.step()
    for name, expected in w.items():
        np.testing.assert_allclose(found[name], expected.detach(), rtol=1e-8, atol=1e-10, err_msg=name)
