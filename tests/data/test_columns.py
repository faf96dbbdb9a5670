"""Expressions on columns mean what their definitions say."""

from __future__ import annotations

import numpy as np
import pytest
from data_models import SPAN, apply, column, number

from nndsl.data.columns import evaluate
from nndsl.data.table import Ragged, Table, texts
from nndsl.diagnostics.diagnostic import NNDSLError

IMAGE = np.arange(24, dtype=np.uint8).reshape(6, 2, 2)
SERIES = np.array([1.5, 2.0, 4.0, 8.0, 16.0, 32.0])
TABLE = Table(
    "table",
    {
        "image": IMAGE,
        "series": SERIES,
        "word": texts("abacba"),
        "gap": np.array([1.0, np.nan, 2.0, 3.0, np.inf, 5.0]),
        "wide": np.zeros((6, 3)),
        "frames": Ragged(np.zeros((9, 2)), np.array([0, 2, 9])),
    },
)


def codes(expression):
    with pytest.raises(NNDSLError) as raised:
        evaluate(expression, TABLE)
    assert all(diagnostic.span == SPAN for diagnostic in raised.value.diagnostics)
    return [diagnostic.code for diagnostic in raised.value.diagnostics]


def test_arithmetic_on_small_integers_is_that_of_float32():
    scaled = evaluate(apply("divide", column("image"), number(16.0)), TABLE)
    assert scaled.dtype == np.float32
    assert np.array_equal(scaled, IMAGE / 16)


def test_arithmetic_on_floats_keeps_their_precision():
    scaled = evaluate(apply("divide", column("series"), number(3.0)), TABLE)
    assert np.array_equal(scaled, SERIES / 3)


def test_comparison_gives_truths():
    above = evaluate(apply("greater", column("image"), number(7.0)), TABLE)
    assert above.dtype == bool
    assert np.array_equal(above, IMAGE > 7)


def test_a_column_with_fewer_axes_is_the_same_along_the_others():
    total = evaluate(apply("add", column("image"), column("series")), TABLE)
    assert np.array_equal(total, IMAGE + SERIES[:, None, None])


@pytest.mark.parametrize("length", [1, 3, 6])
def test_window_holds_consecutive_rows(length):
    windows = evaluate(apply("window", column("series"), number(length)), TABLE)
    assert windows.shape == (6 - length + 1, length)
    assert all(windows[i].tolist() == SERIES[i : i + length].tolist() for i in range(len(windows)))


def test_after_is_the_row_that_follows_the_window():
    after = evaluate(apply("after", column("series"), number(3.0)), TABLE)
    assert after.tolist() == SERIES[3:].tolist()


def test_windows_of_images_keep_their_shape():
    windows = evaluate(apply("window", column("image"), number(2.0)), TABLE)
    assert windows.shape == (5, 2, 2, 2)
    assert np.array_equal(windows[3], IMAGE[3:5])


def test_join_puts_columns_side_by_side():
    joined = evaluate(apply("join", column("image"), column("series")), TABLE)
    assert np.array_equal(joined, np.concatenate([IMAGE.reshape(6, 4), SERIES[:, None]], axis=1))


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        (column("imgae"), "E0605"),
        (apply("multiply", column("word"), number(2.0)), "E0606"),
        (apply("multiply", column("gap"), number(2.0)), "E0607"),
        (apply("add", column("image"), column("wide")), "E0613"),
        (apply("window", column("series"), number(7.0)), "E0614"),
        (apply("window", column("series"), number(0.0)), "E0614"),
        (apply("after", column("series"), number(6.0)), "E0614"),
        (apply("next", column("word")), "E0618"),
        (apply("join", column("frames"), column("frames")), "E0618"),
    ],
)
def test_mistakes_are_named(expression, code):
    assert codes(expression) == [code]


@pytest.mark.parametrize(("shape", "row"), [((4,), 3), ((2, 2), 2)])
def test_a_cell_that_is_no_number_is_named_by_row(shape, row):
    cells = texts(["34", "51", "unknown", "?"])
    table = Table("people.csv", {"age": cells.reshape(shape)})
    with pytest.raises(NNDSLError) as raised:
        evaluate(apply("divide", column("age"), number(100.0)), table)
    message = raised.value.diagnostics[0].message()
    assert message == f"expected a number in row {row} of column 'age' of people.csv, found 'unknown'"
