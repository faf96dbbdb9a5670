"""Large, infinite and missing numbers: no overflow where the value is finite, and NaN survives."""

import numpy as np
import pytest
from instances import formulas

from nndsl.graph.types import Element
from nndsl.operators.functions import Sigmoid, Softplus
from nndsl.operators.operator import Elementwise


@pytest.mark.parametrize(
    "cls",
    [
        pytest.param(cls, id=cls.name)
        for cls in formulas()
        if cls.name != "where" and Element.REAL in cls.takes and cls.gives is None
    ],
)
def test_not_a_number_survives(cls: type[Elementwise]) -> None:
    with np.errstate(all="ignore"):
        y = cls().evaluate((np.array([np.nan]),) * cls.arity, {})
    assert np.isnan(y).all()


def test_sigmoid_and_softplus_are_finite_far_out() -> None:
    x = np.array([-1e4, -800.0, -30.0, 800.0, 1e4])
    np.testing.assert_allclose(
        Sigmoid().evaluate((x,), {}), [0, 0, np.exp(-30) / (1 + np.exp(-30)), 1, 1], rtol=1e-14
    )
    np.testing.assert_allclose(
        Softplus().evaluate((x,), {}), [0, 0, np.log1p(np.exp(-30)), 800, 1e4], rtol=1e-14
    )
