"""Losses and gradients of whole networks are PyTorch's, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from spec_models import BATCH_SIZE, gradients, model_of, random_feeds

torch = pytest.importorskip("torch")
F = torch.nn.functional

Tensors = dict[str, Any]
Case = tuple[str, Callable[[Tensors], Any]]


def channels_first(x: Any) -> Any:
    return x.movedim(-1, 1)


def channels_last(x: Any) -> Any:
    return x.movedim(1, -1)


MLP = (
    """network M {
      input x[7]  target digit[4] onehot
      layer h[6] = relu(full(x) + bias)
      output y[4] = full(h) + bias
      train { minimize cross_entropy(y, digit, smoothing = 0.1) + 0.01 * l2(weights) }
    }""",
    lambda t: (
        F.cross_entropy(
            F.linear(F.relu(F.linear(t["x"], t["h.weights"], t["h.bias"])), t["y.weights"], t["y.bias"]),
            t["digit"],
            label_smoothing=0.1,
        )
        + 0.01 * (t["h.weights"].square().sum() + t["y.weights"].square().sum())
    ),
)

TIED = (
    """network M {
      input x[7]  param W, b, c
      layer h[3] = sigmoid(full(x, W) + b)
      output r[7] = full(h, W') + c
      train { minimize bce(r, sigmoid(x)) + mse(r, x) }
    }""",
    lambda t: (
        F.binary_cross_entropy_with_logits(_tied(t), torch.sigmoid(t["x"]), reduction="sum") / BATCH_SIZE
        + F.mse_loss(_tied(t), t["x"])
    ),
)


def _tied(t: Tensors) -> Any:
    return F.linear(torch.sigmoid(F.linear(t["x"], t["W"], t["b"])), t["W"].T, t["c"])


LENET = (
    """network LeNet {
      input image[1] over 12x12  target digit[10] onehot
      layer c1[3] = relu(local(image, 5x5, pad = 2) + bias)
      layer s1 = max(c1 over window 2x2)
      layer c2[4] = tanh(local(s1, 3x3) + bias)
      layer s2 = mean(c2 over window 2x2)
      layer f1[6] = relu(full(flatten(s2)) + bias)
      output y[10] = full(f1) + bias
      train { minimize cross_entropy(y, digit) }
    }""",
    lambda t: F.cross_entropy(_lenet(t), t["digit"]),
)


def _lenet(t: Tensors) -> Any:
    c1 = F.relu(F.conv2d(channels_first(t["image"]), t["c1.weights"], t["c1.bias"], padding=2))
    c2 = torch.tanh(F.conv2d(F.max_pool2d(c1, 2), t["c2.weights"], t["c2.bias"]))
    flat = channels_last(F.avg_pool2d(c2, 2)).flatten(1)
    return F.linear(F.relu(F.linear(flat, t["f1.weights"], t["f1.bias"])), t["y.weights"], t["y.bias"])


STRIDED = (
    """network M {
      input x[4] over 9x8  target z[1]
      layer h[6] = tanh(local(x, 3x2, stride = 2, pad = 1, dilation = 2, groups = 2) + bias)
      output y[1] = full(flatten(h))
      train { minimize mse(y, z) }
    }""",
    lambda t: F.mse_loss(
        F.linear(
            channels_last(
                torch.tanh(
                    F.conv2d(
                        channels_first(t["x"]),
                        t["h.weights"],
                        t["h.bias"],
                        stride=2,
                        padding=1,
                        dilation=2,
                        groups=2,
                    )
                )
            ).flatten(1),
            t["y.weights"],
        ),
        t["z"],
    ),
)

DEPTHWISE = (
    """network M {
      input x[4] over 6x5  target z[1]
      layer h[4] = local(x, 3x3, each)
      output y[1] = full(flatten(h))
      train { minimize mse(y, z) }
    }""",
    lambda t: F.mse_loss(
        F.linear(
            channels_last(F.conv2d(channels_first(t["x"]), t["h.weights"], groups=4)).flatten(1),
            t["y.weights"],
        ),
        t["z"],
    ),
)

UPWARDS = (
    """network M {
      input x[3] over 4x5  target z[1]
      layer h[2] = local'(x, 3x2, stride = 2, pad = 1)
      output y[1] = full(flatten(h))
      train { minimize mse(y, z) }
    }""",
    lambda t: F.mse_loss(
        F.linear(
            channels_last(
                F.conv_transpose2d(channels_first(t["x"]), t["h.weights"], stride=2, padding=1)
            ).flatten(1),
            t["y.weights"],
        ),
        t["z"],
    ),
)

TIME = (
    """network TDNN {
      input x[3] over T  target digit[4] onehot
      layer h[5] = sigmoid(local(x, 3) + bias)
      layer k[4] = tanh(local(h, 2, causal, dilation = 2) + bias)
      output y[4] = mean(k over T)
      train { minimize cross_entropy(y, digit) }
    }""",
    lambda t: F.cross_entropy(_tdnn(t), t["digit"]),
)


def _tdnn(t: Tensors) -> Any:
    h = torch.sigmoid(F.conv1d(channels_first(t["x"]), t["h.weights"], t["h.bias"]))
    return torch.tanh(F.conv1d(F.pad(h, (2, 0)), t["k.weights"], t["k.bias"], dilation=2)).mean(-1)


ATTENTION = (
    """network Attention {
      input x[6] over t in N  target z[6] over t in N
      layer Q[2, 3] = full(x)
      layer K[2, 3] = full(x)
      layer V[2, 3] = full(x)
      layer A[2] over (t in N, j in N) = softmax(dot(Q[t], K[j]) / sqrt(3) over j in N where j <= t)
      layer mix[2, 3] = sum(A[t, j] * V[j] over j in N)
      output y[6] = layer_norm(full(mix) + x)
      train { minimize mean(mse(y, z) over N) }
    }""",
    lambda t: F.mse_loss(_attention(t), t["z"]),
)


def _attention(t: Tensors) -> Any:
    q, k, v = (torch.einsum("bni,hdi->bhnd", t["x"], t[f"{name}.weights"]) for name in "QKV")
    mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    out = torch.einsum("bhnd,ohd->bno", mixed, t["y.weights"]) + t["x"]
    return F.layer_norm(out, (6,), t["y.gain"], t["y.offset"], eps=1e-5)


RADIAL = (
    """network RBF {
      input x[5]  target z[2]
      param C
      layer phi[7] = exp(-distance2(x, C) / 3)
      output y[2] = full(phi) + bias
      train { minimize huber(y, z, delta = 0.5) + mae(y, z) }
    }""",
    lambda t: F.huber_loss(_radial(t), t["z"], delta=0.5) + F.l1_loss(_radial(t), t["z"]),
)


def _radial(t: Tensors) -> Any:
    phi = torch.exp(-torch.cdist(t["x"], t["C"]).square() / 3)
    return F.linear(phi, t["y.weights"], t["y.bias"])


ACTIVATIONS = (
    """network M {
      input x[5]
      layer a = gelu(x) * silu(x) + elu(x) - leaky_relu(x, 0.2)
      layer b = softplus(a) / (1 + abs(x)) + max(x) * softmax(x)
      output y[2] = full(b)
      train { minimize mse(y, 0 * y) }
    }""",
    lambda t: F.linear(_activations(t["x"]), t["y.weights"]).square().mean(),
)


def _activations(x: Any) -> Any:
    a = F.gelu(x) * F.silu(x) + F.elu(x) - F.leaky_relu(x, 0.2)
    return F.softplus(a) / (1 + x.abs()) + x.amax(1, keepdim=True) * x.softmax(1)


CASES: dict[str, Case] = {
    "mlp": MLP,
    "tied": TIED,
    "lenet": LENET,
    "strided": STRIDED,
    "depthwise": DEPTHWISE,
    "transposed": UPWARDS,
    "time": TIME,
    "attention": ATTENTION,
    "radial": RADIAL,
    "activations": ACTIVATIONS,
}


@pytest.mark.parametrize("name", CASES)
def test_loss_and_gradients(name: str) -> None:
    text, reference = CASES[name]
    model = model_of(text)
    sizes = {"batch": BATCH_SIZE, "T": 8, "N": 6}
    feeds = random_feeds(model, sizes)
    found = gradients(model, feeds, sizes)
    tensors = {key: torch.tensor(value) for key, value in feeds.items()}
    for parameter in model.parameters:
        tensors[parameter.name].requires_grad_()
    loss = reference(tensors)
    loss.backward()
    np.testing.assert_allclose(found["loss"], loss.item(), rtol=1e-12)
    for parameter in model.parameters:
        expected = tensors[parameter.name].grad.numpy()
        np.testing.assert_allclose(found[f"gradient.{parameter.name}"], expected, rtol=1e-8, atol=1e-12)
