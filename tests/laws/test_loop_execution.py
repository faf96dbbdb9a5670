"""Law: loops in time, and their gradients, compute natively what the interpreter says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nndsl.codegen.driver import driver
from nndsl.differentiation.reverse import differentiate
from nndsl.graph.builder import Builder
from nndsl.graph.graph import Graph
from nndsl.graph.interpret import interpret
from nndsl.graph.types import BATCH, Dimension, TensorType
from nndsl.operators.arithmetic import Add, Multiply
from nndsl.operators.broadcasting import Expand, Sum
from nndsl.operators.contraction import Contract
from nndsl.operators.functions import Tanh
from nndsl.operators.leaves import Input
from nndsl.operators.loop import Carry, Loop
from nndsl.operators.movement import Transpose
from nndsl.passes.pipeline import optimize
from nndsl.planning.plan import Precision
from nndsl.planning.planner import plan
from nndsl.runtime.inference import Inference
from nndsl.types import Extent

TIME, ROWS = Dimension("t", Extent("T")), Dimension(BATCH, Extent(BATCH))
UNITS, INPUTS = Dimension("unit", Extent.of(4)), Dimension("source", Extent.of(3))
SIZES = {"T": 6, BATCH: 5}


def recurrent(depth: int, reverse: bool) -> Graph:
    """tanh(W x_t + U h_{t-depth} + b) over T steps; the loss weighs all steps and the last states."""
    inner = Builder()
    past = inner(Input(f"h@{depth}", TensorType((ROWS, UNITS))), name=f"h@{depth}")
    x = inner(Input("x", TensorType((ROWS, INPUTS))), name="x")
    w = inner(Input("W", TensorType((UNITS, INPUTS))), name="W")
    u = inner(Input("U", TensorType((UNITS, UNITS))), name="U")
    b = inner(Input("b", TensorType((UNITS,))), name="b")
    net = inner(Add(), inner(Contract("bi,oi->bo"), x, w), inner(Contract("bi,oi->bo"), past, u))
    inner(Tanh(), inner(Add(), net, inner(Expand((0,), (ROWS,)), b)), name="h")
    carry = Carry("h", depth)
    body = inner.graph({node.name: node for node in inner.nodes})
    loop = Loop(body, TIME, (carry,), ("x",), ("W", "U", "b"), reverse)

    build = Builder()
    start = Dimension("depth", Extent.of(depth))
    types = {
        "start": (ROWS, start, UNITS),
        "x": (ROWS, TIME, INPUTS),
        "W": (UNITS, INPUTS),
        "U": (UNITS, UNITS),
        "b": (UNITS,),
        "weight": (ROWS, TIME, UNITS),
    }
    leaves = [build(Input(name, TensorType(axes)), name=name) for name, axes in types.items()]
    *operands, weight = (build(Transpose((1, 0, 2)), x) if x.type.rank == 3 else x for x in leaves)
    node = build(loop, *operands)
    hidden, state = build(loop.result("h"), node), build(loop.state(carry), node)
    weighted = build(Sum((0, 1, 2)), build(Multiply(), hidden, weight))
    squared = build(Sum((0, 1, 2)), build(Multiply(), state, state))
    return build.graph({"h": build(Transpose((1, 0, 2)), hidden), "loss": build(Add(), weighted, squared)})


CASES = [(1, False), (1, True), (3, False), (3, True)]


def gradient(depth: int, reverse: bool) -> Graph:
    return differentiate(recurrent(depth, reverse), "loss", ["start", "x", "W", "U", "b"])


def fed(graph: Graph, sizes: dict[str, int]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2)
    leaves = [node for node in graph if isinstance(node.operator, Input)]
    return {node.operator.key: rng.normal(size=node.type.shape(sizes)) for node in leaves}


@pytest.mark.parametrize(("depth", "reverse"), CASES)
@pytest.mark.parametrize("passes", [False, True], ids=["plain", "optimised"])
@pytest.mark.parametrize("rows", [5, 13])
def test_native_loops_are_the_reference(depth: int, reverse: bool, passes: bool, rows: int) -> None:
    """With many rows, weights are packed before the loop."""
    plain, sizes = gradient(depth, reverse), {**SIZES, BATCH: rows}
    feeds = fed(plain, sizes)
    expected = interpret(plain, feeds, sizes)
    graph = optimize(plain) if passes else plain
    found = Inference(graph, Precision.FLOAT64, rows)(feeds, {}, rows)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-12, atol=1e-13, err_msg=name)


@pytest.mark.parametrize(("depth", "reverse"), CASES)
def test_so_are_loops_written_out(depth: int, reverse: bool) -> None:
    graph, sizes = optimize(gradient(depth, reverse)), {**SIZES, BATCH: 9}
    feeds = fed(graph, sizes)
    scope: dict[str, Any] = {}
    exec(compile(driver({"step": plan(graph, sizes, Precision.FLOAT64)}), "<driver>", "exec"), scope)
    found = scope["step"](**sizes, **{name: array.ravel() for name, array in feeds.items()})
    for name, value in interpret(graph, feeds, sizes).items():
        np.testing.assert_allclose(found[name], value.ravel(), rtol=1e-12, atol=1e-13, err_msg=name)
