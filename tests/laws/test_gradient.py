"""Gradients are finite differences along a random direction, and so are gradients of gradients."""

import numpy as np
import pytest
from hypothesis import given as drawing
from hypothesis import note, settings
from hypothesis import strategies as st
from instances import differentiable, feeds, wanted, weighted
from random_graphs import graphs

from nndsl.differentiation.reverse import differentiate
from nndsl.graph.builder import extend
from nndsl.graph.graph import Graph
from nndsl.graph.interpret import interpret
from nndsl.graph.text import print_graph
from nndsl.operators.arithmetic import Add, Multiply
from nndsl.operators.attention import Attention
from nndsl.operators.broadcasting import Sum
from nndsl.operators.operator import Sample

STEP = 1e-6


def slope(graph: Graph, output: str, given: dict, direction: dict) -> float:
    """The central difference of an output along a direction in all wanted operands."""
    ahead, behind = (
        interpret(graph, {**given, **{key: given[key] + sign * STEP * d for key, d in direction.items()}})
        for sign in (1, -1)
    )
    return float(ahead[output] - behind[output]) / (2 * STEP)


def directions(sample: Sample, given: dict, seed: int) -> dict:
    rng = np.random.default_rng(seed)
    return {key: rng.normal(size=given[key].shape) for key in wanted(sample)}


def along(gradients: dict, direction: dict) -> float:
    return float(sum(np.sum(gradients[f"gradient.{key}"] * d) for key, d in direction.items()))


def twice_differentiable() -> list:
    """Attention is joined where gradients are made once: its own gradient has none."""
    return [sample for sample in differentiable() if not isinstance(sample.values[0].operator, Attention)]


@pytest.mark.parametrize("sample", differentiable())
def test_gradient_is_the_finite_difference(sample: Sample) -> None:
    graph = differentiate(weighted(sample), "loss", wanted(sample))
    given = feeds(sample, graph)
    direction = directions(sample, given, seed=2)
    expected = slope(graph, "loss", given, direction)
    assert along(interpret(graph, given), direction) == pytest.approx(expected, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("sample", twice_differentiable())
def test_gradient_of_the_gradient_is_its_finite_difference(sample: Sample) -> None:
    first = differentiate(weighted(sample), "loss", wanted(sample))
    build, outputs = extend(first)
    total = None
    for key in wanted(sample):
        dx = outputs[f"gradient.{key}"]
        squares = build(Sum(tuple(range(dx.type.rank))), build(Multiply(), dx, dx))
        total = squares if total is None else build(Add(), total, squares)
    inputs = {key: first.by_name[key] for key in wanted(sample)}  # kept, even where no gradient needs them
    second = differentiate(build.graph({"loss": total, **inputs}), "loss", wanted(sample))
    given = feeds(sample, second)
    direction = directions(sample, given, seed=3)
    expected = slope(second, "loss", given, direction)
    assert along(interpret(second, given), direction) == pytest.approx(expected, rel=1e-4, abs=1e-6)


@drawing(graphs(), st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_gradient_of_a_random_graph_is_the_finite_difference(graph: Graph, seed: int) -> None:
    note(print_graph(graph))
    rng = np.random.default_rng(seed)
    given, direction = ({key: rng.normal(size=(3, 3)) for key in ("x0", "x1")} for _ in range(2))
    graph = differentiate(graph, "loss", ["x0", "x1"])
    expected = slope(graph, "loss", given, direction)
    assert along(interpret(graph, given), direction) == pytest.approx(expected, rel=1e-4, abs=1e-6)
