"""What is computed together in one loop nest, and what in one of its own."""

from __future__ import annotations

import numpy as np
import pytest

from nndsl.graph.builder import Builder
from nndsl.graph.graph import Graph
from nndsl.graph.types import real
from nndsl.operators.arithmetic import Multiply
from nndsl.operators.broadcasting import Expand
from nndsl.operators.functions import Exp, Relu
from nndsl.operators.leaves import Input
from nndsl.operators.operator import Elementwise
from nndsl.operators.reductions import ArgMax, ArgMin, Winner
from nndsl.planning.fuse import SEARCH_LONG
from nndsl.planning.plan import Plan, Precision
from nndsl.planning.planner import plan
from nndsl.runtime.inference import Inference

LONG = SEARCH_LONG + 8


def search(winner: type[Winner], entries: int, before: Elementwise | None = None) -> Graph:
    """The places of the extrema of rows of `x`, or of a function of it."""
    build = Builder()
    type = real(4, entries)
    x = build(Input("x", type), name="x")
    return build.graph({"y": build(winner(1), x if before is None else build(before, x))})


def scaled_rows(before: Elementwise) -> Graph:
    """Rows of `x`, each times a function of its own number in `w`."""
    build = Builder()
    x, w = (build(Input(name, type), name=name) for name, type in (("x", real(4, 50)), ("w", real(4))))
    factor = build(Expand((1,), x.type.dimensions[1:]), build(before, w))
    return build.graph({"y": build(Multiply(), factor, x)})


def planned(graph: Graph) -> Plan:
    return plan(graph, {}, Precision.FLOAT32)


@pytest.mark.parametrize("entries", [SEARCH_LONG, LONG])
@pytest.mark.parametrize("winner", [ArgMax, ArgMin])
def test_the_first_of_equals_wins_and_what_is_no_number_over_all(winner: type[Winner], entries: int) -> None:
    x = np.zeros((4, entries), np.float32)
    x[0, [3, 9, 11]] = 1, 1, -1
    x[1, [5, 7]] = np.nan, np.inf
    x[2, [11, 12]] = np.inf, -np.inf
    x[3, [17, 18]] = np.nan, np.nan
    found = Inference(search(winner, entries), Precision.FLOAT32)({"x": x}, {}, 1)["y"]
    np.testing.assert_array_equal(found, winner(1).evaluate((x,), {}))


def test_a_long_search_reads_what_is_stored() -> None:
    assert len(planned(search(ArgMax, SEARCH_LONG, Relu())).instructions) == 1
    assert len(planned(search(ArgMax, LONG, Relu())).instructions) == 2


def test_functions_that_take_long_are_not_computed_in_an_outer_loop() -> None:
    assert len(planned(scaled_rows(Relu())).instructions) == 1
    assert len(planned(scaled_rows(Exp())).instructions) == 2
