"""The vectorised functions against extended precision, in units in the last place; and where reals end."""

import math

import numpy as np
import pytest
from calling import PRECISIONS, native

from nndsl.codegen.group import Compute, Group, Operand
from nndsl.kernels import vector_math
from nndsl.planning.plan import Precision

WIDE = np.longdouble


def exactly(function):
    return lambda x: function(x.astype(WIDE))


def exact_sigmoid(x):
    return 1 / (1 + np.exp(-x.astype(WIDE)))


def exact_softplus(x):
    return np.logaddexp(x.astype(WIDE), WIDE(0))


def exact_erf(x):
    return np.array([math.erf(value) for value in x])


# Name: what it should be, the range to try, the greatest error allowed in each precision.
FUNCTIONS = {
    "exp": (exactly(np.exp), (-80, 80), (2, 2)),
    "log": (exactly(np.log), (1e-30, 1e3), (2, 2)),
    "log1p": (exactly(np.log1p), (-0.9, 50), (3, 3)),
    "tanh": (exactly(np.tanh), (-10, 10), (2, 2)),
    "sigmoid": (exact_sigmoid, (-80, 80), (3, 3)),
    "softplus": (exact_softplus, (-80, 80), (4, 4)),
    "erf": (exact_erf, (-4, 4), (3, 3)),
    "sqrt": (exactly(np.sqrt), (0, 1e5), (1, 1)),
    "sin": (exactly(np.sin), (-10, 10), (2, 2)),
    "cos": (exactly(np.cos), (-10, 10), (2, 2)),
    "floor": (exactly(np.floor), (-10, 10), (0, 0)),
}
EXTREMES = [0.0, 1e-42, -1e-42, 1.0, -1.0, 700.0, -700.0, 1e30, -1e30, math.inf, -math.inf, math.nan]

ALL = Group(
    1,
    (Operand((0,)),),
    0,
    tuple(Compute(f"{name}({{0}})", (0,), (0,)) for name in FUNCTIONS),
    tuple(range(1, len(FUNCTIONS) + 1)),
    (False,) * len(FUNCTIONS),
)


def computed(x: np.ndarray, precision: Precision) -> dict[str, np.ndarray]:
    """All functions of x, by one kernel."""
    results = [np.empty_like(x) for _ in FUNCTIONS]
    native(ALL, precision, len(x), 0, len(x), x, *results)
    return dict(zip(FUNCTIONS, results, strict=True))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_error_in_units_in_the_last_place(name, precision):
    exact, (low, high), allowed = FUNCTIONS[name]
    x = np.random.default_rng(0).uniform(low, high, 20001).astype(precision.value)
    near_zero = x[:1000] * np.asarray(1e-3, x.dtype)
    x = np.concatenate([x, near_zero[near_zero >= low]])
    wanted = exact(x)
    unit = np.spacing(np.abs(wanted).astype(x.dtype)).astype(WIDE)
    error = np.abs(computed(x, precision)[name] - wanted) / unit
    assert error.max() <= allowed[PRECISIONS.index(precision)] + 0.51


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_extremes_are_numpys(name, precision):
    x = np.array(EXTREMES * 3, precision.value)
    with np.errstate(all="ignore"):
        meaning = np.array([getattr(vector_math, name)(value) for value in x])
    got = computed(x, precision)[name]
    far = np.abs(x) > 1e20  # where nobody's sine of so large a number means anything
    kept = ~far | ~np.isfinite(x) if name in ("sin", "cos") else np.full(len(x), True)
    np.testing.assert_allclose(got[kept], meaning[kept], rtol=1e-6 if x.dtype == np.float32 else 1e-14)


def test_exp_of_minus_infinity_is_zero():
    x = np.array([-np.inf] * 9, np.float32)
    assert not computed(x, Precision.FLOAT32)["exp"].any()


@pytest.mark.parametrize("precision", PRECISIONS)
def test_power(precision):
    group = Group(
        1, (Operand((0,)), Operand((0,))), 0, (Compute("{0} ** {1}", (0, 1), (0,)),), (2,), (False,)
    )
    x, y = (np.random.default_rng(1).uniform(0.1, 4, 100).astype(precision.value) for _ in range(2))
    x[:3], y[:3] = (-2, 0, 1), (3, 0, np.nan)
    z = np.empty_like(x)
    native(group, precision, len(x), 0, len(x), x, y, z)
    np.testing.assert_allclose(z, np.power(x, y), rtol=1e-6)
