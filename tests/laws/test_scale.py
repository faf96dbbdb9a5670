"""Nothing recurses over a graph's depth, and everything is about linear in its size."""

import numpy as np

from nndsl.differentiation.reverse import differentiate
from nndsl.graph.builder import Builder
from nndsl.graph.graph import Graph
from nndsl.graph.interpret import interpret
from nndsl.graph.text import parse_graph, print_graph
from nndsl.graph.types import Dimension, TensorType, real
from nndsl.graph.verify import verify
from nndsl.operators.arithmetic import Add
from nndsl.operators.broadcasting import Expand, Sum
from nndsl.operators.contraction import Contract
from nndsl.operators.functions import Relu, Tanh
from nndsl.operators.leaves import Input, ParameterLeaf
from nndsl.passes.pipeline import optimize
from nndsl.types import Extent

BATCH = Dimension("batch", Extent("batch"))


def chain(length: int) -> Graph:
    build = Builder()
    x = y = build(Input("x", real()), name="x")
    for _ in range(length):
        y = build(Tanh(), y)
    return build.graph({"x": x, "loss": y})


def test_a_chain_of_20000_nodes_overflows_nothing() -> None:
    graph = verify(optimize(differentiate(chain(20_000), "loss", ["x"])))
    assert len(parse_graph(print_graph(graph))) == len(graph)
    gradient = interpret(graph, {"x": np.array(0.5)})["gradient.x"]
    assert 0 < gradient < 1e-4  # the chain decays like √(3/2n), its slope like n to the −3/2


def perceptron(layers: int) -> tuple[Graph, list[str]]:
    build = Builder()
    h = build(Input("x", TensorType((BATCH, *real(8).dimensions))), name="x")
    parameters = []
    for i in range(layers):
        w = build(ParameterLeaf(f"W{i}", real(8, 8)), name=f"W{i}")
        b = build(ParameterLeaf(f"b{i}", real(8)), name=f"b{i}")
        parameters += [w.name, b.name]
        with build.at(f"h{i}", None):
            net = build(Add(), build(Contract("bi,oi->bo"), h, w), build(Expand((0,), (BATCH,)), b))
            h = build(Relu(), net, name=f"h{i}")
    return build.graph({"loss": build(Sum((0, 1)), h)}), parameters


def test_2000_layers() -> None:
    graph, parameters = perceptron(2000)
    verify(optimize(differentiate(graph, "loss", parameters)))
