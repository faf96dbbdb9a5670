"""Outputs and gradients equal PyTorch's on the same numbers."""

import numpy as np
import pytest

from nndsl.differentiation.reverse import differentiate
from nndsl.graph.builder import Builder
from nndsl.graph.graph import Graph, Node
from nndsl.graph.interpret import interpret
from nndsl.graph.types import BATCH, Dimension, TensorType, index, real
from nndsl.operators.arithmetic import Add, Divide, Multiply, Negate, Subtract
from nndsl.operators.broadcasting import Expand, Sum
from nndsl.operators.contraction import Contract
from nndsl.operators.functions import Exp, Log, Relu
from nndsl.operators.leaves import Input, ParameterLeaf, Size
from nndsl.operators.lookup import OneHot
from nndsl.operators.movement import Pad, Reshape
from nndsl.operators.reductions import Max
from nndsl.operators.windows import Windows
from nndsl.passes.pipeline import optimize
from nndsl.types import Extent

torch = pytest.importorskip("torch")

EXAMPLES = Dimension(BATCH, Extent(BATCH))


def batched(*extents: int) -> TensorType:
    return TensorType((EXAMPLES, *real(*extents).dimensions))


def parameter(build: Builder, name: str, *extents: int) -> Node:
    return build(ParameterLeaf(name, real(*extents)), name=name)


def affine(build: Builder, x: Node, name: str, units: int) -> Node:
    w = parameter(build, f"{name}.weight", units, x.type.extents[1].known or 0)
    b = parameter(build, f"{name}.bias", units)
    return build(Add(), build(Contract("bi,oi->bo"), x, w), build(Expand((0,), (EXAMPLES,)), b))


def cross_entropy(build: Builder, logits: Node, label: Node) -> Node:
    """The mean over the batch of `ln Σ exp z − z[label]`, with the greatest logit taken out first."""
    classes = logits.type.dimensions[1:]
    shifted = build(Subtract(), logits, build(Expand((1,), classes), build(Max((1,)), logits)))
    norm = build(Log(), build(Sum((1,)), build(Exp(), shifted)))
    chosen = build(Sum((1,)), build(Multiply(), shifted, build(OneHot(classes[0]), label)))
    total = build(Sum((0,)), build(Add(), norm, build(Negate(), chosen)))
    return build(Divide(), total, build(Size((EXAMPLES.extent,))))


def perceptron() -> Graph:
    build = Builder()
    x = build(Input("x", batched(6)), name="x")
    label = build(Input("label", TensorType((EXAMPLES,), index().element)), name="label")
    y = affine(build, build(Relu(), affine(build, x, "0", 8)), "2", 5)
    return build.graph({"y": y, "loss": cross_entropy(build, y, label)})


def convolutional() -> Graph:
    """A padded, strided, dilated convolution, relu, pooling, a full layer; channels last."""
    build = Builder()
    x = build(Input("x", batched(9, 8, 3)), name="x")
    label = build(Input("label", TensorType((EXAMPLES,), index().element)), name="label")
    padded = build(Pad(2, 1, 1), build(Pad(1, 1, 1), x))
    patches = build(Windows((1, 2), (3, 2), (1, 2), (2, 1)), padded)
    net = build(Contract("bxyihw,oihw->bxyo"), patches, parameter(build, "0.weight", 4, 3, 3, 2))
    bias = build(Expand((0, 1, 2), net.type.dimensions[:3]), parameter(build, "0.bias", 4))
    activity = build(Relu(), build(Add(), net, bias))
    pooled = build(Max((4, 5)), build(Windows((1, 2), (2, 2), (2, 2), (1, 1)), activity))
    flat = build(Reshape((EXAMPLES, *real(3 * 2 * 4).dimensions)), pooled)
    y = affine(build, flat, "1", 5)
    return build.graph({"y": y, "loss": cross_entropy(build, y, label)})


class Convolutional(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.add_module("0", torch.nn.Conv2d(3, 4, (3, 2), stride=(1, 2), padding=1, dilation=(2, 1)))
        self.add_module("1", torch.nn.Linear(24, 5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        convolution, full = self.children()
        pooled = torch.nn.functional.max_pool2d(convolution(x.permute(0, 3, 1, 2)).relu(), 2)
        return full(pooled.permute(0, 2, 3, 1).flatten(1))


@pytest.mark.parametrize(
    ("graph", "module", "shape"),
    [
        (
            perceptron(),
            torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 5)),
            (6,),
        ),
        (convolutional(), Convolutional(), (9, 8, 3)),
    ],
    ids=["perceptron", "convolutional"],
)
def test_outputs_and_gradients_equal_those_of_torch(
    graph: Graph, module: torch.nn.Module, shape: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(1)
    module = module.double()
    x = torch.tensor(rng.normal(size=(7, *shape)), requires_grad=True)
    label = torch.tensor(rng.integers(0, 5, 7))
    y = module(x)
    loss = torch.nn.functional.cross_entropy(y, label)
    loss.backward()

    parameters = dict(module.named_parameters())
    given = {name: tensor.detach().numpy() for name, tensor in parameters.items()}
    given |= {"x": x.detach().numpy(), "label": label.numpy()}
    with_gradient = optimize(differentiate(graph, "loss", ["x", *parameters]), check=True)
    found = interpret(with_gradient, given, {BATCH: 7})

    np.testing.assert_allclose(found["y"], y.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(found["loss"], loss.detach().numpy(), rtol=1e-12)
    for name, tensor in [("x", x), *parameters.items()]:
        np.testing.assert_allclose(
            found[f"gradient.{name}"], tensor.grad.numpy(), rtol=1e-9, atol=1e-14, err_msg=name
        )


def test_batch_gradient_is_symbolic_in_the_batch() -> None:
    graph = differentiate(perceptron(), "loss", ["x"])
    rng = np.random.default_rng(2)
    shapes = {"0.weight": (8, 6), "0.bias": (8,), "2.weight": (5, 8), "2.bias": (5,)}
    given = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    for batch in (1, 3):
        given |= {"x": rng.normal(size=(batch, 6)), "label": rng.integers(0, 5, batch)}
        assert interpret(graph, given, {BATCH: batch})["gradient.x"].shape == (batch, 6)
