"""Loops in time against PyTorch's recurrent layers, in float64: outputs, losses and all gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from spec_models import BATCH_SIZE, Array, gradients, model_of, random_feeds

from nndsl.building.build import LOSS, forward, objective
from nndsl.building.refusals import stages
from nndsl.differentiation.reverse import differentiate
from nndsl.graph.interpret import interpret
from nndsl.passes.pipeline import optimize

torch = pytest.importorskip("torch")
F = torch.nn.functional

Tensors = dict[str, Any]
STEPS = 7
N, M = 6, 4  # units of the layer and of its input
ZERO = torch.zeros(N, dtype=torch.float64)
TRAIN = "output y[2] = full(h) + bias  train { minimize mean(mse(y, z) over T) }"

ELMAN = f"""network Elman {{
  input x[{M}] over t in T  target z[2] over t in T
  param U, V, b, c
  layer h[{N}] = tanh(full(x, U) + b + full(h[t-1], V) + c)
  {TRAIN}
}}"""

LSTM = f"""network LSTM {{
  input x[{M}] over t in T  target z[2] over t in T
  param Ui, Uf, Ug, Uo, Vi, Vf, Vg, Vo, bi, bf, bg, bo
  layer i[{N}] = sigmoid(full(x, Ui) + full(h[t-1], Vi) + bi)
  layer f[{N}] = sigmoid(full(x, Uf) + full(h[t-1], Vf) + bf)
  layer g[{N}] = tanh(full(x, Ug) + full(h[t-1], Vg) + bg)
  layer o[{N}] = sigmoid(full(x, Uo) + full(h[t-1], Vo) + bo)
  layer s[{N}] = f * s[t-1] + i * g
  layer h[{N}] = o * tanh(s)
  {TRAIN}
}}"""

GRU = f"""network GRU {{
  input x[{M}] over t in T  target z[2] over t in T
  param Ur, Uu, Uc, Vr, Vu, Vc, br, bu, bc, b
  layer r[{N}] = sigmoid(full(x, Ur) + full(h[t-1], Vr) + br)
  layer u[{N}] = sigmoid(full(x, Uu) + full(h[t-1], Vu) + bu)
  layer c[{N}] = tanh(full(x, Uc) + bc + r * (full(h[t-1], Vc) + b))
  layer h[{N}] = (1 - u) * c + u * h[t-1]
  {TRAIN}
}}"""

BIDIRECTIONAL = f"""network Bidirectional {{
  input x[{M}] over t in T  target z[2] over t in T
  param U, V, b, W, R, c
  layer forth[{N}] = tanh(full(x, U) + full(forth[t-1], V) + b)
  layer back[{N}]  = tanh(full(x, W) + full(back[t+1], R) + c)
  layer h[{N}]     = forth * back
  {TRAIN}
}}"""

STACKED = f"""network Stacked {{
  input x[{M}] over t in T  target z[2] over t in T
  param U, V, b, W, R, c
  layer low[{N}] = tanh(full(x, U) + full(low[t-1], V) + b)
  layer h[{N}]   = tanh(full(low, W) + full(h[t-1], R) + c)
  {TRAIN}
}}"""


def run_cell(kind: str, x: Any, flat: list[Any]) -> Any:
    """The outputs of a layer of PyTorch at every step, as a function of its weights."""
    module = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[kind]
    layer = module(x.shape[2], N, batch_first=True, dtype=torch.float64)
    names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    outputs, _ = torch.func.functional_call(layer, dict(zip(names, flat, strict=True)), (x,))
    return outputs


def elman(t: Tensors) -> Any:
    return run_cell("rnn", t["x"], [t["U"], t["V"], t["b"], t["c"]])


def lstm(t: Tensors) -> Any:
    weights = [torch.cat([t[f"{letter}{gate}"] for gate in "ifgo"]) for letter in "UVb"]
    return run_cell("lstm", t["x"], [*weights, torch.zeros_like(weights[2])])


def gru(t: Tensors) -> Any:
    weights = [torch.cat([t[f"{letter}{gate}"] for gate in "ruc"]) for letter in "UV"]
    inner = torch.cat([t["br"], t["bu"], t["bc"]])
    return run_cell("gru", t["x"], [*weights, inner, torch.cat([ZERO, ZERO, t["b"]])])


def bidirectional(t: Tensors) -> Any:
    forth = run_cell("rnn", t["x"], [t["U"], t["V"], t["b"], ZERO])
    back = run_cell("rnn", t["x"].flip(1), [t["W"], t["R"], t["c"], ZERO]).flip(1)
    return forth * back


def stacked(t: Tensors) -> Any:
    low = run_cell("rnn", t["x"], [t["U"], t["V"], t["b"], ZERO])
    return run_cell("rnn", low, [t["W"], t["R"], t["c"], ZERO])


CASES: dict[str, tuple[str, Callable[[Tensors], Any]]] = {
    "elman": (ELMAN, elman),
    "lstm": (LSTM, lstm),
    "gru": (GRU, gru),
    "bidirectional": (BIDIRECTIONAL, bidirectional),
    "stacked": (STACKED, stacked),
}


def tensors_of(feeds: dict[str, Array], parameters: list[str]) -> Tensors:
    tensors = {key: torch.tensor(value) for key, value in feeds.items()}
    for name in parameters:
        tensors[name].requires_grad_()
    return tensors


@pytest.mark.parametrize("name", CASES)
def test_outputs_loss_and_gradients(name: str) -> None:
    text, reference = CASES[name]
    model = model_of(text)
    sizes = {"batch": BATCH_SIZE, "T": STEPS}
    feeds = random_feeds(model, sizes)
    tensors = tensors_of(feeds, [parameter.name for parameter in model.parameters])
    h = reference(tensors)
    values = interpret(forward(model), feeds, sizes)
    np.testing.assert_allclose(values["h"], h.detach(), rtol=1e-9, atol=1e-12)
    loss = F.mse_loss(h @ tensors["y.weights"].T + tensors["y.bias"], tensors["z"])
    loss.backward()
    found = gradients(model, feeds, sizes)
    np.testing.assert_allclose(found["loss"], loss.item(), rtol=1e-9)
    for parameter in model.parameters:
        expected = tensors[parameter.name].grad.numpy()
        np.testing.assert_allclose(found[f"gradient.{parameter.name}"], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_passes_preserve_loops(name: str) -> None:
    model = model_of(CASES[name][0])
    stage = next(stages(model))
    graph = differentiate(objective(model, stage), LOSS, [parameter.name for parameter in stage.learned])
    sizes = {"batch": BATCH_SIZE, "T": STEPS}
    feeds = random_feeds(model, sizes)
    expected = interpret(graph, feeds, sizes)
    found = interpret(optimize(graph, check=True), feeds, sizes)
    for output, value in expected.items():
        np.testing.assert_allclose(found[output], value, rtol=1e-9, atol=1e-12, err_msg=output)
