"""The modules of `torch.nn`, written in the language and run natively in both precisions: outputs, and the
gradients of all weights and of what the input is scaled by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from native import start

torch = pytest.importorskip("torch")
nn = torch.nn

Tensors = dict[str, Any]
BATCH, STEPS, WIDTH, HEADS = 3, 5, 8, 2
TOLERANCE = {"float64": 1e-9, "float32": 1e-5}
DTYPE = {"float64": torch.float64, "float32": torch.float32}


@dataclass(frozen=True)
class Case:
    """`body` defines a layer h of the values a, which are the input times `gain`; `module` takes ours to
    PyTorch's names: what it is, and what its parameters are made of. `others` are inputs besides x."""

    body: str
    module: Callable[[], Any]
    weights: Callable[[Tensors], Tensors]
    call: Callable[[Any, Tensors], Any] = lambda module, t: module(t["a"])
    shape: tuple[int, ...] = (STEPS, WIDTH)
    over: str = "over t in T"
    others: str = ""


def recurrent(names: str) -> Callable[[Tensors], Tensors]:
    """Weights of gates one below the other; PyTorch has a second bias, of which ours is the sum."""

    def weights(w: Tensors) -> Tensors:
        ours = {"weight_ih_l0": "U", "weight_hh_l0": "V", "bias_ih_l0": "b", "bias_hh_l0": "c"}
        return {
            name: torch.cat([w.get(f"{letter}{gate}", torch.zeros_like(w[f"b{gate}"])) for gate in names])
            for name, letter in ours.items()
        }

    return weights


def first(module: Any, t: Tensors) -> Any:
    return module(t["a"])[0]


def attention(w: Tensors, name: str, torch_name: str = "") -> Tensors:
    q, k, v = (w[f"{name}.{letter}.weights"].reshape(WIDTH, WIDTH) for letter in "QKV")
    return {
        f"{torch_name}in_proj_weight": torch.cat([q, k, v]),
        f"{torch_name}in_proj_bias": torch.zeros(3 * WIDTH, dtype=q.dtype),
        f"{torch_name}out_proj.weight": w[f"{name}.y.weights"].reshape(WIDTH, WIDTH),
        f"{torch_name}out_proj.bias": torch.zeros(WIDTH, dtype=q.dtype),
    }


def layer(prefix: str, attentions: dict[str, str], norms: str) -> Callable[[Tensors], Tensors]:
    def weights(w: Tensors) -> Tensors:
        given: Tensors = {}
        for name, torch_name in attentions.items():
            given |= attention(w, f"{prefix}.{name}", f"{torch_name}.")
        for number in (1, 2):
            given[f"linear{number}.weight"] = w[f"{prefix}.feedforward.y.weights{number}"]
            given[f"linear{number}.bias"] = w[f"{prefix}.feedforward.y.bias{number}"]
        for number, name in enumerate(norms, 1):
            given[f"norm{number}.weight"] = w[f"{prefix}.{name}.gain"]
            given[f"norm{number}.bias"] = w[f"{prefix}.{name}.offset"]
        return given

    return weights


OPTIONS: dict[str, Any] = {"d_model": WIDTH, "nhead": HEADS, "dim_feedforward": 4 * WIDTH, "dropout": 0.0}
FUTURE = torch.ones(STEPS, STEPS).triu(1).bool()
MEMORY = f"input z[{WIDTH}] over s in S"


def normalised(w: Tensors) -> Tensors:
    return {"weight": w["h.gain"], "bias": w["h.offset"]}


def channels(module: Any, t: Tensors) -> Any:
    return module(t["a"].movedim(-1, 1)).movedim(1, -1)


def residual(module: Any, t: Tensors) -> Any:
    """He et al. 2016: what two normalised convolutions add."""
    x = t["a"].movedim(-1, 1)
    y = nn.functional.relu(module[1](module[0](x)))
    return nn.functional.relu(x + module[3](module[2](y))).movedim(1, -1)


def residual_weights(w: Tensors) -> Tensors:
    names = {0: "residual.conv.y", 2: "residual.y"}
    found = {f"{number}.weight": w[f"{name}.weights"] for number, name in names.items()}
    for number, name in names.items():
        found |= {f"{number + 1}.weight": w[f"{name}.gain"], f"{number + 1}.bias": w[f"{name}.offset"]}
    return found


