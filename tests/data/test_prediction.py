"""From a table to the inputs of a trained network, and from its outputs to rows."""

from __future__ import annotations

import numpy as np
import pytest

import nndsl
from nndsl.data.prediction import prediction_inputs, prediction_rows, told_classes
from nndsl.data.table import Table, texts
from nndsl.diagnostics.diagnostic import NNDSLError

SPEC = """
network Net {
  input  x[4]
  target kind[3] onehot
  layer  h[5] = relu(full(x) + bias)
  output y[3] = full(h) + bias
  output size[1] = full(h) + bias
  train { minimize cross_entropy(y, kind)  report accuracy(y, kind) }
  data "flowers.csv" { x = cm / 10, kind = species }
}
"""
NUMBERS = np.arange(8.0).reshape(2, 4)


@pytest.fixture(scope="module")
def network():
    return nndsl.compile(SPEC).model


def columns(*names):
    return {name: NUMBERS[:, i] for i, name in enumerate(names)}


@pytest.mark.parametrize(
    ("held", "scale"),
    [
        ({"cm": NUMBERS}, 10),
        ({"x": NUMBERS}, 1),
        ({"cm": NUMBERS, "x": NUMBERS}, 10),
        (columns("a", "b", "c", "d"), 10),
        (columns("a", "b", "c", "d") | {"species": np.zeros(2)}, 10),
        (columns("a", "b", "c", "d") | {"kind": np.zeros(2), "remark": texts(["good", "bad"])}, 10),
    ],
)
def test_inputs_come_from_the_columns_that_there_are(network, held, scale):
    inputs = prediction_inputs(network, Table("new.csv", held)).inputs
    assert list(inputs) == ["x"]
    assert np.allclose(inputs["x"], NUMBERS / scale)


@pytest.mark.parametrize(
    ("held", "code"),
    [
        (columns("a", "b", "c"), "E0609"),
        (columns("a", "b", "c") | {"d": texts(["1", "one"])}, "E0606"),
        ({"remark": texts(["good", "bad"])}, "E0609"),
        ({}, "E0609"),
    ],
)
def test_tables_that_do_not_fit_are_refused(network, held, code):
    with pytest.raises(NNDSLError) as raised:
        prediction_inputs(network, Table("new.csv", held))
    assert [diagnostic.code for diagnostic in raised.value.diagnostics] == [code]


def test_outputs_that_tell_classes_are_known_by_their_objective(network):
    assert told_classes(network) == {"y": "kind"}


def test_rows_begin_with_the_class():
    outputs = {"y": np.array([[0.5, 2, 1], [3, 2, 1]]), "size": np.array([[1.25], [2.5]])}
    rows = list(prediction_rows(outputs, {"y": ("kind", ("ash", "elm", "oak"))}))
    assert rows == [
        ["kind", "y[0]", "y[1]", "y[2]", "size"],
        ["elm", "0.5", "2", "1", "1.25"],
        ["ash", "3", "2", "1", "2.5"],
    ]


def test_outputs_over_a_grid_are_numbered_by_place():
    rows = list(prediction_rows({"y": np.zeros((1, 2, 2))}, {}))
    assert rows[0] == ["y[0,0]", "y[0,1]", "y[1,0]", "y[1,1]"]
