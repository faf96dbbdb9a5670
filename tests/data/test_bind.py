"""From a data statement, or arrays of Python, to examples."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from data_models import apply, column, dataset, grid, network, number, target, value

from nndsl.data.bind import bind, bind_values
from nndsl.data.given import given_examples, given_parts
from nndsl.data.load import load_parts
from nndsl.data.random import random_parts
from nndsl.data.table import Part, Ragged, Table, texts
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.types import Domain

X = value("x", 64)
DIGIT = target("digit", 10, domain=Domain.ONEHOT)
SCALED = apply("divide", column("image"), number(16.0))
TABLE = Table(
    "table",
    {
        "image": np.random.default_rng(0).integers(0, 17, (20, 8, 8), np.uint8),
        "label": np.arange(20) % 10,
        "x": np.zeros((20, 64)),
        "short": np.zeros(7),
        "sound": Ragged(np.zeros((50, 64)), np.linspace(0, 50, 21).astype(int)),
    },
    np.where(np.arange(20) % 4 == 3, Part.TEST, Part.TRAIN),
)


def codes(function, *arguments, **options):
    with pytest.raises(NNDSLError) as raised:
        function(*arguments, **options)
    return sorted(diagnostic.code for diagnostic in raised.value.diagnostics)


def bound(*values, bindings=(), table=TABLE, **split):
    data = dataset("table", *bindings, **split)
    return bind(data, network(*values, data=data), table)


# --- data statements ---------------------------------------------------------------


def test_digits_as_the_mlp_reads_them():
    data = dataset("digits", (X, SCALED), (DIGIT, column("label")))
    parts = load_parts(network(X, DIGIT, data=data))
    assert [part.count for _, part in parts] == [1065, 133, 599]
    assert parts.test.inputs["x"].dtype == np.float32
    assert parts.test.inputs["x"].max() == 1
    assert parts.test.inputs["digit"].shape == (599,)


def test_rows_of_inputs_and_targets_stay_together():
    parts = bound(X, DIGIT, bindings=[(X, SCALED), (DIGIT, column("label"))])
    for _, part in parts:
        for pixels, label in zip(part.inputs["x"], part.inputs["digit"], strict=True):
            rows = np.flatnonzero(TABLE.columns["label"] == label)
            assert any(np.array_equal(TABLE.columns["image"][row].ravel() / 16, pixels) for row in rows)


def test_what_is_not_bound_gets_the_column_of_its_name():
    assert bound(X).train.inputs["x"].max() == 0


def test_a_constant_is_the_same_for_every_row():
    y = target("y", 1)
    parts = bound(X, y, bindings=[(y, number(3.0))])
    assert (parts.test.inputs["y"] == 3).all()


def test_windows_leave_fewer_examples_in_their_order():
    series = np.arange(100.0)
    past, following = value("past", 12), target("following", 1)
    parts = bound(
        past,
        following,
        bindings=[
            (past, apply("window", column("series"), number(12.0))),
            (following, apply("after", column("series"), number(12.0))),
        ],
        table=Table("series.csv", {"series": series}),
        shares=(0.7, 0.1, 0.2),
        in_order=True,
    )
    assert [part.count for _, part in parts] == [62, 8, 18]
    for _, part in parts:
        assert np.array_equal(part.inputs["past"][:, -1] + 1, part.inputs["following"][:, 0])
    assert parts.test.inputs["following"][-1] == 99


def test_all_mistakes_of_the_bindings_come_at_once():
    wide, y, z = value("x", 65), target("y", 1), target("z", 1)
    bindings = [(wide, column("image")), (DIGIT, column("lable")), (y, number(1.0))]
    assert codes(bound, wide, DIGIT, y, z, bindings=bindings) == ["E0605", "E0608", "E0609"]


def test_columns_of_different_lengths_are_refused():
    y = target("y", 1)
    assert codes(bound, X, y, bindings=[(y, column("short"))]) == ["E0612"]


def test_columns_of_varying_rows_go_over_sequences_only():
    assert codes(bound, X, bindings=[(X, column("sound"))]) == ["E0618"]


def test_nothing_to_train_on_is_refused():
    assert codes(bound, X, shares=(0, 0.5, 0.5)) == ["E0617"]


def test_a_mistake_without_a_place_is_shown_at_the_data_statement():
    data = dataset("digit")
    with pytest.raises(NNDSLError) as raised:
        load_parts(network(X, data=data))
    span = raised.value.diagnostics[0].span
    assert (span.text, span.start) == ("digit", 5)


def test_words_of_classes_are_kept_for_the_predictions():
    species = target("species", 3, domain=Domain.ONEHOT)
    table = Table("flowers.csv", {"species": texts(["b", "a", "c"] * 10)})
    data = dataset("flowers.csv", path=True)
    found = bind_values(data, (species,), table)
    assert found.classes == {"species": ("a", "b", "c")}
    assert found.take(np.array([2, 0])).inputs["species"].tolist() == [2, 1]


# --- arrays of Python --------------------------------------------------------------

NET = network(X, DIGIT)


@pytest.mark.parametrize(
    ("x", "digit"),
    [
        (np.zeros((3, 64)), np.array([1, 2, 3])),
        (np.zeros((3, 8, 8), np.uint8), [1, 2, 3]),
        ([[0] * 64] * 3, (1, 2, 3)),
        (pd.DataFrame(np.zeros((3, 64))), pd.Series([1, 2, 3])),
    ],
)
def test_arrays_lists_and_frames_are_the_same(x, digit):
    found = given_examples(NET, {"x": x, "digit": digit})
    assert found.count == 3
    assert found.inputs["x"].shape == (3, 64)
    assert found.inputs["x"].dtype == np.float32
    assert found.inputs["digit"].tolist() == [1, 2, 3]


def test_targets_may_be_left_out_of_a_prediction():
    assert list(given_examples(NET, {"x": np.zeros((3, 64))}, ("x",)).inputs) == ["x"]


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"x": np.zeros((3, 64))}, ["E0616"]),
        ({"X": np.zeros((3, 64)), "digit": [1, 2, 3]}, ["E0615", "E0616"]),
        ({"x": np.zeros((3, 64)), "digit": [1, 2]}, ["E0612"]),
        ({"x": np.zeros((3, 63)), "digit": [1, 2, 10]}, ["E0609", "E0610"]),
        ({"x": [["a"] * 64], "digit": [1]}, ["E0606"]),
    ],
)
def test_wrong_arrays_are_refused_all_at_once(arrays, expected):
    assert codes(given_examples, NET, arrays) == expected


def test_a_tenth_of_the_arrays_given_validates():
    parts = given_parts(NET, {"x": np.zeros((50, 64)), "digit": np.arange(50) % 10})
    assert [part.count for _, part in parts] == [45, 5, 0]


# --- random examples ---------------------------------------------------------------


@pytest.mark.parametrize("domain", Domain)
def test_random_examples_fit_every_domain(domain):
    drawn = value("x", 3, domain=domain, space=grid(4, None))
    parts = random_parts(network(drawn), count=50)
    assert [part.count for _, part in parts] == [40, 5, 5]
    again = random_parts(network(drawn), count=50)
    assert np.array_equal(parts.train.inputs["x"], again.train.inputs["x"])
    if domain is not Domain.ONEHOT:
        given_examples(network(drawn), parts.train.inputs)


def test_a_network_without_data_runs_on_random_examples():
    assert load_parts(NET).train.inputs["x"].shape == (256, 64)
