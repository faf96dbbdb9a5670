"""The recurrent blocks of the standard library are PyTorch's layers, on sequences of unequal length and from
either end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nndsl
from nndsl.network import Network

torch = pytest.importorskip("torch")

UNITS, INPUTS = 5, 3
RANDOM = np.random.default_rng(0)
ROWS = [RANDOM.normal(size=(length, INPUTS)) for length in (6, 1, 4)]
LAYERS = {
    "lstm": (torch.nn.LSTM, "ifco"),
    "gru": (torch.nn.GRU, "ruc"),
    "elman": (torch.nn.RNN, "h"),
}


def network(block: str, options: str = "", repeated: str = "") -> Network:
    call = f"{block}(x, {UNITS}{options}) {repeated}"
    ports = f"input x[{INPUTS}] over t in T  output y[{UNITS}] = {call}"
    found = nndsl.compile(f"use {block} from std  network N {{ {ports} }}")
    found.initialise(0, "float64")
    for value in found.parameters.values():
        value[...] = RANDOM.normal(size=value.shape) / 2
    return found


def layer(block: str, found: Network, path: str) -> Any:
    """PyTorch's layer with the weights of a block. A GRU's candidate alone has a second bias."""
    kind, gates = LAYERS[block]
    w = {name: torch.tensor(value) for name, value in found.parameters.items()}
    own, before = (torch.cat([w[f"{path}.{g}.{x}.weights"] for g in gates]) for x in "xh")
    first = torch.cat([w.get(f"{path}.{g}.bias", w.get(f"{path}.{g}.bias1")) for g in gates])
    zero = torch.zeros(UNITS, dtype=torch.float64)
    second = torch.cat([w.get(f"{path}.{g}.bias2", zero) for g in gates])
    made = kind(own.shape[1], UNITS, dtype=torch.float64)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    made.load_state_dict(dict(zip(names, (own, before, first, second), strict=True)))
    return made


def outputs(found: Network) -> list[np.ndarray]:
    y = found.run(x=ROWS)["y"]
    return [row[: len(given)] for row, given in zip(y, ROWS, strict=True)]


@pytest.mark.parametrize("block", LAYERS)
@pytest.mark.parametrize("backwards", [False, True])
def test_one_layer(block: str, backwards: bool) -> None:
    found = network(block, ", step = -1" if backwards else "")
    made, order = layer(block, found, block), -1 if backwards else 1
    for y, x in zip(outputs(found), ROWS, strict=True):
        expected, _ = made(torch.tensor(x[::order].copy()))
        np.testing.assert_allclose(y[::order], expected.detach(), rtol=1e-9, atol=1e-12)


def test_layers_on_one_another() -> None:
    found = network("lstm", repeated="repeated 2")
    low, high = (layer("lstm", found, f"lstm.{number}") for number in (1, 2))
    for y, x in zip(outputs(found), ROWS, strict=True):
        expected, _ = high(low(torch.tensor(x))[0])
        np.testing.assert_allclose(y, expected.detach(), rtol=1e-9, atol=1e-12)


def test_a_step_of_two_is_two_sequences_in_turn() -> None:
    found = network("gru", ", step = 2")
    made = layer("gru", found, "gru")
    for y, x in zip(outputs(found), ROWS, strict=True):
        for first in range(min(2, len(x))):
            expected, _ = made(torch.tensor(x[first::2]))
            np.testing.assert_allclose(y[first::2], expected.detach(), rtol=1e-9, atol=1e-12)


def test_gates_see_the_memory() -> None:
    """The equations of Gers et al. 2002, section 2.2, step by step."""
    found = network("peephole_lstm")
    w = {name.removeprefix("peephole_lstm."): value for name, value in found.parameters.items()}

    def net(gate: str, x: np.ndarray, h: np.ndarray) -> np.ndarray:
        return w[f"{gate}.x.weights"] @ x + w[f"{gate}.h.weights"] @ h + w[f"{gate}.bias"]

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    for y, rows in zip(outputs(found), ROWS, strict=True):
        h = s = np.zeros(UNITS)
        for expected, x in zip(y, rows, strict=True):
            f, i = (sigmoid(net(gate, x, h) + w[f"{gate}.s.weights"] * s) for gate in "fi")
            s = f * s + i * np.tanh(net("c", x, h))
            h = sigmoid(net("o", x, h) + w["o.s.weights"] * s) * np.tanh(s)
            np.testing.assert_allclose(expected, h, rtol=1e-9, atol=1e-12)