CASES = {
    "RNN": Case(
        "param U, V, b, c  layer h[6] = tanh(full(a, U) + b + full(h[t-1], V) + c)",
        lambda: nn.RNN(WIDTH, 6, batch_first=True),
        recurrent([""]),
        first,
    ),
    "LSTM": Case(
        """param Ui, Uf, Ug, Uo, Vi, Vf, Vg, Vo, bi, bf, bg, bo
        layer i[6] = sigmoid(full(a, Ui) + full(h[t-1], Vi) + bi)
        layer f[6] = sigmoid(full(a, Uf) + full(h[t-1], Vf) + bf)
        layer g[6] = tanh(full(a, Ug) + full(h[t-1], Vg) + bg)
        layer o[6] = sigmoid(full(a, Uo) + full(h[t-1], Vo) + bo)
        layer s[6] = f * s[t-1] + i * g
        layer h[6] = o * tanh(s)""",
        lambda: nn.LSTM(WIDTH, 6, batch_first=True),
        recurrent("ifgo"),
        first,
    ),
    "GRU": Case(
        """param Ur, Uu, Un, Vr, Vu, Vn, br, bu, bn, cn
        layer r[6] = sigmoid(full(a, Ur) + full(h[t-1], Vr) + br)
        layer u[6] = sigmoid(full(a, Uu) + full(h[t-1], Vu) + bu)
        layer n[6] = tanh(full(a, Un) + bn + r * (full(h[t-1], Vn) + cn))
        layer h[6] = (1 - u) * n + u * h[t-1]""",
        lambda: nn.GRU(WIDTH, 6, batch_first=True),
        recurrent("run"),
        first,
    ),
    "MultiheadAttention": Case(
        f"layer h[{WIDTH}] = attention(a, z, heads = {HEADS})",
        lambda: nn.MultiheadAttention(WIDTH, HEADS, batch_first=True),
        lambda w: attention(w, "attention"),
        lambda module, t: module(t["a"], t["z"], t["z"], need_weights=False)[0],
        others=MEMORY,
    ),
    "MultiheadAttention, causal": Case(
        f"layer h[{WIDTH}] = attention(a, a, heads = {HEADS}, causal = yes)",
        lambda: nn.MultiheadAttention(WIDTH, HEADS, batch_first=True),
        lambda w: attention(w, "attention"),
        lambda module, t: module(t["a"], t["a"], t["a"], attn_mask=FUTURE, need_weights=False)[0],
    ),
    "TransformerEncoderLayer": Case(
        f"layer h[{WIDTH}] = encoder_layer(a, heads = {HEADS})",
        lambda: nn.TransformerEncoderLayer(**OPTIONS, batch_first=True),
        layer("encoder_layer", {"attention": "self_attn"}, "yz"),
    ),
    "TransformerDecoderLayer": Case(
        f"layer h[{WIDTH}] = decoder_layer(a, z, heads = {HEADS})",
        lambda: nn.TransformerDecoderLayer(**OPTIONS, batch_first=True),
        layer("decoder_layer", {"attention.1": "self_attn", "attention.2": "multihead_attn"}, "uvw"),
        lambda module, t: module(t["a"], t["z"], tgt_mask=FUTURE),
        others=MEMORY,
    ),
    "LayerNorm": Case("layer h = layer_norm(a)", lambda: nn.LayerNorm(WIDTH), normalised),
    "BatchNorm1d": Case(
        "layer h = batch_norm(a)", lambda: nn.BatchNorm1d(WIDTH), normalised, shape=(WIDTH,), over=""
    ),
    "BatchNorm2d": Case(
        "layer h = batch_norm(a)",
        lambda: nn.BatchNorm2d(WIDTH),
        normalised,
        channels,
        (4, 6, WIDTH),
        "over 4x6",
    ),
    "residual block": Case(
        "layer h = residual(a)",
        lambda: nn.ModuleList(
            [
                part
                for _ in range(2)
                for part in (nn.Conv2d(WIDTH, WIDTH, 3, padding=1, bias=False), nn.BatchNorm2d(WIDTH))
            ]
        ),
        residual_weights,
        residual,
        (4, 6, WIDTH),
        "over 4x6",
    ),
}


def spec(case: Case) -> str:
    return f"""use attention, encoder_layer, decoder_layer, residual from std
    network M {{
      input x[{WIDTH}] {case.over}
      {case.others}
      param gain
      layer a[{WIDTH}] = gain * x
      {case.body}
      output y = h
      train {{ minimize mse(y, 0 * y) }}
    }}"""


class Called(nn.Module):
    """A module and the way it is called, as one, so that its weights can be replaced."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.module, self.case = case.module(), case

    def forward(self, tensors: Tensors) -> Any:
        return self.case.call(self.module, tensors)


@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("name", CASES)
def test_outputs_and_gradients(name: str, precision: str) -> None:
    case, tolerance = CASES[name], TOLERANCE[precision]
    network, _ = start(spec(case), precision)
    random = np.random.default_rng(7)
    for value in network.parameters.values():
        value[...] = random.normal(size=value.shape) / np.sqrt(value.shape[-1])
    given = {"x": random.normal(size=(BATCH, *case.shape)).astype(precision)}
    if case.others:
        given["z"] = random.normal(size=(BATCH, STEPS + 2, WIDTH)).astype(precision)
    w = {key: torch.tensor(value, requires_grad=True) for key, value in network.parameters.items()}
    tensors = {key: torch.tensor(value) for key, value in given.items()}
    tensors["a"] = w["gain"] * tensors["x"]
    module = Called(case).to(DTYPE[precision])
    weights = {f"module.{key}": value for key, value in case.weights(w).items()}
    y = torch.func.functional_call(module, weights, (tensors,))
    loss = (y.square().mean(-1)).reshape(BATCH, -1).sum(1).mean()
    loss.backward()
    found = network.grad(**given)
    np.testing.assert_allclose(found["loss"], loss.item(), rtol=tolerance)
    for key, tensor in w.items():
        if tensor.grad is not None:
            expected = tensor.grad.numpy()
            error = np.abs(found[key] - expected).max()
            assert error <= tolerance * np.abs(expected).max(), key
    missing = [key for key, tensor in w.items() if tensor.grad is None]
    assert all(key.endswith(("mean", "variance")) for key in missing)
    if not missing:  # outside of training batch norm takes the running averages
        expected = y.detach().numpy()
        assert np.abs(network.run(**given)["y"] - expected).max() <= tolerance * np.abs(expected).max()
