"""The kernels of sweeps through coupled units against the operator's meaning, and what they promise."""

from itertools import product
from typing import get_args

import numpy as np
import pytest
from calling import PRECISIONS, native, python

from nndsl.kernels.compile import library_function
from nndsl.operators.sweeps import Mode, Order, States, Sweeps
from nndsl.planning.plan import Precision

SEED, STEP = 5, 3
in_both = pytest.mark.parametrize("precision", PRECISIONS)
every_kind = pytest.mark.parametrize(
    ("mode", "states", "order"), list(product(get_args(Mode), get_args(States), get_args(Order)))
)


def un_jitted(name, precision, *arguments):
    python(library_function(name), precision, *arguments)


def problem(examples: int, units: int, scale: float = 1.0) -> tuple[np.ndarray, ...]:
    """States, a field and a coupling of numbers that both precisions hold, so that ties are ties."""
    rng = np.random.default_rng(units)
    coupling = np.triu(rng.integers(-8, 9, (units, units)), 1) * scale / 16
    field = rng.integers(-8, 9, (examples, units)) * scale / 16
    return rng.choice([-1.0, 1.0], (examples, units)), field, coupling + coupling.T


def computed(operator: Sweeps, given, precision, call=native, first: int = 0) -> np.ndarray:
    state, field, coupling = (np.ascontiguousarray(x, precision.value) for x in given)
    examples, units = state.shape
    after, nets = np.full_like(state, np.nan), np.full_like(state, np.nan)
    order = np.full(units, -1, np.int32)
    run = np.array([SEED], np.int32), np.array([STEP], np.int32)
    begin = operator.begin
    numbers = get_args(Order).index(operator.order), begin, begin + operator.sweeps, operator.stream
    levels = [float(level) for level in operator.states]
    operands = (after, state, field, coupling, *run, nets, order)
    if operator.mode == "mean":
        call("mean_sweeps", precision, *operands, *numbers, *levels, examples, units)
        return after
    reach, goal = np.full(units, np.nan, precision.value), np.full(units + 3, np.nan, precision.value)
    operands = (*operands, reach, goal, np.full(examples, -1, np.int32), int(operator.mode == "settle"))
    call("state_sweeps", precision, *operands, *numbers, *levels, first, examples, units)
    return after


def meant(operator: Sweeps, given) -> np.ndarray:
    return operator.evaluate((*given, np.array(SEED), np.array(STEP)), {})


@every_kind
@in_both
@pytest.mark.parametrize("call", [native, un_jitted])
def test_kernels_do_what_the_operator_means(mode, states, order, precision, call) -> None:
    for examples, units in ((1, 1), (3, 4), (2, 9)):
        operator, given = Sweeps(mode, states, order, 3, 7), problem(examples, units)
        found = computed(operator, given, precision, call)
        tolerance = 1e-5 if precision is Precision.FLOAT32 else 1e-13
        np.testing.assert_allclose(found, meant(operator, given), rtol=tolerance, atol=tolerance)


@every_kind
def test_no_example_depends_on_those_computed_with_it(mode, states, order) -> None:
    operator, given = Sweeps(mode, states, order, 5, 7), problem(12, 21)
    whole = computed(operator, given, Precision.FLOAT32)
    for first, end in ((0, 5), (5, 6), (6, 12)):
        share = (given[0][first:end], given[1][first:end], given[2])
        np.testing.assert_array_equal(
            computed(operator, share, Precision.FLOAT32, first=first), whole[first:end]
        )


@every_kind
def test_later_sweeps_go_on_where_earlier_ones_end(mode, states, order) -> None:
    state, field, coupling = problem(4, 33, scale=0.1)
    whole = computed(Sweeps(mode, states, order, 5, 7), (state, field, coupling), Precision.FLOAT64)
    for sweep in range(5):
        one = Sweeps(mode, states, order, 1, 7, begin=sweep)
        state = computed(one, (state, field, coupling), Precision.FLOAT64)
    np.testing.assert_array_equal(state, whole)


@pytest.mark.parametrize("order", get_args(Order))
def test_recall_settles_where_sums_in_double_precision_do(order) -> None:
    """Some examples have many flips in a sweep, some few, some none."""
    rng, units = np.random.default_rng(0), 200
    patterns = rng.choice([-1.0, 1.0], (20, units))
    state = np.where(rng.random((20, units)) < np.linspace(0, 0.4, 20)[:, None], -patterns, patterns)
    given = state, rng.normal(size=state.shape) / 50, patterns.T @ patterns / units
    for precision in PRECISIONS:
        operator = Sweeps("settle", "bipolar", order, 30, 7)
        np.testing.assert_array_equal(computed(operator, given, precision), meant(operator, given))


@pytest.mark.parametrize("order", get_args(Order))
def test_long_chains_do_not_drift(order) -> None:
    """After thousands of flips the states are still those of sums in double precision."""
    operator, given = Sweeps("sample", "bipolar", order, 300, 7), problem(4, 60, scale=0.05)
    np.testing.assert_array_equal(computed(operator, given, Precision.FLOAT32), meant(operator, given))


def test_a_net_input_that_only_rounding_keeps_from_zero_is_zero() -> None:
    """Neither precision holds weights k / 1000; the field takes away what the units give."""
    n = 1000
    state = np.random.default_rng(0).choice([-1.0, 1.0], (1, n))
    given = (state, -3 / n * (state.sum() - state), np.full((n, n), 3 / n))
    for precision, order in product(PRECISIONS, get_args(Order)):
        operator = Sweeps("settle", "bipolar", order, 1, 7)
        np.testing.assert_array_equal(computed(operator, given, precision), state)
        np.testing.assert_array_equal(meant(operator, given), state)
