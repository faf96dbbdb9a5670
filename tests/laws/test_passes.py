"""Passes preserve meaning: on every operator's gradient, and on random graphs."""

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from instances import differentiable, feeds, wanted, weighted
from random_graphs import graphs

from nndsl.differentiation.reverse import differentiate
from nndsl.graph.builder import Builder
from nndsl.graph.graph import Graph
from nndsl.graph.interpret import interpret
from nndsl.graph.text import print_graph
from nndsl.graph.types import Dimension, Element, TensorType, index, real
from nndsl.operators.arithmetic import Add, Divide, Multiply
from nndsl.operators.broadcasting import Expand, Sum, filled, like
from nndsl.operators.contraction import Contract
from nndsl.operators.functions import Power, Tanh
from nndsl.operators.leaves import Constant, Input, Size
from nndsl.operators.lookup import Gather, OneHot, ScatterAdd
from nndsl.operators.movement import Reshape
from nndsl.operators.operator import Sample
from nndsl.operators.reductions import Max
from nndsl.passes.pipeline import PASSES, Pass, optimize, run
from nndsl.types import Extent


def assert_same(before: Graph, after: Graph, given: dict) -> None:
    assert list(before.outputs) == list(after.outputs)
    expected, found = interpret(before, given), interpret(after, given)
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("sample", differentiable())
def test_optimizing_a_gradient_preserves_it(sample: Sample) -> None:
    graph = differentiate(weighted(sample), "loss", wanted(sample))
    assert_same(graph, optimize(graph, check=True), feeds(sample, graph))


@pytest.mark.parametrize("step", [*dict.fromkeys(PASSES), optimize])
@given(graphs(), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_passes_preserve_meaning(step: Pass, graph: Graph, seed: int) -> None:
    note(print_graph(graph))
    graph = differentiate(graph, "loss", ["x0", "x1"])
    rng = np.random.default_rng(seed)
    assert_same(graph, run(step, graph, check=True), {key: rng.normal(size=(3, 3)) for key in ("x0", "x1")})


EQUATIONS = [
    ("btk,ok->bto", "bto"),
    ("ok,btk->bot", "bot"),
    ("btk,ko->otb", "otb"),
    ("btk,pkq->btpq", "btpq"),
]


@pytest.mark.parametrize(("equation", "result"), EQUATIONS)
def test_one_hot_products_become_look_ups(equation: str, result: str) -> None:
    contract = Contract(equation)
    table_labels = contract.labels[equation.startswith("btk")]
    sizes = {"k": 5, "o": 3, "p": 2, "q": 4}
    build = Builder()
    places = build(Input("places", index(2, 6)), name="places")
    table = build(Input("table", real(*(sizes[x] for x in table_labels))), name="table")
    hot = build(OneHot(real(5).dimensions[0]), places)
    y = build(contract, *((hot, table) if equation.startswith("btk") else (table, hot)))
    loss = build(Sum(tuple(range(y.type.rank))), build(Multiply(), y, y))
    graph = differentiate(build.graph({"y": y, "loss": loss}), "loss", ["table"])
    after = optimize(graph, check=True)
    used = {type(node.operator) for node in after}
    assert {Gather, ScatterAdd} <= used and not {Contract, OneHot} & used
    rng = np.random.default_rng(1)
    given = {"places": rng.integers(-1, 6, (2, 6)), "table": rng.normal(size=table.type.shape({}))}
    assert_same(graph, after, given)


@pytest.mark.parametrize("axis", [0, 1])
def test_small_tables_are_contracted_before_they_are_looked_up(axis: int) -> None:
    """E[p]·V + E[p]·W and their gradients are products of no matrix with a row for each place p."""
    build = Builder()
    many = Dimension("n", Extent("n"))
    places = build(Input("places", TensorType((many,), Element.INDEX)), name="places")
    table = build(Input("E", real(*((5, 3) if axis == 0 else (3, 5)))), name="E")
    v, w = (build(Input(name, real(4, 3)), name=name) for name in "VW")
    rows = build(Gather(axis), table, places)
    y = build(Add(), build(Contract("bi,oi->bo"), rows, v), build(Contract("oi,bi->bo"), w, rows))
    loss = build(Sum((0, 1)), build(Tanh(), y))
    graph = differentiate(build.graph({"y": y, "loss": loss}), "loss", ["E", "V", "W"])
    after = optimize(graph, check=True)
    contractions = [node for node in after if isinstance(node.operator, Contract)]
    assert all(extent.known for node in contractions for x in node.inputs for extent in x.type.extents)
    rng = np.random.default_rng(1)
    given = {node.operator.key: rng.normal(size=node.type.shape({})) for node in (table, v, w)}
    given["places"] = rng.integers(-1, 6, 9)
    expected, found = interpret(graph, given, {"n": 9}), interpret(after, given, {"n": 9})
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-12, err_msg=name)


