"""Narrow rows become long ones, and mean what they did."""

from __future__ import annotations

import numpy as np
import pytest

from nndsl.graph.builder import Builder
from nndsl.graph.graph import Graph
from nndsl.graph.interpret import interpret
from nndsl.graph.types import BATCH, Dimension, TensorType
from nndsl.operators.arithmetic import Add
from nndsl.operators.broadcasting import Expand, Repeat, Sum
from nndsl.operators.leaves import Input
from nndsl.planning.plan import Precision
from nndsl.planning.planner import plan
from nndsl.planning.widen import widen
from nndsl.runtime.inference import Inference
from nndsl.types import Extent

BATCHES = Dimension("batch", Extent(BATCH))


def type_of(*sizes: int, batch: bool = True) -> TensorType:
    known = tuple(Dimension(f"d{n}", Extent.of(size)) for n, size in enumerate(sizes))
    return TensorType(((BATCHES,) if batch else ()) + known)


def biased(*sizes: int, own: int = 1) -> Graph:
    """x plus what is the same at each place, and the sum over all places."""
    build = Builder()
    x = build(Input("x", type_of(*sizes)), name="x")
    b = build(Input("b", type_of(*sizes[-own:], batch=False)), name="b")
    outer = tuple(range(1 + len(sizes) - own))
    y = build(Add(), x, build(Expand(outer, x.type.dimensions[: len(outer)]), b), name="y")
    return build.graph({"y": y, "s": build(Sum(outer), y, name="s")})


def repeats(graph: Graph) -> list[TensorType]:
    return [node.type for node in graph if isinstance(node.operator, Repeat)]


@pytest.mark.parametrize(
    ("sizes", "own", "line"),
    [
        ((24, 24, 6), 1, (24, 6)),
        ((3, 4, 5, 6), 1, (4, 5, 6)),
        ((24, 2, 3), 2, (24, 2, 3)),
        ((2, 24, 2, 3), 2, (24, 2, 3)),
        ((24, 24, 32), 1, None),  # wide enough
        ((24, 24, 1), 1, None),  # nothing that varies
        ((6,), 1, None),  # the next axis is the batch
    ],
)
def test_lines(sizes: tuple[int, ...], own: int, line: tuple[int, ...] | None) -> None:
    graph = biased(*sizes, own=own)
    found = widen(graph)
    assert [tuple(e.known for e in type.extents) for type in repeats(found)] == ([line] if line else [])
    rng = np.random.default_rng(0)
    fed = {"x": rng.standard_normal((3, *sizes)), "b": rng.standard_normal(sizes[-own:])}
    for name, wanted in interpret(graph, fed, {BATCH: 3}).items():
        np.testing.assert_allclose(interpret(found, fed, {BATCH: 3})[name], wanted, rtol=1e-12)
        run = Inference(graph, Precision.FLOAT64, 3)(fed, {}, 3)[name]
        np.testing.assert_allclose(run, wanted, rtol=1e-12)


def test_a_grid_is_one_axis_then() -> None:
    """All of a loop nest's axes but the lines' are merged, and none is narrow."""
    planned = plan(biased(24, 24, 6), {BATCH: 3}, Precision.FLOAT32)
    nests = [group for group in planned.groups if len(group.operands) == 2]
    assert nests and all(group.rank == 2 and not group.narrow for group in nests)
