"""Draws and what is learned through them are PyTorch's, given the same random numbers; so is batch norm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from native import minibatches, rows, start, tensors, train

import nndsl
from nndsl.graph.types import real
from nndsl.learning.history import History
from nndsl.learning.initialise import generator
from nndsl.operators.random import LARGEST_SEED, Draw, Normal, Uniform

pytestmark = pytest.mark.usefixtures("many_cores")

torch = pytest.importorskip("torch")
F = torch.nn.functional

COUNT, BATCH, EPOCHS = 37, 8, 3
RANDOM = np.random.default_rng(3)


def noise(kind: type[Draw], stream: int, shape: tuple[int, ...], seed: int, step: int = 0) -> Any:
    """The numbers that a place of the network draws."""
    operands = (np.array(seed), np.array(step))
    return torch.tensor(kind(stream, real(*shape).dimensions).evaluate(operands, {}))


def training_seed(seed: int = 0, stage: str = "train") -> int:
    """The seed of what a stage draws."""
    return int(generator(seed, f"noise of {stage}").integers(LARGEST_SEED))


# --- a variational autoencoder ----------------------------------------------------------

VAE = """network V {
  input x[6] binary
  layer h[5] = tanh(full(x) + bias)
  layer mu[3] = full(h) + bias
  layer logv[3] = full(h) + bias
  layer z[3] ~ normal(mu, exp(logv / 2))
  layer g[4] = tanh(full(dropout(z, 0.25)) + bias)
  layer logits[6] = full(g) + bias
  output y[6] = sigmoid(logits)
  train { minimize bce(logits, x) + kl(z, normal(0, 1))  optimizer sgd(rate = 0.05)  batch 8  epochs 3 }
}"""


def elbo(w: dict[str, Any], x: Any, seed: int, step: int = 0) -> Any:
    def full(values: Any, name: str) -> Any:
        return F.linear(values, w[f"{name}.weights"], w[f"{name}.bias"])

    h = torch.tanh(full(x, "h"))
    mu, logv = full(h, "mu"), full(h, "logv")
    z = mu + torch.exp(logv / 2) * noise(Normal, 0, mu.shape, seed, step)
    kept = noise(Uniform, 1, mu.shape, seed, step) > 0.25
    logits = full(torch.tanh(full(z * kept / 0.75, "g")), "logits")
    distributions = torch.distributions
    posterior = distributions.Normal(mu, torch.exp(logv / 2))
    divergence = distributions.kl_divergence(posterior, distributions.Normal(0.0, 1.0)).sum()
    return (F.binary_cross_entropy_with_logits(logits, x, reduction="sum") + divergence) / len(x)


def test_gradients_pass_draws() -> None:
    network, first = start(VAE)
    x = (RANDOM.random((COUNT, 6)) < 0.5).astype(float)
    found = network.grad(x=x, seed=11)
    w = tensors(first)
    loss = elbo(w, torch.tensor(x), 11)
    loss.backward()
    assert found["loss"] == pytest.approx(loss.item(), rel=1e-12)
    for name, value in w.items():
        np.testing.assert_allclose(found[name], value.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_trainings_draw_alike_on_any_number_of_threads(threads: int) -> None:
    network, first = start(VAE)
    data = {"x": (RANDOM.random((COUNT, 6)) < 0.5).astype(float)}
    found = train(network, data, threads=threads)
    w = tensors(first)
    given = tensors(data, learned=False)
    optimizer = torch.optim.SGD(list(w.values()), 0.05)
    for step, chosen in enumerate(minibatches(COUNT, BATCH, EPOCHS)):
        optimizer.zero_grad()
        elbo(w, rows(given, chosen)["x"], training_seed(), step).backward()
        optimizer.step()
    for name, value in w.items():
        np.testing.assert_allclose(found[name], value.detach().numpy(), rtol=1e-9, atol=1e-12)


RECURRENT = """network R {
  input x[2] over t in T  target z[4]
  layer h[4] = tanh(full(x) + full(dropout(h[t-1], 0.5)) + bias)
  layer e[4] over t in T ~ normal(h, 0.1)
  output y[4] = last(e over T)
  train { minimize mse(y, z)  optimizer sgd(rate = 0.1) }
}"""


def test_each_step_of_a_loop_draws_its_own() -> None:
    network, first = start(RECURRENT)
    x, z = RANDOM.normal(size=(3, 5, 2)), RANDOM.normal(size=(3, 4))
    found = network.grad(x=x, z=z, seed=4)
    w = tensors(first)
    own, recurrent = (w[name] for name in w if name.startswith("h.weights"))
    kept = noise(Uniform, 0, (3, 5, 4), 4) > 0.5
    h = torch.zeros(3, 4, dtype=torch.float64)
    for t in range(5):
        h = torch.tanh(
            F.linear(torch.tensor(x)[:, t], own, w["h.bias"]) + F.linear(h * kept[:, t] * 2, recurrent)
        )
    y = h + 0.1 * noise(Normal, 1, (3, 5, 4), 4)[:, 4]
    F.mse_loss(y, torch.tensor(z)).backward()
    for name, value in w.items():
        np.testing.assert_allclose(found[name], value.grad.numpy(), rtol=1e-9, atol=1e-12)


# --- divergences ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("q", "p", "expected"),
    [
        ("normal(x, 2)", "normal(0.5, 3)", lambda x: (torch.distributions.Normal(x, 2.0), (0.5, 3.0))),
        ("bernoulli(x)", "bernoulli(0.3)", lambda x: (torch.distributions.Bernoulli(x), (0.3,))),
        ("uniform(x, 2)", "uniform(-1, 3)", lambda x: (torch.distributions.Uniform(x, 2.0), (-1.0, 3.0))),
    ],
)
def test_divergences(q: str, p: str, expected: Any) -> None:
    network, _ = start(
        f"network K {{ input x[3]  layer z[3] ~ {q}  output d = kl(z, {p})  output e = kl({p}, z) }}"
    )
    x = RANDOM.random((4, 3))
    first, numbers = expected(torch.tensor(x))
    second = type(first)(*(torch.tensor(number, dtype=torch.float64) for number in numbers))
    found = network.run(x=x)
    for name, pair in {"d": (first, second), "e": (second, first)}.items():
        divergence = torch.distributions.kl_divergence(*pair).sum(1).numpy()
        np.testing.assert_allclose(found[name].ravel(), divergence, rtol=1e-9)


def test_certain_probabilities_diverge_by_a_finite_number() -> None:
    """0 log 0 is 0: KL(0 ‖ 1/2) = KL(1 ‖ 1/2) = log 2."""
    network, _ = start(
        "network K { input x[2]  layer z[2] ~ bernoulli(x)  output d = kl(z, bernoulli(0.5)) }"
    )
    found = network.run(x=np.array([[0.0, 1.0]]))["d"]
    assert found.item() == pytest.approx(2 * np.log(2))


# --- what is drawn ----------------------------------------------------------------------

DRAWS = """network D {
  input x[2]
  output z[50] ~ normal(full(x, to 50), 2)
  output u[50] ~ uniform(-1, 3)
  output b[50] ~ bernoulli(0.3)
}"""


def drawn(seed: int, rows: int = 2000) -> dict[str, Any]:
    network, _ = start(DRAWS)
    return network.run(seed=seed, x=np.zeros((rows, 2)))


def test_draws_have_the_moments_of_their_distributions() -> None:
    """Of 10⁵ draws, within five standard errors."""
    moments = {"z": (0, 2), "u": (1, 4 / np.sqrt(12)), "b": (0.3, np.sqrt(0.3 * 0.7))}
    for name, values in drawn(seed=1).items():
        mean, deviation = moments[name]
        error = deviation / np.sqrt(values.size)
        assert abs(values.mean() - mean) < 5 * error
        assert abs(values.std() - deviation) < 5 * error
        columns = (
            np.corrcoef(values[:-1, 0], values[1:, 0])[0, 1],
            np.corrcoef(values[:, 0], values[:, 1])[0, 1],
        )
        assert np.abs(columns).max() < 5 / np.sqrt(len(values))


def test_a_seed_repeats_to_the_bit() -> None:
    first, again, other = drawn(seed=1), drawn(seed=1), drawn(seed=2)
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name])
        assert (values != other[name]).mean() > 0.3
    fewer = drawn(seed=1, rows=300)
    for name, values in fewer.items():
        np.testing.assert_array_equal(values, first[name][:300])


def test_dropout_keeps_its_share_and_the_mean() -> None:
    """In training 70 of 100 units stay, larger by 1 / 0.7; outside of it all do."""
    network, _ = start(
        """network D {
          input x[100]  target z[100]
          output y[100] = each(dropout(x, 0.3))
          train { minimize 0 * mse(y, z)  report mean(y * y > 0), mean(y)  optimizer sgd(rate = 1) }
        }"""
    )
    network.parameters["y.weights"][:] = 1
    x = np.ones((1000, 100))
    history = network.fit(x=x, z=x, precision="float64")
    (measures,) = history.stages[0].epochs
    error = 5 * np.sqrt(0.3 * 0.7 / 90_000)
    assert abs(measures["mean(y * y > 0)"] - 0.7) < error
    assert abs(measures["mean(y)"] - 1) < error / 0.7
    assert measures["validation.mean(y)"] == pytest.approx(1)


# --- random wiring ----------------------------------------------------------------------


def test_sparse_wiring_is_fixed_by_its_seed() -> None:
    """Each connection is there or not whatever flows; those that are not never learn."""
    text = """network S {
      input x[40]  target z[30]
      output y[30] = sparse(x, p = 0.2, seed = SEED)
      train { minimize mse(y, z)  optimizer adam(rate = 0.1)  batch 10  epochs 2 }
    }"""
    wired = []
    for seed in ("1", "1", "2"):
        network, first = start(text.replace("SEED", seed))
        response = network.run(x=np.eye(40))["y"].T
        (connection,) = network.topology.connections
        assert connection.weights == connection.connections.known == (response != 0).sum()
        assert abs((response != 0).mean() - 0.2) < 5 * np.sqrt(0.2 * 0.8 / 1200)
        np.testing.assert_array_equal(response, first["y.weights"])
        train(network, {"x": RANDOM.normal(size=(50, 40)), "z": RANDOM.normal(size=(50, 30))})
        np.testing.assert_array_equal(network.run(x=np.eye(40))["y"].T != 0, response != 0)
        wired.append(response != 0)
    assert (wired[0] == wired[1]).all()
    assert (wired[0] != wired[2]).any()


# --- batch normalisation ----------------------------------------------------------------

VECTORS = """network B {
  input x[6]  target z[4]
  layer h[5] = tanh(batch_norm(full(x) + bias, epsilon = 1e-4, momentum = 0.3))
  output y[4] = batch_norm(full(h))
  train { minimize mse(y, z)  optimizer sgd(rate = 0.1)  batch 8  epochs 3 }
}"""

IMAGES = """network B {
  input x[2] over 5x4  target z[3]
  layer h[3] = relu(batch_norm(local(x, 3x3, pad = 1)))
  output y[3] = mean(h over 5x4)
  train { minimize mse(y, z)  optimizer sgd(rate = 0.1)  batch 8  epochs 3 }
}"""


class Norms:
    """The layers of PyTorch for those of a network, on its weights."""

    def __init__(self, w: dict[str, Any], **layers: Any) -> None:
        self.w, self.layers = w, layers
        for name, layer in layers.items():
            layer.double()
            layer.weight, layer.bias = (
                torch.nn.Parameter(w[f"{name}.{own}"].detach().clone()) for own in ("gain", "offset")
            )

    @property
    def learned(self) -> list[Any]:
        own = [value for name, value in self.w.items() if name.endswith(("weights", "h.bias"))]
        return [*own, *(value for layer in self.layers.values() for value in layer.parameters())]

    @property
    def state(self) -> dict[str, Any]:
        found = {}
        for name, layer in self.layers.items():
            own = {"gain": layer.weight, "offset": layer.bias}
            own |= {"mean": layer.running_mean, "variance": layer.running_var}
            found |= {f"{name}.{key}": value.detach().numpy() for key, value in own.items()}
        return {name: value.detach().numpy() for name, value in self.w.items()} | found

    def train(self, training: bool) -> None:
        for layer in self.layers.values():
            layer.train(training)


def vectors(norms: Norms, x: Any) -> Any:
    w, layers = norms.w, norms.layers
    h = torch.tanh(layers["h"](F.linear(x, w["h.weights"], w["h.bias"])))
    return layers["y"](F.linear(h, w["y.weights"]))


def images(norms: Norms, x: Any) -> Any:
    h = F.relu(norms.layers["h"](F.conv2d(x.movedim(-1, 1), norms.w["h.weights"], padding=1)))
    return h.mean((2, 3))


CASES: dict[str, Any] = {
    "vectors": (
        VECTORS,
        (6,),
        4,
        vectors,
        lambda: {"h": torch.nn.BatchNorm1d(5, 1e-4, 0.3), "y": torch.nn.BatchNorm1d(4)},
    ),
    "images": (IMAGES, (5, 4, 2), 3, images, lambda: {"h": torch.nn.BatchNorm2d(3)}),
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("case", CASES)
def test_batch_norm_follows_its_batches(case: str, threads: int) -> None:
    """Outputs, running averages and weights after real training steps, and inference with the averages."""
    text, shape, units, compute, layers = CASES[case]
    network, first = start(text)
    data = {
        "x": 2 * RANDOM.normal(size=(COUNT, *shape)) + 1,
        "z": RANDOM.normal(size=(COUNT, units)),
    }
    found = train(network, data, threads=threads)
    norms = Norms(tensors(first), **layers())
    given = tensors(data, learned=False)
    norms.train(True)
    optimizer = torch.optim.SGD(norms.learned, 0.1)
    for chosen in minibatches(COUNT, BATCH, EPOCHS):
        part = rows(given, chosen)
        optimizer.zero_grad()
        F.mse_loss(compute(norms, part["x"]), part["z"]).backward()
        optimizer.step()
    expected = norms.state
    for name, value in found.items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-9, atol=1e-12)
    norms.train(False)
    output = compute(norms, given["x"]).detach().numpy()
    np.testing.assert_allclose(network.run(x=data["x"])["y"], output, rtol=1e-9, atol=1e-12)


def test_an_early_stop_goes_back_to_the_averages_of_its_epoch() -> None:
    """The rate is so large that the first epoch is the best."""
    text = VECTORS.replace("rate = 0.1", "rate = 6").replace("epochs 3", "epochs 4  early_stop after 3")
    data = {"x": RANDOM.normal(size=(COUNT, 6)), "z": RANDOM.normal(size=(COUNT, 4))}
    stopped, _ = start(text)
    history = History()
    kept = train(stopped, data, observer=history)
    best = history["train"].best_epoch
    assert best is not None
    assert best < 4
    shorter, _ = start(VECTORS.replace("rate = 0.1", "rate = 6").replace("epochs 3", f"epochs {best}"))
    for name, value in train(shorter, data).items():
        np.testing.assert_array_equal(value, kept[name])


def test_averages_are_kept_with_the_weights(tmp_path: Path) -> None:
    network, _ = start(VECTORS)
    data = {"x": RANDOM.normal(size=(COUNT, 6)), "z": RANDOM.normal(size=(COUNT, 4))}
    found = train(network, data)
    assert not np.allclose(found["h.mean"], 0)
    loaded = nndsl.load(network.save(tmp_path))
    expected = network.run(x=data["x"])["y"]
    np.testing.assert_array_equal(loaded.run(x=data["x"])["y"], expected)
