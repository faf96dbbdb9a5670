"""Arrays take the arrangement, domain and number type of the input or target."""

from __future__ import annotations

import numpy as np
import pytest
from data_models import grid, value

from nndsl.data.convert import Origin, convert
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.types import Domain

ORIGIN = Origin("column", "table")
RANDOM = np.random.default_rng(0)


def converted(target, array, **options):
    return convert(target, array, ORIGIN, **options)[0]


def mistake(target, array, **options):
    with pytest.raises(NNDSLError) as raised:
        convert(target, array, ORIGIN, **options)
    (diagnostic,) = raised.value.diagnostics
    return diagnostic


# --- arrangement -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((28, 28), value("x", 784)),
        ((784,), value("x", 1, space=grid(28, 28))),
        ((28, 28), value("x", 1, space=grid(28, 28))),
        ((28, 28, 1), value("x", 1, space=grid(28, 28))),
        ((8, 6), value("x", 6, space=grid(2, 4))),
        ((12,), value("x", 3, 4)),
        ((), value("x", 1)),
    ],
)
def test_equal_sizes_are_arranged_anew_in_the_same_order(shape, wanted):
    array = RANDOM.random((5, *shape), np.float32)
    result = converted(wanted, array)
    assert result.shape == (5, *(axis.extent.known for axis in wanted.type.space), *wanted.type.units)
    assert np.array_equal(result.ravel(), array.ravel())


def test_units_may_stand_before_the_grid():
    array = RANDOM.random((5, 3, 32, 16), np.float32)
    result = converted(value("x", 3, space=grid(32, 16)), array)
    assert np.array_equal(result, np.moveaxis(array, 1, 3))
    assert result.flags.c_contiguous


def test_an_open_grid_takes_its_extent_from_the_data():
    result = converted(value("x", 1, space=grid(None, None)), np.zeros((5, 7, 9)))
    assert result.shape == (5, 7, 9, 1)


@pytest.mark.parametrize("shape", [(32, 3, 32), (3, 31, 32), (3071,), ()])
def test_other_sizes_and_scrambled_axes_are_refused(shape):
    assert mistake(value("x", 3, space=grid(32, 32)), np.zeros((5, *shape))).code == "E0609"


def test_a_single_example_is_told_from_a_batch():
    diagnostic = mistake(value("x", 64), np.zeros(64))
    assert diagnostic.help() == "a single example is a batch of one: try x=[…]"


def test_lists_of_different_lengths_are_refused():
    assert mistake(value("x", 2), [[1, 2], [3]]).code == "E0618"


# --- domains -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "given", "expected"),
    [
        (Domain.REAL, [[1], [2]], [[1], [2]]),
        (Domain.REAL, [["1.5"], ["2"]], [[1.5], [2]]),
        (Domain.BINARY, [[True], [False]], [[1], [0]]),
        (Domain.BINARY, [[0.25], [1]], [[0.25], [1]]),
        (Domain.BIPOLAR, [[True], [False]], [[1], [-1]]),
        (Domain.BIPOLAR, [[-1], [0.5]], [[-1], [0.5]]),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_domains_become_numbers(domain, given, expected, dtype):
    result = converted(value("x", 1, domain=domain), given, dtype=dtype)
    assert result.dtype == dtype
    assert result.tolist() == expected


@pytest.mark.parametrize(
    ("domain", "found", "code"),
    [
        (Domain.BINARY, 1.5, "E0610"),
        (Domain.BINARY, -1, "E0610"),
        (Domain.BIPOLAR, 2, "E0610"),
        (Domain.REAL, np.inf, "E0607"),
        (Domain.REAL, np.nan, "E0607"),
        (Domain.REAL, 1e300, "E0607"),
        (Domain.BINARY, np.nan, "E0607"),
        (Domain.REAL, "twelve", "E0606"),
        (Domain.REAL, None, "E0607"),
    ],
)
def test_values_outside_are_named_by_row(domain, found, code):
    given = np.array([0.5, 0.5, found, 0.5], object)
    diagnostic = mistake(value("x", 1, domain=domain), given)
    assert (diagnostic.code, diagnostic.row) == (code, 3)


# --- classes -----------------------------------------------------------------------

DIGIT = value("digit", 3, domain=Domain.ONEHOT)


@pytest.mark.parametrize("given", [[2, 0, 1], [2.0, 0.0, 1.0], np.eye(3)[[2, 0, 1]], [[2], [0], [1]]])
def test_classes_are_numbers_or_rows_with_a_single_one(given):
    result = converted(DIGIT, given)
    assert (result.dtype, result.tolist()) == (np.int32, [2, 0, 1])


def test_words_are_numbered_in_alphabetical_order():
    numbers, classes = convert(DIGIT, ["dog", "cat", "eel", "cat"], ORIGIN)
    assert (numbers.tolist(), classes) == ([1, 0, 2, 0], ("cat", "dog", "eel"))


def test_words_keep_the_numbers_that_a_training_gave_them():
    result = converted(DIGIT, ["dog", "dog"], classes=("eel", "dog", "cat"))
    assert result.tolist() == [1, 1]


def test_classes_over_a_grid_keep_it():
    labels = RANDOM.integers(0, 3, (5, 4, 4))
    result = converted(value("y", 3, domain=Domain.ONEHOT, space=grid(4, 4)), labels)
    assert np.array_equal(result, labels)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([0, 1, 3], "E0610"),
        ([0, 1, -1], "E0610"),
        ([0, 1, 0.5], "E0610"),
        ([0, 1, np.nan], "E0607"),
        (np.ones((3, 3)), "E0610"),
        (["a", "b", ""], "E0607"),
        (["a", "b", "c", "d"], "E0611"),
        (np.zeros((3, 4)), "E0609"),
    ],
)
def test_wrong_classes_are_refused(given, code):
    assert mistake(DIGIT, given).code == code


def test_classes_counted_from_one_are_recognised():
    assert mistake(DIGIT, [1, 2, 3]).help() == "classes are counted from 0: try 'digit = column - 1'"


def test_a_word_that_the_training_has_not_met_is_refused():
    assert mistake(DIGIT, ["dog", "fox"], classes=("cat", "dog", "eel")).row == 2
