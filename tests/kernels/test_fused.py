"""Generated kernels against the meaning of their groups."""

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from calling import PRECISIONS, SIZES, native, python
from hypothesis import given, settings
from hypothesis import strategies as st
from meaning import evaluate, groups

from nndsl.codegen.fused import function, source
from nndsl.codegen.group import FEW, Compute, Group, LookUp, Operand, Position, Reduce, Table
from nndsl.graph.types import Element
from nndsl.planning.plan import Precision

BOTH, ROW, COLUMN = (0, 1), (0,), (1,)
DTYPES = {Element.INDEX: np.dtype(np.int32), Element.TRUTH: np.dtype(bool)}


def spaces(group: Group, sizes, parts: int = 1):
    """The first arguments of the calls that divide a group's iteration space into so many parts."""
    if group.shared_axis is None:
        return [tuple(sizes)]
    ends = [sizes[group.shared_axis] * part // parts for part in range(parts + 1)]
    return [(*sizes, first, end - first) for first, end in pairwise(ends)]


def call_in_parts(group: Group, precision: Precision, sizes, operands, constants, results, call, parts):
    """Calls a kernel for so many parts of its iteration space; those of sums are added up."""
    kernel = function(group, precision) if call is python else group
    sums = group.shared_sums if parts > 1 else ()
    for place in sums:
        results[place][...] = 0
    for space in spaces(group, sizes, parts):
        own = [x.copy() if place in sums else x for place, x in enumerate(results)]
        call(kernel, precision, *space, *operands, *constants, *own)
        for place in sums:
            results[place] += own[place]


def results_of(
    group: Group, precision: Precision, sizes, operands, constants=(), call=native, started=0.0, parts=1
):
    """What a kernel stores into fresh buffers that hold `started`, called for so many parts."""
    steps = dict(enumerate(group.steps, len(group.operands) + group.constants))
    results = []
    for number in group.results:
        element = getattr(steps[number], "element", Element.INDEX)
        shape = [sizes[axis] for axis in steps[number].pattern]
        results.append(np.full(shape, started, DTYPES.get(element, np.dtype(precision.value))))
    kept = [x.copy() for x in operands]
    call_in_parts(group, precision, sizes, operands, constants, results, call, parts)
    for x, before in zip(operands, kept, strict=True):
        np.testing.assert_array_equal(x, before)  # operands are not touched
    return results


def check(group: Group, precision: Precision, sizes, operands, constants=(), call=native) -> None:
    """A kernel's results are what the group means, to rounding."""
    started = 0.25
    with np.errstate(all="ignore"):
        wanted = evaluate(group, sizes, [x.astype(float) for x in operands], constants)
    got = results_of(group, precision, sizes, operands, constants, call, started)
    tolerance = 2e-5 if precision is Precision.FLOAT32 else 1e-12
    for x, y, adds in zip(got, wanted, group.accumulate, strict=True):
        np.testing.assert_allclose(x, y + started if adds else y, rtol=tolerance, atol=tolerance)


def operands_of(group: Group, precision: Precision, sizes, seed: int = 0) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    # Multiples of 1/8: no rounding error moves an argmax or the place of a kink.
    return [
        np.array(generator.integers(-16, 17, [sizes[axis] for axis in o.pattern]) / 8, precision.value)
        for o in group.operands
    ]


def in_lanes(group: Group) -> bool:
    """Whether vectors may hold entries of neighbouring rows."""
    return group.rank > 1 and group.reduces_rows


@settings(max_examples=60, deadline=None)
@given(group=groups(), sizes=st.lists(st.integers(1, 5), min_size=3, max_size=3))
def test_any_group_un_jitted(group, sizes):
    sizes = sizes[: group.rank]
    constants = [0.5] * group.constants
    check(group, Precision.FLOAT64, sizes, operands_of(group, Precision.FLOAT64, sizes), constants, python)


@settings(max_examples=200, deadline=None)
@given(
    group=groups().filter(in_lanes),
    rows=st.integers(1, 70),
    columns=st.integers(1, 5),
    outer=st.integers(1, 2),
)
def test_any_group_in_lanes_un_jitted(group, rows, columns, outer):
    sizes = (outer, rows, columns)[-group.rank :]
    constants = [0.5] * group.constants
    group = replace(group, narrow=True, lanes=True)
    check(group, Precision.FLOAT64, sizes, operands_of(group, Precision.FLOAT64, sizes), constants, python)


@settings(max_examples=100, deadline=None)
@given(group=groups(), sizes=st.lists(st.integers(1, 5), min_size=3, max_size=3), parts=st.integers(2, 4))
def test_any_group_in_parts(group, sizes, parts):
    sizes, precision = sizes[: group.rank], Precision.FLOAT64
    group = replace(group, parts=sizes[0] % 2 == 0)
    operands, constants = operands_of(group, precision, sizes), [0.5] * group.constants
    whole = results_of(group, precision, sizes, operands, constants, python, 0.25)
    divided = results_of(group, precision, sizes, operands, constants, python, 0.25, parts)
    for place, (x, y) in enumerate(zip(whole, divided, strict=True)):
        np.testing.assert_allclose(x, y, rtol=1e-12 if place in group.shared_sums else 0)


@settings(max_examples=8, deadline=None)
@given(group=groups(), seed=st.integers(0, 99), precision=st.sampled_from(PRECISIONS))
def test_any_group_native(group, seed, precision):
    for sizes in ((3, 4, 5), (2, 1, 17), (5, 33, 2)):
        sizes = sizes[: group.rank]
        check(group, precision, sizes, operands_of(group, precision, sizes, seed), [0.5] * group.constants)


@settings(max_examples=8, deadline=None)
@given(group=groups().filter(in_lanes), seed=st.integers(0, 99), precision=st.sampled_from(PRECISIONS))
def test_any_group_in_lanes_native(group, seed, precision):
    group = replace(group, narrow=True, lanes=True)
    for sizes in ((2, 70, 5), (1, 1, 1), (2, 33, FEW)):
        sizes = sizes[-group.rank :]
        check(group, precision, sizes, operands_of(group, precision, sizes, seed), [0.5] * group.constants)


BIAS_RELU = Group(
    2,
    (Operand(BOTH), Operand(COLUMN)),
    0,
    (Compute("{0} + {1}", (0, 1), BOTH), Compute("0.0 if {0} < 0.0 else {0}", (2,), BOTH)),
    (3,),
    (False,),
)
REDUCTIONS = Group(
    2,
    (Operand(BOTH),),
    0,
    (
        Reduce("sum", 0, COLUMN, ROW),
        Reduce("max", 0, COLUMN, ROW),
        Reduce("min", 0, COLUMN, ROW),
        Reduce("argmax", 0, COLUMN, ROW, Element.INDEX),
        Reduce("argmin", 0, COLUMN, ROW, Element.INDEX),
        Reduce("sum", 0, ROW, COLUMN),
        Reduce("max", 0, ROW, COLUMN),
        Reduce("sum", 0, BOTH, ()),
    ),
    tuple(range(1, 9)),
    (False,) * 8,
)
CROSS_ENTROPY = Group(
    2,
    (Operand(BOTH), Operand(ROW, Element.INDEX)),
    1,
    (
        Reduce("max", 0, COLUMN, ROW),
        Compute("{0} - {1}", (0, 3), BOTH),
        Compute("exp({0})", (4,), BOTH),
        Reduce("sum", 5, COLUMN, ROW),
        Compute("log({0})", (6,), ROW),
        Position(1),
        Compute("{0} == {1}", (8, 1), BOTH, Element.TRUTH),
        Compute("{0} - {1}", (7, 4), BOTH),
        Compute("{1} if {0} else 0.0", (9, 10), BOTH),
        Reduce("sum", 11, COLUMN, ROW),
        Reduce("sum", 12, ROW, ()),
        Compute("({0} / {1} - float({2})) * {3}", (5, 6, 9, 2), BOTH),
    ),
    (13, 14),
    (False, False),
)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("columns", SIZES)
def test_sizes_around_the_vector_width(columns, precision):
    for rows, narrow in product((1, 3), (False, True)):
        group = replace(BIAS_RELU, narrow=narrow)
        check(group, precision, (rows, columns), operands_of(group, precision, (rows, columns)))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("call", [native, python])
def test_reductions(precision, call):
    for sizes, narrow in product(((3, 1), (4, 9), (2, 1000)), (False, True)):
        group = replace(REDUCTIONS, narrow=narrow)
        check(group, precision, sizes, operands_of(group, precision, sizes), call=call)
    for sizes in ((3, 1), (32, 9), (75, FEW)):
        group = replace(REDUCTIONS, narrow=True, lanes=True)
        check(group, precision, sizes, operands_of(group, precision, sizes), call=call)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_reduction_of_nothing(precision):
    empty = np.zeros((3, 0), precision.value)
    sums, greatest, least, *_, total = results_of(REDUCTIONS, precision, (3, 0), [empty], started=1.0)
    assert not sums.any() and total == 0
    assert (greatest == -np.inf).all() and (least == np.inf).all()


@pytest.mark.parametrize("call", [native, python])
@pytest.mark.parametrize("lanes", [False, True])
def test_nan_is_the_extreme_and_the_first_of_equals_wins(call, lanes):
    x = np.zeros((4, FEW), np.float32)
    x[0, 3] = x[0, 9] = 1
    x[1, 5] = np.nan
    x[1, 7] = np.inf
    x[2, 11], x[2, 12] = np.inf, -np.inf
    x[3, 14], x[3, 15] = np.nan, np.nan
    for narrow in {lanes, True}:
        group = replace(REDUCTIONS, narrow=narrow, lanes=lanes)
        got = results_of(group, Precision.FLOAT32, x.shape, [x], call=call)
        for y, name in zip(got[1:5], ("max", "min", "argmax", "argmin"), strict=True):
            np.testing.assert_array_equal(y, getattr(np, name)(x, axis=1))
        np.testing.assert_array_equal(got[6], x.max(axis=0))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_softmax_with_cross_entropy_and_its_gradient(precision):
    generator = np.random.default_rng(0)
    for (rows, classes), narrow, lanes in (
        *product(((5, 10), (3, 1000)), (False, True), (False,)),
        *product(((5, 10), (64, 3), (77, FEW)), (True,), (True,)),
    ):
        group = replace(CROSS_ENTROPY, narrow=narrow, lanes=lanes)
        x = generator.normal(size=(rows, classes)).astype(precision.value) * 10
        labels = generator.integers(0, classes, rows).astype(np.int32)
        loss, gradient = results_of(group, precision, x.shape, [x, labels], [1.0])
        shifted = x.astype(np.longdouble) - x.max(axis=1, keepdims=True)
        logarithm = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        tolerance = 1e-6 if precision is Precision.FLOAT32 else 1e-14
        np.testing.assert_allclose(loss, -logarithm[range(rows), labels].sum(), rtol=10 * tolerance)
        wanted = np.exp(logarithm) - np.eye(classes)[labels]
        np.testing.assert_allclose(gradient, wanted, rtol=20 * tolerance, atol=tolerance)


def test_a_long_sum_is_exact_to_rounding():
    group = Group(1, (Operand(ROW),), 0, (Reduce("sum", 0, ROW, ()),), (1,), (False,))
    x = np.random.default_rng(0).random(1_000_000).astype(np.float32)
    (total,) = results_of(group, Precision.FLOAT32, x.shape, [x])
    np.testing.assert_allclose(total, x.sum(dtype=np.float64), rtol=1e-7)


def test_a_result_in_the_place_of_an_operand():
    x = np.random.default_rng(0).normal(size=(7, 33)).astype(np.float32)
    wanted = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    softmax = Group(
        2,
        (Operand(BOTH),),
        0,
        (
            Compute("exp({0})", (0,), BOTH),
            Reduce("sum", 1, COLUMN, ROW),
            Compute("{0} / {1}", (1, 2), BOTH),
        ),
        (3,),
        (False,),
    )
    native(softmax, Precision.FLOAT32, *spaces(softmax, x.shape)[0], x, x)
    np.testing.assert_allclose(x, wanted, rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(group=groups(), data=st.data())
def test_results_may_lie_where_in_place_says(group, data):
    sizes, precision = (3, 4, 2)[: group.rank], Precision.FLOAT64
    group = replace(group, accumulate=(False,) * len(group.results))
    operands, constants = operands_of(group, precision, sizes), [0.5] * group.constants
    wanted = results_of(group, precision, sizes, operands, constants, python)
    results = [np.zeros_like(x) for x in wanted]
    shared: set[tuple[str, int]] = set()
    for result, operand in data.draw(st.permutations(sorted(group.in_place()))):
        if not {("result", result), ("operand", operand)} & shared:
            shared |= {("result", result), ("operand", operand)}
            results[result] = operands[operand]
    call_in_parts(group, precision, sizes, operands, constants, results, python, 2)
    for place, (x, y) in enumerate(zip(results, wanted, strict=True)):
        np.testing.assert_allclose(x, y, rtol=1e-12 if place in group.shared_sums else 0)


@pytest.mark.parametrize("code", ["{0} and not {1}", "{0} or {1}"])
def test_truth_values(code):
    truths = (Operand(ROW, Element.TRUTH),) * 2
    group = Group(1, truths, 0, (Compute(code, (0, 1), ROW, Element.TRUTH),), (2,), (False,))
    x, y = np.array([True, True, False, False]), np.array([True, False, True, False])
    (z,) = results_of(group, Precision.FLOAT32, (4,), [x, y])
    np.testing.assert_array_equal(z, x & ~y if "and" in code else x | y)


def test_the_loops_are_vectorised():
    from nndsl.kernels.compile import llvm_ir

    for group in (BIAS_RELU, CROSS_ENTROPY):
        text = llvm_ir(function(group, Precision.FLOAT32), Precision.FLOAT32)
        assert "x float>" in text
        assert "memcheck" not in text  # so that results may lie where operands lie


def test_equal_groups_have_equal_text():
    assert source(CROSS_ENTROPY, Precision.FLOAT32) == source(CROSS_ENTROPY, Precision.FLOAT32)
    assert "float64 as real" in source(CROSS_ENTROPY, Precision.FLOAT64)


@pytest.mark.parametrize(
    "step", [Reduce("argmax", 0, ROW, COLUMN, Element.INDEX), Reduce("product", 0, ROW, COLUMN)]
)
def test_what_is_no_loop_nest_is_refused(step):
    with pytest.raises(ValueError):
        source(Group(2, (Operand(BOTH),), 0, (step,), (1,), (False,)), Precision.FLOAT32)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("call", [native, python])
@pytest.mark.parametrize("rows", [1, 4])
def test_looked_up_rows(call, precision, rows):
    """tanh of rows of a table plus entries of another one; zero for a row outside."""
    group = Group(
        2,
        (Operand(ROW, Element.INDEX), Table(COLUMN), Table(())),
        0,
        (
            LookUp(1, 0, BOTH),
            LookUp(2, 0, ROW),
            Compute("{0} + {1}", (3, 4), BOTH),
            Reduce("sum", 5, ROW, COLUMN),
        ),
        (5, 6),
        (False, False),
    )
    places = np.array([3, 0, -1, 4, 3, 2], np.int32)
    table, entries = (
        np.random.default_rng(0).normal(size=s).astype(precision.value) for s in ((rows, 9), rows)
    )
    selection = np.equal.outer(places, np.arange(rows))
    wanted = selection @ table + (selection @ entries)[:, None]
    found, total = np.full_like(wanted, np.nan), np.full(9, np.nan, precision.value)
    kernel = function(group, precision) if call is python else group
    call(kernel, precision, 6, 9, 0, 9, rows, rows, places, table, entries, found, total)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    np.testing.assert_allclose(total, wanted.sum(axis=0), rtol=1e-5, atol=1e-6)
