"""Long sequences learned in windows, with the state that goes on: what is computed is that of one long
sequence, and gradients are PyTorch's truncated backpropagation through time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import nndsl
from nndsl.data.given import given_parts
from nndsl.learning import trainer
from nndsl.network import Network

pytestmark = pytest.mark.usefixtures("many_cores")

Array = np.ndarray[Any, Any]
State = dict[str, list[Any]]
Windows = list[tuple[int, int, int]]
"""Of each stream, one after the other: the number of a sequence, and from where to where in it."""

NETWORK = """network N {
  input  x[3] over t in T
  target z[2] over t in T
  param  U, V, P, Q, R, S, W, O, M, a, b
  layer  f[5] = sigmoid(full(x, U) + full(h[t-1], V))
  layer  s[5] = f * s[t-1] + (1 - f) * tanh(full(x, P) + full(h[t-3], Q) + b)
  layer  h[5] = tanh(s)
  start  s = 2 * a
  layer  g[4] = tanh(full(h, R) + full(g[t-2], S) + full(s[t-2], W))
  output y[2] = full(g, O) + full(x[t-1], M)
  train {
    minimize  mean(mse(y, z) over T)
    optimizer sgd(rate = 0.3)
    batch 3  window 7 carry  epochs 2
    report mse(y, z)
  }
}"""

LENGTHS = (100, 23, 77)
RATE = 0.3


def sequences(seed: int = 0) -> dict[str, list[Array]]:
    random = np.random.default_rng(seed)
    return {name: [random.normal(size=(n, units)) for n in LENGTHS] for name, units in (("x", 3), ("z", 2))}


def network(**settings: float) -> Network:
    found = nndsl.compile(NETWORK, **settings)
    found.initialise(3, "float64")
    random = np.random.default_rng(1)
    for value in found.parameters.values():
        value[...] = random.normal(size=value.shape) / 2
    return found


def fresh(weights: dict[str, Any]) -> State:
    """What each delayed value was before the first step, the latest first."""
    import torch

    def zeros(units: int, depth: int) -> list[Any]:
        return [torch.zeros(units, dtype=torch.float64)] * depth

    return {"h": zeros(5, 3), "s": [2 * weights["a"]] * 2, "g": zeros(4, 2), "x": zeros(3, 1)}


def run(weights: dict[str, Any], state: State, x: Any) -> tuple[Any, State]:
    """The network over a stretch of one sequence, step by step; and the state that it leaves."""
    import torch

    w, outputs = weights, []
    state = {name: list(values) for name, values in state.items()}
    for step in x:
        f = torch.sigmoid(w["U"] @ step + w["V"] @ state["h"][0])
        s = f * state["s"][0] + (1 - f) * torch.tanh(w["P"] @ step + w["Q"] @ state["h"][2] + w["b"])
        h = torch.tanh(s)
        g = torch.tanh(w["R"] @ h + w["S"] @ state["g"][1] + w["W"] @ state["s"][1])
        outputs.append(w["O"] @ g + w["M"] @ state["x"][0])
        for name, value in (("h", h), ("s", s), ("g", g), ("x", step)):
            state[name] = [value, *state[name][:-1]]
    return torch.stack(outputs), state


def detached(state: State) -> State:
    return {name: [value.detach() for value in values] for name, values in state.items()}


def streams(lengths: list[int], window: int, count: int) -> list[Windows]:
    """The windows of sequences of these lengths in order, in streams that are as long as one another, or one
    window longer."""
    cuts = [(k, a, min(a + window, n)) for k, n in enumerate(lengths) for a in range(0, n, window)]
    short, long = divmod(len(cuts), count)
    sizes = [short + (stream < long) for stream in range(count)]
    return [[cuts.pop(0) for _ in range(size)] for size in sizes]


def minibatches(cut: list[Windows]) -> Iterator[list[tuple[int, tuple[int, int, int]]]]:
    """The next window of each stream that has one, with the number of the stream."""
    for turn in range(max(map(len, cut))):
        yield [(number, stream[turn]) for number, stream in enumerate(cut) if turn < len(stream)]


def trained_elsewhere(weights: dict[str, Array], data: dict[str, list[Array]], epochs: int) -> dict[str, Any]:
    torch = pytest.importorskip("torch")
    learned = {name: torch.tensor(value, requires_grad=True) for name, value in weights.items()}
    x, z = ([torch.tensor(row) for row in data[name]] for name in "xz")
    for _ in range(epochs):
        states: dict[int, State] = {}
        for batch in minibatches(streams([len(row) for row in x], 7, 3)):
            losses = []
            for stream, (row, first, last) in batch:
                begins = first == 0 or stream not in states
                state = fresh(learned) if begins else detached(states[stream])
                y, states[stream] = run(learned, state, x[row][first:last])
                losses.append(torch.nn.functional.mse_loss(y, z[row][first:last]))
            loss = sum(losses) / len(losses)
            gradients = torch.autograd.grad(
                loss, list(learned.values()), allow_unused=True, materialize_grads=True
            )
            with torch.no_grad():
                for value, gradient in zip(learned.values(), gradients, strict=True):
                    value -= RATE * gradient
    return learned


def for_training(data: dict[str, list[Array]]) -> dict[str, list[Array]]:
    """The first nine tenths of all places, which is what `fit` learns from."""
    left, found = sum(LENGTHS) * 9 // 10, []
    for length in LENGTHS:
        found.append(min(left, length))
        left -= found[-1]
    return {name: [row[:n] for row, n in zip(rows, found, strict=True) if n] for name, rows in data.items()}


@pytest.mark.parametrize("threads", [1, 2])
def test_gradients_are_truncated_as_pytorch_s(threads: int) -> None:
    data, found = sequences(), network()
    expected = trained_elsewhere(dict(found.parameters), for_training(data), epochs=2)
    found.fit(**data, precision="float64", threads=threads)
    for name, value in expected.items():
        np.testing.assert_allclose(
            found.parameters[name], value.detach(), rtol=1e-9, atol=1e-12, err_msg=name
        )


@pytest.mark.parametrize("window", [1, 2, 5, 8, 1000])
def test_figures_do_not_depend_on_the_window(window: int) -> None:
    data, found = sequences(), network(window=window)
    outputs = network().run(x=data["x"])["y"]
    errors = [((y[:n] - z) ** 2).mean(axis=1) for y, z, n in zip(outputs, data["z"], LENGTHS, strict=True)]
    parts = given_parts(found.model, data, dtype=np.float64)
    measured = trainer.test(found, parts.train)["mse(y, z)"]
    expected = np.concatenate(errors)[: sum(LENGTHS) * 9 // 10].mean()
    assert measured == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_seed_is_a_training(threads: int) -> None:
    first, second = network(), network()
    for one in (first, second):
        one.fit(**sequences(), threads=threads)
    for name, value in first.parameters.items():
        assert value.tobytes() == second.parameters[name].tobytes(), name


def test_without_carry_each_window_is_a_sequence() -> None:
    """The windows are shuffled then, and a seed is another order."""
    text = NETWORK.replace(" carry", "")
    found = [nndsl.compile(text) for _ in range(2)]
    for seed, one in enumerate(found):
        one.initialise(0)
        one.fit(**sequences(), seed=seed)
    assert found[0].parameters["U"].tobytes() != found[1].parameters["U"].tobytes()
