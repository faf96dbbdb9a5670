"""What generated code writes for an element-wise operator means what the reference means, entry by entry."""

import math

import numpy as np
import pytest
from instances import formulas

from nndsl.graph.types import Element
from nndsl.operators.operator import Elementwise

EXTREMES = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.75, 20.0, -20.0, 1e4, -1e4, math.inf, -math.inf, math.nan]


def lenient(function):
    """As IEEE 754 has it where Python raises."""

    def applied(x: float) -> float:
        with np.errstate(all="ignore"):
            return float(function(np.float64(x)))

    return applied


FUNCTIONS = {
    **{name: lenient(getattr(np, name)) for name in ("exp", "log", "sqrt", "tanh", "sin", "cos", "floor")},
    "sigmoid": lenient(lambda x: 1 / (1 + np.exp(-x))),
    "softplus": lenient(lambda x: np.logaddexp(0, x)),
    "erf": lenient(math.erf),
}


def operands(cls: type[Elementwise]) -> list[np.ndarray]:
    if cls.name == "where":
        return [np.tile([True, False], 7), np.array(EXTREMES), np.array(EXTREMES[::-1])]
    element = cls.takes[0]
    values = np.array([False, True] if element == Element.TRUTH else EXTREMES)
    return [grid.reshape(-1) for grid in np.meshgrid(*[values] * cls.arity)]


@pytest.mark.parametrize("cls", [pytest.param(cls, id=cls.name) for cls in formulas()])
def test_formula_means_the_reference(cls: type[Elementwise]) -> None:
    given = operands(cls)
    names = [f"v{i}" for i in range(len(given))]
    code = compile(cls.code.format(*names), cls.name, "eval")
    with np.errstate(all="ignore"):
        expected = cls().evaluate(tuple(given), {})
        found = [
            eval(code, dict(FUNCTIONS), dict(zip(names, row, strict=True)))
            for row in zip(*given, strict=True)
        ]
    np.testing.assert_allclose(np.array(found, expected.dtype), expected, rtol=1e-12, atol=1e-300)
