"""Ten native steps of every optimizer and schedule are PyTorch's, on the same weights, data and order."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np
import pytest
from native import minibatches, rows, start, tensors, train

torch = pytest.importorskip("torch")

COUNT, BATCH, EPOCHS = 37, 8, 2
STEPS = 10
SPEC = """network M {{
  input x[6]  target z[3]
  layer h[5] = tanh(full(x) + bias)
  output y[3] = full(h) + bias
  train {{ minimize mse(y, z)  optimizer {optimizer}  {clip}  batch 8  epochs 2 }}
}}"""

Make = Callable[[list[Any]], Any]
optim = torch.optim

OPTIMIZERS: dict[str, Make] = {
    "sgd(rate = 0.3)": lambda w: optim.SGD(w, 0.3),
    "sgd(rate = 0.3, momentum = 0.9)": lambda w: optim.SGD(w, 0.3, momentum=0.9),
    "sgd(rate = 0.3, momentum = 0.9, nesterov = yes)": lambda w: optim.SGD(
        w, 0.3, momentum=0.9, nesterov=True
    ),
    "sgd(rate = 0.3, momentum = 0.5, weight_decay = 0.1)": lambda w: optim.SGD(
        w, 0.3, momentum=0.5, weight_decay=0.1
    ),
    "adam(rate = 0.02)": lambda w: optim.Adam(w, 0.02),
    "adam(rate = 0.02, betas = (0.8, 0.95), epsilon = 1e-3, weight_decay = 0.1)": lambda w: optim.Adam(
        w, 0.02, (0.8, 0.95), 1e-3, 0.1
    ),
    "adamw(rate = 0.02, weight_decay = 0.2)": lambda w: optim.AdamW(w, 0.02, weight_decay=0.2),
    "rmsprop(rate = 0.02)": lambda w: optim.RMSprop(w, 0.02),
    "rmsprop(rate = 0.02, decay = 0.8, momentum = 0.5)": lambda w: optim.RMSprop(w, 0.02, 0.8, momentum=0.5),
    "adagrad(rate = 0.1)": lambda w: optim.Adagrad(w, 0.1),
}

SCHEDULES: dict[str, Make] = {
    "0.3 -> 0.1": lambda o: optim.lr_scheduler.LinearLR(o, 1.0, 1 / 3, STEPS),
    "cosine(0.3, 0.1)": lambda o: optim.lr_scheduler.CosineAnnealingLR(o, STEPS, 0.1),
    "exponential(0.3, 0.1)": lambda o: optim.lr_scheduler.ExponentialLR(o, (1 / 3) ** (1 / STEPS)),
    "warmup(0.3, 4)": lambda o: optim.lr_scheduler.LambdaLR(
        o, lambda step: min((step + 1) / 4, sqrt(4 / (step + 1)))
    ),
}


def loss(w: dict[str, Any], data: dict[str, Any]) -> Any:
    linear = torch.nn.functional.linear
    h = torch.tanh(linear(data["x"], w["h.weights"], w["h.bias"]))
    return torch.nn.functional.mse_loss(linear(h, w["y.weights"], w["y.bias"]), data["z"])


def agree(
    precision: str, optimizer: str, make: Make, schedule: Make | None = None, clip: float | None = None
) -> None:
    """Trains both, and compares the weights and how far they have moved."""
    random = np.random.default_rng(1)
    data = {"x": random.normal(size=(COUNT, 6)), "z": 3 * random.normal(size=(COUNT, 3))}
    data = {name: array.astype(precision) for name, array in data.items()}
    network, first = start(
        SPEC.format(optimizer=optimizer, clip=f"clip norm {clip}" if clip else ""), precision
    )
    found = train(network, data, precision=precision)

    w, given = tensors(first), tensors(data, learned=False)
    stepping = make(list(w.values()))
    scheduling = schedule(stepping) if schedule else None
    for chosen in minibatches(COUNT, BATCH, EPOCHS):
        stepping.zero_grad()
        loss(w, rows(given, chosen)).backward()
        if clip:
            torch.nn.utils.clip_grad_norm_(list(w.values()), clip)
        stepping.step()
        if scheduling:
            scheduling.step()
    tolerance = 1e-9 if precision == "float64" else 1e-5
    for name, expected in w.items():
        wanted = expected.detach().numpy()
        assert np.abs(wanted - first[name]).max() > 0.05
        np.testing.assert_allclose(found[name], wanted, rtol=tolerance, atol=tolerance, err_msg=name)


PRECISIONS = ("float64", "float32")


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizers(optimizer: str, precision: str) -> None:
    agree(precision, optimizer, OPTIMIZERS[optimizer])


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("rate", SCHEDULES)
def test_schedules(rate: str, precision: str) -> None:
    agree(precision, f"sgd(rate = {rate})", lambda w: optim.SGD(w, 0.3), SCHEDULES[rate])


@pytest.mark.parametrize("optimizer", ["sgd(rate = 0.3)", "adam(rate = 0.02)"])
@pytest.mark.parametrize("clip", [0.5, 1000.0])
def test_clipping(optimizer: str, clip: float) -> None:
    agree("float64", optimizer, OPTIMIZERS[optimizer], clip=clip)
