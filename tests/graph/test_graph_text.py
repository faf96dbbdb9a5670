"""Graphs as text and as networkx graphs, and what the verifier refuses."""

import json
import subprocess
import sys

import networkx as nx
import numpy as np
import pytest

from nndsl.differentiation.reverse import differentiate
from nndsl.graph.builder import Builder, prune, rewrite
from nndsl.graph.computation_graph import ComputationGraph
from nndsl.graph.graph import Graph, Node
from nndsl.graph.interpret import interpret
from nndsl.graph.text import parse_graph, print_graph
from nndsl.graph.types import Dimension, TensorType, real
from nndsl.graph.verify import GraphError, verify
from nndsl.operators.arithmetic import Add
from nndsl.operators.broadcasting import Expand, Sum
from nndsl.operators.contraction import Contract
from nndsl.operators.functions import Exp, Tanh
from nndsl.operators.leaves import Input, ParameterLeaf
from nndsl.operators.operator import ShapeError
from nndsl.source import Source, Span
from nndsl.types import Extent

BATCH = Dimension("batch", Extent("batch"))
SOURCE = Source("tiny.nn", "network Tiny {\n  layer h[2] = tanh(full(x))\n}\n")


def tiny() -> Graph:
    build = Builder()
    x = build(Input("x", TensorType((BATCH, *real(3).dimensions))), name="x")
    w = build(ParameterLeaf("W", real(2, 3)), name="W")
    with build.at("h", Span(SOURCE, 17, 43)):
        h = build(Tanh(), build(Contract("bi,oi->bo"), x, w), name="h")
    return build.graph({"h": h, "loss": build(Sum((0, 1)), h)})


TEXT = """\
x: real[batch=batch, d0=3] = input(key='x')
W: real[d0=2, d1=3] = parameter(key='W')
h.contract: real[batch=batch, d0=2] = contract(x, W, equation='bi,oi->bo') in h
h: real[batch=batch, d0=2] = tanh(h.contract) in h
sum: real[] = sum(h, axes=(0, 1))
output h = h
output loss = sum
"""


def test_a_graph_prints_one_node_a_line() -> None:
    assert print_graph(tiny()) == TEXT
    assert print_graph(parse_graph(TEXT)) == TEXT


@pytest.mark.parametrize(
    "extent",
    [
        Extent.of(7),
        Extent("T"),
        Extent("G.nodes").then(-4),
        Extent("T").then(1, 2),
        Extent("T").then(0, 3).then(-2),
        Extent("T").then(3, 2).then(-1, 2).then(5),
    ],
    ids=str,
)
def test_extents_print_and_parse(extent: Extent) -> None:
    build = Builder()
    x = build(Input("x", TensorType((Dimension("t", extent),))), name="x")
    parsed = parse_graph(print_graph(build.graph({"x": x})))
    assert parsed.outputs["x"].type.extents == (extent,)


@pytest.mark.parametrize("text", ["x", "x: real[] = nothing()", "x: real[ = input()", "y = x"])
def test_other_text_is_no_graph(text: str) -> None:
    with pytest.raises(ValueError, match="not a node"):
        parse_graph(text)


def test_gradient_nodes_belong_to_the_layer_and_place_of_their_forward_node() -> None:
    graph = differentiate(tiny(), "loss", ["W"])
    backward = [node for node in graph if node.name.startswith("h") and ".gradient" in node.name]
    assert backward
    for node in backward:
        assert node.layer == "h"
        assert node.span is not None and node.span.line_number == 2


def test_gradient_is_zeros_where_the_output_does_not_depend() -> None:
    build = Builder()
    x = build(Input("x", real(3)), name="x")
    y = build(Input("y", real()), name="y")
    graph = differentiate(build.graph({"x": x, "loss": build(Exp(), y)}), "loss", ["x", "y"])
    found = interpret(graph, {"x": np.ones(3), "y": np.array(0.0)})
    np.testing.assert_array_equal(found["gradient.x"], np.zeros(3))
    assert found["gradient.y"] == 1


def test_inner_values_have_gradients_too() -> None:
    graph = differentiate(tiny(), "loss", ["h", "x"])
    found = interpret(graph, {"x": np.ones((4, 3)), "W": np.full((2, 3), 0.1)}, {"batch": 4})
    np.testing.assert_array_equal(found["gradient.h"], np.ones((4, 2)))
    np.testing.assert_allclose(found["gradient.x"], np.full((4, 3), 2 * 0.1 * (1 - np.tanh(0.3) ** 2)))


def test_only_a_scalar_has_a_gradient() -> None:
    with pytest.raises(ValueError, match="only a real scalar"):
        differentiate(tiny(), "h", ["W"])


def test_names_are_fresh_and_count_from_two() -> None:
    build = Builder()
    x = build(Input("x", real()), name="x")
    names = [build(Tanh(), x).name for _ in range(3)]
    assert names == ["tanh", "tanh.2", "tanh.3"]
    assert build(Tanh(), x, name="tanh.2").name == "tanh.2.2"


