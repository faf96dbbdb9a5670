"""Laws of loops: gradients, passes, unrolling and printing, on random ones."""

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from random_loops import OPERANDS, loops
from test_gradient import along, slope

from nndsl.differentiation.reverse import differentiate
from nndsl.graph.builder import extend
from nndsl.graph.computation_graph import ComputationGraph
from nndsl.graph.graph import Graph
from nndsl.graph.interpret import interpret
from nndsl.graph.text import parse_graph, print_graph
from nndsl.graph.unroll import unrolled
from nndsl.graph.verify import GraphError, verify
from nndsl.operators.arithmetic import Add, Multiply
from nndsl.operators.broadcasting import Sum
from nndsl.operators.loop import Loop, LoopResult
from nndsl.passes.pipeline import optimize

EXAMPLES = settings(max_examples=60, deadline=None)


def feeds(graph: Graph, seed: int) -> dict:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=graph.by_name[name].type.shape({})) for name in OPERANDS}


def assert_same(before: Graph, after: Graph, values: dict) -> None:
    expected, found = interpret(before, values), interpret(after, values)
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-9, atol=1e-9, err_msg=name)


def of_gradient(graph: Graph) -> Graph:
    """The graph whose loss is the squared length of the gradient of the loss."""
    build, outputs = extend(differentiate(graph, "loss", OPERANDS))
    total = None
    for name in OPERANDS:
        dx = outputs[f"gradient.{name}"]
        squares = build(Sum(tuple(range(dx.type.rank))), build(Multiply(), dx, dx))
        total = squares if total is None else build(Add(), total, squares)
    return build.graph({"loss": total, **{name: outputs[name] for name in OPERANDS}})


@given(loops(), st.integers(0, 99))
@EXAMPLES
def test_gradients_are_finite_differences(graph: Graph, seed: int) -> None:
    note(print_graph(graph))
    values, direction = feeds(graph, seed), feeds(graph, seed + 1)
    gradient = verify(differentiate(graph, "loss", OPERANDS))
    expected = slope(gradient, "loss", values, direction)
    assert along(interpret(gradient, values), direction) == pytest.approx(expected, rel=1e-4, abs=1e-6)


@given(loops(), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_gradients_of_gradients_are_finite_differences(graph: Graph, seed: int) -> None:
    note(print_graph(graph))
    second = verify(differentiate(of_gradient(graph), "loss", OPERANDS))
    values, direction = feeds(graph, seed), feeds(graph, seed + 1)
    expected = slope(second, "loss", values, direction)
    assert along(interpret(second, values), direction) == pytest.approx(expected, rel=1e-3, abs=1e-5)


@given(loops(), st.integers(0, 99))
@EXAMPLES
def test_passes_preserve_meaning(graph: Graph, seed: int) -> None:
    gradient = differentiate(graph, "loss", OPERANDS)
    note(print_graph(gradient))
    assert_same(gradient, optimize(gradient, check=True), feeds(graph, seed))


@given(loops(), st.integers(0, 99))
@EXAMPLES
def test_a_loop_is_what_it_is_unrolled(graph: Graph, seed: int) -> None:
    gradient = differentiate(graph, "loss", OPERANDS)
    flat = verify(unrolled(gradient, {}))
    assert not any(isinstance(node.operator, Loop) for node in flat)
    assert_same(gradient, flat, feeds(graph, seed))


@given(loops())
@EXAMPLES
def test_parsing_undoes_printing(graph: Graph) -> None:
    for stage in (graph, differentiate(graph, "loss", OPERANDS)):
        text = print_graph(stage)
        parsed = verify(parse_graph(text))
        assert print_graph(parsed) == text
        assert [node.operator for node in parsed] == [node.operator for node in stage]


@given(loops())
@settings(max_examples=10, deadline=None)
def test_a_view_shows_steps_and_feedback(graph: Graph) -> None:
    view = ComputationGraph.of(graph)
    (loop,) = (node for node in graph if isinstance(node.operator, Loop))
    inside = {name for name, attributes in view.nodes(data=True) if attributes.get("loop") == loop.name}
    assert inside == {f"{loop.name}/{step.name}" for step in loop.operator.body}
    delays = {delay for _, _, delay in view.edges(data="delay") if delay is not None}
    assert delays == {int(key.partition("@")[2]) for key in loop.operator.leaves if "@" in key}


@given(loops())
@settings(max_examples=1, deadline=None)
def test_what_a_loop_does_not_have_cannot_be_taken(graph: Graph) -> None:
    (loop,) = (node for node in graph if isinstance(node.operator, Loop))
    build, outputs = extend(graph)
    build(LoopResult("nothing", outputs["x"].type), loop)
    with pytest.raises(GraphError, match="no such loop_result"):
        verify(build.graph(outputs))
