"""What is computed together in one loop nest, and what in one of its own."""

from __future__ import annotations

import numpy as np
import pytest

from nndsl.graph.builder import Builder
from nndsl.graph.graph import Graph
from nndsl.graph.interpret import interpret
from nndsl.graph.types import Element, index, real, truth
from nndsl.operators.arithmetic import Add, Divide, Multiply
from nndsl.operators.broadcasting import Expand, Sum
from nndsl.operators.comparisons import Where
from nndsl.operators.functions import Exp, Relu, Sqrt, Tanh
from nndsl.operators.leaves import Constant, Input
from nndsl.operators.lookup import Gather
from nndsl.operators.operator import Elementwise
from nndsl.operators.reductions import ArgMax, ArgMin, Min, Winner
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


def least_sum() -> Graph:
    """The least of the sums of rows of `x`."""
    build = Builder()
    x = build(Input("x", real(40, 50)), name="x")
    return build.graph({"y": build(Min((0,)), build(Sum((1,)), x))})


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


def over_deviations(of_rows: bool) -> Graph:
    """`x` over the square root of a number for each of its rows, or of its columns."""
    build = Builder()
    x = build(Input("x", real(40, 50)), name="x")
    v = build(Input("v", real(40 if of_rows else 50)), name="v")
    axis = int(of_rows)
    spread = build(Expand((axis,), x.type.dimensions[axis : axis + 1]), build(Sqrt(), v))
    return build.graph({"y": build(Divide(), x, spread)})


def test_what_is_slow_is_not_computed_again_for_each_row() -> None:
    assert len(planned(over_deviations(of_rows=True)).instructions) == 1
    assert len(planned(over_deviations(of_rows=False)).instructions) == 2


def look_ups() -> Graph:
    """Rows of tables that are inputs, computed, of truths and of one entry, looked up in several orders."""
    build = Builder()
    x, bias, own = (
        build(Input(n, t), name=n) for n, t in (("x", real(6, 3)), ("b", real(4)), ("o", real(9)))
    )
    told = build(Input("told", truth(5, 3)), name="told")
    p, q = (build(Input(name, index(9)), name=name) for name in "pq")
    r = build(Input("r", index(6)), name="r")
    h = build(Tanh(), x)
    rows = build(Add(), build(Gather(), h, p), build(Gather(), x, q))
    chosen = build(Where(), build(Gather(), told, q), rows, build(Gather(), h, q))
    scaled = build(Add(), build(Gather(), bias, p), own)
    turned = build(Add(), h, build(Gather(), h, r))  # reads its own row, and any other
    total = build(Sum((0,)), build(Gather(), turned, p))
    pairs = build(Relu(), build(Gather(), x, build(Input("s", index(2, 4)), name="s")))
    found = {"chosen": chosen, "scaled": scaled, "turned": turned, "total": total, "pairs": pairs}
    return build.graph(found | {"laid_out": build(Gather(), h, p)})


def test_rows_are_looked_up_where_they_are_read() -> None:
    graph = look_ups()
    rng = np.random.default_rng(0)
    types = {node.operator.key: node.type for node in graph if isinstance(node.operator, Input)}
    given = {
        key: rng.integers(-1, 7, type.shape({})).astype(np.int32)
        if type.element is Element.INDEX
        else rng.random(type.shape({})) < 0.5
        if type.element is Element.TRUTH
        else rng.normal(size=type.shape({}))
        for key, type in types.items()
    }
    found = Inference(graph, Precision.FLOAT64)(given, {}, 1)
    for name, value in interpret(graph, given).items():
        np.testing.assert_allclose(found[name], value, rtol=1e-13, err_msg=name)
    kernels = [step.kernel for step in planned(graph).instructions]
    assert kernels.count("gather") == 1 and "gather_truths" not in kernels


def test_rows_of_equal_numbers_are_looked_up() -> None:
    """A table that is no more than a formula is laid out."""
    build = Builder()
    p = build(Input("p", index(4)), name="p")
    ones = build(Expand((0, 1), real(3, 2).dimensions), build(Constant(1.0)))
    graph = build.graph({"y": build(Relu(), build(Gather(), ones, p))})
    given = {"p": np.array([0, -1, 2, 3], np.int32)}
    found = Inference(graph, Precision.FLOAT64)(given, {}, 1)
    np.testing.assert_array_equal(found["y"], interpret(graph, given)["y"])


def test_an_extremum_of_sums_is_not_found_in_their_outer_loop() -> None:
    assert len(planned(least_sum()).instructions) == 2
