"""Convolution and pooling, run natively: gradients of networks with windows are PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from spec_models import model_of, random_feeds

from nndsl.building.build import LOSS, objective
from nndsl.building.refusals import stages
from nndsl.differentiation.reverse import differentiate
from nndsl.graph.builder import prune
from nndsl.graph.graph import Graph
from nndsl.operators.leaves import Input
from nndsl.operators.windows import Fold, Windows
from nndsl.passes.join_windows import join_windows
from nndsl.passes.pipeline import optimize
from nndsl.planning.divide import divide
from nndsl.planning.plan import Precision
from nndsl.runtime.inference import Inference

torch = pytest.importorskip("torch")
F = torch.nn.functional

Tensors = dict[str, Any]
SIZES = {"batch": 5, "T": 9}


def network(source: str, body: str) -> str:
    """A network whose first layer learns, so that gradients flow through what follows."""
    return f"""network M {{
      input x{source}
      param gain[{source.split("]")[0].lstrip("[")}]
      layer a = gain * x
      {body}
      train {{ minimize mse(y, 0 * y) }}
    }}"""


def scaled(t: Tensors) -> Any:
    """The first layer, channels first."""
    return (t["x"] * t["gain"]).movedim(-1, 1)


def convolved(t: Tensors, name: str, x: Any, **options: Any) -> Any:
    w = t[f"{name}.weights"]
    convolve = (F.conv1d, F.conv2d, F.conv3d)[w.ndim - 3]
    return convolve(x, w, **options)


def unshared(t: Tensors) -> Any:
    w = t["y.weights"]
    patches = F.unfold(scaled(t), (3, 2)).reshape(-1, 3, 3, 2, *w.shape[:2])
    return torch.einsum("nsuvhw,hwosuv->nhwo", patches, w)


CASES: dict[str, tuple[str, Callable[[Tensors], Any]]] = {
    "plain": (
        network("[3] over 9x8", "layer y[20] = local(a, 3x2)"),
        lambda t: convolved(t, "y", scaled(t)),
    ),
    "strides and borders": (
        network("[4] over 10x9", "layer y[6] = local(a, 3x2, stride = 3x2, pad = 2x1, dilation = 2x1)"),
        lambda t: convolved(t, "y", scaled(t), stride=(3, 2), padding=(2, 1), dilation=(2, 1)),
    ),
    "stride beyond the window": (
        network("[2] over 9x9", "layer y[3] = local(a, 2x2, stride = 4)"),
        lambda t: convolved(t, "y", scaled(t), stride=4),
    ),
    "groups": (
        network("[6] over 7x6", "layer y[4] = local(a, 3x3, pad = 1, groups = 2)"),
        lambda t: convolved(t, "y", scaled(t), padding=1, groups=2),
    ),
    "depthwise": (
        network("[5] over 6x7", "layer y[5] = local(a, 3x3, pad = 1, each)"),
        lambda t: convolved(t, "y", scaled(t), padding=1, groups=5),
    ),
    "one by one": (
        network("[17] over 3x4", "layer y[33] = local(a, 1x1)"),
        lambda t: convolved(t, "y", scaled(t)),
    ),
    "causal": (
        network(
            "[3] over T", "layer b[8] = local(a, 3, causal)  layer y[2] = local(b, 2, causal, dilation = 2)"
        ),
        lambda t: convolved(t, "y", F.pad(convolved(t, "b", F.pad(scaled(t), (2, 0))), (2, 0)), dilation=2),
    ),
    "three sides": (
        network("[2] over 5x4x6", "layer y[3] = local(a, 2x3x3, stride = 2x1x2, pad = 1)"),
        lambda t: convolved(t, "y", scaled(t), stride=(2, 1, 2), padding=1),
    ),
    "transposed": (
        network("[3] over 4x5", "layer y[2] = local'(a, 3x2, stride = 2, pad = 1)"),
        lambda t: F.conv_transpose2d(scaled(t), t["y.weights"], stride=2, padding=1),
    ),
    "unshared": (
        network("[3] over 6x5", "layer y[2] = local(a, 3x2, unshared)"),
        lambda t: unshared(t).movedim(-1, 1),
    ),
    "maxima": (
        network("[9] over 7x9", "layer y = max(a over window 3x2, stride = 2, pad = 1)"),
        lambda t: F.max_pool2d(scaled(t), (3, 2), 2, (1, 1)),
    ),
    "means": (
        network("[3] over 7x9", "layer y = mean(a over window 3x2, stride = 1)"),
        lambda t: F.avg_pool2d(scaled(t), (3, 2), 1),
    ),
    "means within borders": (
        network("[3] over 7x9", "layer y = mean(a over window 3x3, stride = 2, pad = 1)"),
        lambda t: F.avg_pool2d(scaled(t), 3, 2, 1, count_include_pad=False),
    ),
}


def learning(text: str) -> tuple[Any, Graph]:
    model = model_of(text)
    stage = next(stages(model))
    names = [parameter.name for parameter in stage.learned]
    return model, optimize(differentiate(join_windows(objective(model, stage)), LOSS, names), check=True)


@pytest.mark.parametrize("precision", Precision)
@pytest.mark.parametrize("name", CASES)
def test_gradients(name: str, precision: Precision) -> None:
    text, reference = CASES[name]
    model, graph = learning(text)
    feeds = random_feeds(model, SIZES)
    tensors = {key: torch.tensor(value) for key, value in feeds.items()}
    for parameter in model.parameters:
        tensors[parameter.name].requires_grad_()
    y = reference(tensors)
    loss = y.square().sum() / (y.shape[0] * y.shape[1])
    loss.backward()
    given = {
        key: np.ascontiguousarray(value, np.int32 if value.dtype.kind == "i" else precision.value)
        for key, value in feeds.items()
    }
    inputs = {n.operator.key for n in graph if isinstance(n.operator, Input)}
    leaves = {key: value for key, value in given.items() if key in inputs}
    found = Inference(graph, precision)(leaves, given, SIZES["batch"])
    tolerance = 1e-5 if precision is Precision.FLOAT32 else 1e-9
    np.testing.assert_allclose(found[LOSS], loss.item(), rtol=tolerance)
    for parameter in model.parameters:
        expected = tensors[parameter.name].grad.numpy()
        error = np.abs(found[f"gradient.{parameter.name}"] - expected).max()
        assert error <= tolerance * np.abs(expected).max(), parameter.name


@pytest.mark.parametrize("name", [name for name in CASES if name != "unshared"])
def test_no_windows_are_laid_out(name: str) -> None:
    _, graph = learning(CASES[name][0])
    assert not [node for node in graph if isinstance(node.operator, Windows | Fold)]


@pytest.mark.parametrize("name", ["plain", "transposed", "maxima"])
def test_threads_share_the_batch(name: str) -> None:
    _, graph = learning(CASES[name][0])
    gradients = {key: node for key, node in graph.outputs.items() if key != LOSS}
    assert len(divide(prune(Graph(graph.nodes, gradients)), 2)) > 0
