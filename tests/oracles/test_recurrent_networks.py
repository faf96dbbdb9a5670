"""The recurrent networks of the gallery against PyTorch's layers, in float64, on sequences of unequal length:
the loss and all gradients, and a training in windows that carry their state on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nndsl
from nndsl.building.build import LOSS
from nndsl.network import Network

torch = pytest.importorskip("torch")
F = torch.nn.functional

SPECS = Path(__file__).parents[2] / "specs"
UNITS, SYMBOLS, BANDS = 5, 7, 32
LENGTHS = (6, 1, 9, 4)
LAYERS = {
    "lstm": (torch.nn.LSTM, "ifco"),
    "gru": (torch.nn.GRU, "ruc"),
}

Tensors = dict[str, Any]
Examples = dict[str, list[Any]]


def network(name: str, *changes: tuple[str, str], **settings: float) -> Network:
    """A network of the gallery without its dropout, at random numbers."""
    text = re.sub(r"dropout\((\w+), 0\.2\)", r"\1", (SPECS / f"{name}.nn").read_text(encoding="utf-8"))
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    found = nndsl.compile(text, n=UNITS, **settings)
    found.initialise(0, "float64")
    random = np.random.default_rng(1)
    for value in found.parameters.values():
        value[...] = random.normal(size=value.shape) / 2
    return found


def layer(block: str, w: Tensors, path: str, x: Any, state: Any = None) -> tuple[Any, Any]:
    """PyTorch's layer with the weights of gates: its outputs, and the state that it leaves."""
    kind, gates = LAYERS[block]
    own, before = (torch.cat([w[f"{path}{g}.{fed}.weights"] for g in gates]) for fed in "xh")
    first = torch.cat([w.get(f"{path}{g}.bias", w.get(f"{path}{g}.bias1")) for g in gates])
    zero = torch.zeros(UNITS, dtype=torch.float64)
    second = torch.cat([w.get(f"{path}{g}.bias2", zero) for g in gates])
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    made, given = kind(own.shape[1], UNITS), dict(zip(names, (own, before, first, second), strict=True))
    return torch.func.functional_call(made, given, (x, state))


def symbols(numbers: Any) -> Any:
    return F.one_hot(torch.tensor(numbers), SYMBOLS).double()


def elman(w: Tensors, x: Any, y: Any) -> Any:
    given = {"weight_ih_l0": w["U"], "weight_hh_l0": w["W"], "bias_ih_l0": w["b"]}
    given["bias_hh_l0"] = torch.zeros(UNITS, dtype=torch.float64)
    h, _ = torch.func.functional_call(torch.nn.RNN(SYMBOLS, UNITS), given, (symbols(x),))
    return F.cross_entropy(F.linear(h, w["V"], w["c"]), torch.tensor(y), reduction="sum")


def gru(w: Tensors, x: Any, y: Any) -> Any:
    h, _ = layer("gru", w, "", symbols(x))
    return F.cross_entropy(F.linear(h, w["o.weights"], w["o.bias"]), torch.tensor(y), reduction="sum")


def stacked(w: Tensors, x: Any, y: Any, states: tuple[Any, Any] = (None, None)) -> tuple[Any, Any]:
    low, first = layer("lstm", w, "lstm.1.", symbols(x), states[0])
    high, second = layer("lstm", w, "lstm.2.", low, states[1])
    logits = F.linear(high, w["z.weights"], w["z.bias"])
    return F.cross_entropy(logits, torch.tensor(y)), (first, second)


def bidirectional(w: Tensors, x: Any, digit: Any) -> Any:
    x = torch.tensor(x)
    forth, _ = layer("gru", w, "gru.1.", x)
    back, _ = layer("gru", w, "gru.2.", x.flip(0))
    heard = (forth + back.flip(0)).mean(0)
    return F.cross_entropy(F.linear(heard, w["y.weights"], w["y.bias"]), torch.tensor(digit))


def texts() -> Examples:
    random = np.random.default_rng(2)
    return {name: [random.integers(0, SYMBOLS, length) for length in LENGTHS] for name in "xy"}


def recordings() -> Examples:
    random = np.random.default_rng(3)
    sounds = [random.normal(size=(length, BANDS)) for length in LENGTHS]
    return {"x": sounds, "digit": list(random.integers(0, 10, len(LENGTHS)))}


CASES: dict[str, tuple[Callable[..., Any], dict[str, float], Callable[[], Examples]]] = {
    "elman": (elman, {"symbols": SYMBOLS}, texts),
    "gru": (gru, {"symbols": SYMBOLS}, texts),
    "stacked_lstm": (lambda w, x, y: stacked(w, x, y)[0], {"symbols": SYMBOLS}, texts),
    "bidirectional": (bidirectional, {}, recordings),
}


@pytest.mark.parametrize("name", CASES)
def test_loss_and_gradients(name: str) -> None:
    """Each example alone, without padding; a loss that is summed over its sequence stays so."""
    loss_of, settings, data = CASES[name]
    found, given = network(name, **settings), data()
    w = {key: torch.tensor(value, requires_grad=True) for key, value in found.parameters.items()}
    losses = [loss_of(w, *example) for example in zip(*given.values(), strict=True)]
    loss = sum(losses) / len(losses)
    loss.backward()
    gradients = found.grad(**given)
    assert gradients[LOSS] == pytest.approx(loss.item(), rel=1e-9)
    for key, weight in w.items():
        expected = weight.grad.numpy()
        np.testing.assert_allclose(gradients[key], expected, rtol=1e-9, atol=1e-12, err_msg=key)


def test_windows_carry_the_memories_of_both_layers() -> None:
    """Two streams of three windows each: gradients end at a window's beginning, memories do not."""
    window, streams, places, rate = 5, 2, 30, 0.5
    changes = [
        ("adam(rate = cosine(3e-3))", f"sgd(rate = {rate})"),
        ("clip norm 1\n", ""),
        ("batch 16  window 64 carry  epochs 12", f"batch {streams}  window {window} carry  epochs 2"),
    ]
    found = network("stacked_lstm", *changes, symbols=SYMBOLS)
    w = {key: torch.tensor(value, requires_grad=True) for key, value in found.parameters.items()}
    text = np.random.default_rng(4).integers(0, SYMBOLS, 34)
    x, y = text[:-1], text[1:]  # nine tenths of 33 places are learned from
    found.fit(x=[x], y=[y], precision="float64")

    starts = np.arange(0, places // streams, window)
    for _ in range(2):
        states: list[Any] = [(None, None)] * streams
        for start in starts:
            losses = []
            for stream in range(streams):
                first = stream * places // streams + start
                seen = slice(first, first + window)
                loss, left = stacked(w, x[seen], y[seen], states[stream])
                losses.append(loss)
                states[stream] = tuple(tuple(value.detach() for value in state) for state in left)
            gradients = torch.autograd.grad(sum(losses) / streams, list(w.values()))
            with torch.no_grad():
                for weight, gradient in zip(w.values(), gradients, strict=True):
                    weight -= rate * gradient
    for key, weight in w.items():
        np.testing.assert_allclose(found.parameters[key], weight.detach(), rtol=1e-9, atol=1e-12, err_msg=key)