def test_sums_over_neighbours_keep_no_row_for_each_edge() -> None:
    """In a graph's convolution, forward and backward."""
    build = Builder()
    x, w = build(Input("x", real(6, 3)), name="x"), build(Input("w", real(3, 6, 3)), name="w")
    sources, targets = (build(Input(key, index(9)), name=key) for key in ("sources", "targets"))
    y = build(Tanh(), build(ScatterAdd(x.type.dimensions[0]), targets, build(Gather(0), x, sources)))
    loss = build(
        Sum((0, 1)), build(Sum((0,)), build(Multiply(), w, build(Expand((0,), w.type.dimensions[:1]), y)))
    )
    graph = differentiate(build.graph({"loss": loss}), "loss", ["x"])
    after = optimize(graph, check=True)
    used = [node.operator.name for node in after]
    assert used.count("gather_add") == 2 and not {"gather", "scatter_add"} & set(used)
    rng = np.random.default_rng(1)
    given = {"x": rng.normal(size=(6, 3)), "w": rng.normal(size=(3, 6, 3))}
    given |= {key: rng.integers(-1, 7, 9) for key in ("sources", "targets")}
    assert_same(graph, after, given)


def count(graph: Graph) -> int:
    return len([node for node in graph if node.type.element == Element.REAL])


def test_rows_are_counted_without_their_zeros() -> None:
    build = Builder()
    places = build(Input("places", index(3, 4)), name="places")
    graph = build.graph({"y": build(Sum((0, 1)), build(OneHot(real(5).dimensions[0]), places))})
    after = optimize(graph, check=True)
    assert not {Sum, OneHot} & {type(node.operator) for node in after}
    assert_same(graph, after, {"places": np.random.default_rng(0).integers(0, 5, (3, 4))})


@pytest.mark.parametrize(("extents", "reshapes"), [((3, 20), 0), ((3, 4, 5), 0), ((60,), 1)])
def test_a_reduction_over_all_units_needs_no_other_shape(extents: tuple[int, ...], reshapes: int) -> None:
    build = Builder()
    x = build(Input("x", real(*extents)), name="x")
    graph = build.graph({"y": build(Max((1, 2)), build(Reshape(real(3, 10, 2).dimensions), x))})
    after = optimize(graph, check=True)
    assert sum(isinstance(node.operator, Reshape) for node in after) == reshapes
    assert_same(graph, after, {"x": np.random.default_rng(0).normal(size=extents)})


def test_equal_values_are_computed_once() -> None:
    build = Builder()
    x = build(Input("x", real(3)), name="x")
    y = build(Multiply(), build(Tanh(), x), build(Tanh(), x))
    assert count(optimize(build.graph({"y": y}))) == 3


def test_what_depends_on_constants_alone_is_a_constant() -> None:
    build = Builder()
    two, three = filled(build, 2.0, real(4, 5)), filled(build, 3.0, real(4, 5))
    y = build(Power(), build(Multiply(), two, three), two)
    assert [node.operator.name for node in optimize(build.graph({"y": y}))] == ["constant", "expand"]


def test_known_sizes_are_constants_and_unknown_ones_are_not() -> None:
    build = Builder()
    known, unknown = build(Size((Extent.of(3), Extent.of(4)))), build(Size((Extent("T"), Extent.of(4))))
    graph = optimize(build.graph({"known": known, "unknown": unknown}))
    assert graph.outputs["known"].operator == Constant(12.0)
    assert graph.outputs["unknown"].operator == unknown.operator


def test_sums_of_products_become_contractions_and_so_do_their_gradients() -> None:
    """Attention's mixture, written as a product over all pairs."""
    build = Builder()
    t, j, u = real(3, 4, 2).dimensions
    a = build(Input("A", TensorType((t, j))), name="A")
    v = build(Input("V", TensorType((j, u))), name="V")
    product = build(Multiply(), build(Expand((2,), (u,)), a), build(Expand((0,), (t,)), v))
    mix = build(Tanh(), build(Sum((1,)), product))
    graph = differentiate(build.graph({"mix": mix, "loss": build(Sum((0, 1)), mix)}), "loss", ["A", "V"])
    after = optimize(graph, check=True)
    assert max(node.type.rank for node in after) == 2
    assert [node.operator.name for node in after].count("contract") == 3
    rng = np.random.default_rng(1)
    assert_same(graph, after, {"A": rng.normal(size=(3, 4)), "V": rng.normal(size=(4, 2))})


@pytest.mark.parametrize("equation", ["b,i->bi", "b,i->ib", "bi,b->bi", "bi,i->ib"])
def test_a_product_with_equal_entries_is_no_contraction(equation: str) -> None:
    """They may be known in numbers, or not: here 1 / T."""
    contract = Contract(equation)
    left, right, _ = contract.labels
    extents = {"b": Extent("T"), "i": Extent.of(3)}
    types = [TensorType(tuple(Dimension(x, extents[x]) for x in labels)) for labels in (left, right)]
    build = Builder()
    share = build(Divide(), build(Constant(1.0)), build(Size((Extent("T"),))))
    equal, x = (types[0], types[1]) if len(left) == 1 else (types[1], types[0])
    operands = [like(build, share, equal), build(Input("x", x), name="x")]
    graph = build.graph({"y": build(contract, *(operands if len(left) == 1 else operands[::-1]))})
    after = optimize(graph, check=True)
    assert not any(isinstance(node.operator, Contract) for node in after)
    fed = {"x": np.random.default_rng(0).normal(size=x.shape({"T": 4}))}
    found, expected = (interpret(g, fed, {"T": 4})["y"] for g in (after, graph))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_a_square_s_gradient_is_one_product() -> None:
    build = Builder()
    x = build(Input("x", real(3)), name="x")
    loss = build(Multiply(), build(Constant(0.5)), build(Sum((0,)), build(Multiply(), x, x)))
    graph = optimize(differentiate(build.graph({"loss": loss}), "loss", ["x"]))
    assert graph.outputs["gradient.x"] is graph.by_name["x"]