def test_operands_that_do_not_fit_are_refused() -> None:
    build = Builder()
    x, y = (build(Input(name, real(size)), name=name) for name, size in (("x", 2), ("y", 3)))
    with pytest.raises(ShapeError, match="add of real"):
        build(Add(), x, y)


def test_rewriting_keeps_what_it_does_not_touch() -> None:
    graph = tiny()
    same = rewrite(graph, lambda build, node, inputs: None)
    assert same.nodes == graph.nodes

    def expm(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        return build(Exp(), *inputs) if isinstance(node.operator, Tanh) else None

    other = rewrite(graph, expm)
    assert [node.name for node in other] == [node.name for node in graph]
    assert other.outputs["h"].operator == Exp()
    assert other.outputs["h"].layer == "h"


def test_pruning_keeps_what_outputs_need() -> None:
    graph = tiny()
    kept = prune(Graph(graph.nodes, {"W": graph.by_name["W"]}))
    assert [node.name for node in kept] == ["W"]


def broken(*nodes: Node) -> Graph:
    return Graph(nodes, {})


X = Node("x", Input("x", real(2)), (), real(2))


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (broken(X, X), "two nodes are named x"),
        (broken(Node("y", Tanh(), (X,), real(2))), "does not come before"),
        (broken(X, Node("y", Tanh(), (X,), real(3))), "its operands give real"),
        (broken(X, Node("y", Sum((1,)), (X,), real())), "sum over axes"),
        (Graph((), {"x": X}), "not in the graph"),
    ],
)
def test_verifier_names_the_broken_rule(graph: Graph, reason: str) -> None:
    with pytest.raises(GraphError, match=reason):
        verify(graph)


def test_verifier_shows_the_node_among_its_neighbours() -> None:
    graph = tiny()
    wrong = Node("h", Tanh(), graph.nodes[2:3], real(5), "h", graph.nodes[3].span)
    with pytest.raises(GraphError) as error:
        verify(Graph((*graph.nodes[:3], wrong), {}))
    assert "from tiny.nn:2:3" in str(error.value)
    assert "\n> h: real[d0=5] = tanh(h.contract) in h" in str(error.value)


def test_interpreter_refuses_feeds_of_another_shape() -> None:
    with pytest.raises(ValueError, match="x is \\(2, 3\\), but the feed is \\(2, 4\\)"):
        interpret(tiny(), {"x": np.zeros((2, 4)), "W": np.zeros((2, 3))}, {"batch": 2})


class TestView:
    view = ComputationGraph.of(differentiate(tiny(), "loss", ["W"]))

    def test_nodes_say_what_they_are(self) -> None:
        assert self.view.nodes["h"] == {
            "operator": "tanh",
            "kind": "elementwise",
            "type": "real[batch=batch, d0=2]",
            "shape": ("batch", "2"),
            "constants": "",
            "layer": "h",
            "line": 2,
            "column": 3,
        }
        assert self.view.edges["x", "h.contract", 0] == {"operand": 0}
        assert self.view.graph["outputs"]["loss"] == "sum"

    def test_it_is_acyclic_and_frozen(self) -> None:
        assert nx.is_directed_acyclic_graph(self.view)
        with pytest.raises(nx.NetworkXError):
            self.view.add_node("new")

    def test_an_operand_used_twice_is_two_edges(self) -> None:
        build = Builder()
        x = build(Input("x", real()), name="x")
        view = ComputationGraph.of(build.graph({"y": build(Add(), x, x)}))
        assert view.number_of_edges("x", "add") == 2

    def test_json_reads_back(self) -> None:
        read = nx.node_link_graph(json.loads(self.view.to_json()), edges="edges")
        assert set(read.edges) == set(self.view.edges)
        assert read.nodes["h"]["operator"] == "tanh"

    def test_graphml_reads_back(self) -> None:
        read = nx.parse_graphml(self.view.to_graphml(), force_multigraph=True)
        assert set(read.nodes) == set(self.view.nodes)
        assert read.nodes["h"]["line"] == 2

    def test_dot_names_every_node_and_edge(self) -> None:
        text = self.view.to_dot()
        assert text.startswith("digraph {") and text.endswith("}\n")
        assert text.count(" -> ") == self.view.number_of_edges()
        assert '"h" [label="h\\ntanh"' in text

    def test_it_prints_as_the_graph_does(self) -> None:
        assert str(ComputationGraph.of(tiny())) == TEXT


def test_graphs_are_built_without_numpy_and_networkx() -> None:
    code = """
import sys
from nndsl.operators.registry import operators
from nndsl.differentiation.reverse import differentiate
from nndsl.passes.pipeline import optimize
operators()
sys.exit(not {"numpy", "networkx", "numba"}.isdisjoint(sys.modules))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_expand_and_sum_are_each_other_s_gradient() -> None:
    build = Builder()
    x = build(Input("x", real(2)), name="x")
    loss = build(Sum((0, 1)), build(Expand((0,), (BATCH,)), x))
    graph = differentiate(build.graph({"loss": loss}), "loss", ["x"])
    assert interpret(graph, {"x": np.ones(2)}, {"batch": 5})["gradient.x"].tolist() == [5, 5]
