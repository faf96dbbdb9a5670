"""Symmetric matrices are not transposed."""

from __future__ import annotations

import numpy as np
import pytest

import nndsl
from nndsl.graph.builder import Builder
from nndsl.graph.graph import Graph, Node
from nndsl.graph.interpret import interpret
from nndsl.graph.types import TensorType, real
from nndsl.operators.arithmetic import Add, Multiply, Subtract
from nndsl.operators.broadcasting import filled
from nndsl.operators.functions import Exp
from nndsl.operators.leaves import Input, Position
from nndsl.operators.lookup import OneHot
from nndsl.operators.movement import Transpose
from nndsl.passes.untranspose import untranspose

TURN = Transpose((1, 0))

HOPFIELD = """
network Hopfield(n = 20) {
  input  x[n] bipolar
  param  W symmetric no_self
  energy E(v[n] bipolar) = -dot(v, full(v, W)) / 2
  output y[n] = settle(E, v from x, sweeps = 2, order = synchronous)
}
"""


def moves(graph: Graph) -> int:
    return sum(isinstance(node.operator, Transpose) for node in graph)


def identity(build: Builder, type: TensorType) -> Node:
    row, column = type.dimensions
    return build(OneHot(column), build(Position(row)))


@pytest.mark.parametrize(
    ("made", "left"),
    [
        (lambda build, a: build(Add(), a, build(TURN, a)), 1),
        (lambda build, a: build(Multiply(), build(TURN, a), a), 1),
        (lambda build, a: build(Exp(), build(Add(), build(TURN, a), a)), 1),
        (lambda build, a: build(Subtract(), filled(build, 2.0, a.type), identity(build, a.type)), 0),
        (lambda build, a: build(Subtract(), a, build(TURN, a)), 2),
        (lambda build, a: build(Add(), a, a), 1),
    ],
)
def test_what_is_symmetric_by_its_making_is_not_transposed(made, left) -> None:
    build = Builder()
    a = build(Input("a", real(3, 3)), name="a")
    graph = build.graph({"y": build(TURN, made(build, a))})
    found = untranspose(graph)
    assert moves(found) == left
    fed = {"a": np.random.default_rng(0).normal(size=(3, 3))}
    np.testing.assert_array_equal(interpret(found, fed)["y"], interpret(graph, fed)["y"])


def test_the_coupling_of_symmetric_weights_is_what_they_are() -> None:
    """W stands as (W + Wᵀ)/2 without its diagonal: one transposition, one sum."""
    found = nndsl.compile(HOPFIELD).optimized_graph
    assert moves(found) == 1
    assert sum(isinstance(node.operator, Add) for node in found) == 1
