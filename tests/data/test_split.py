"""A split is a partition, the same whenever the seed is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nndsl.data.split import split
from nndsl.data.table import Part

SHARES = st.tuples(*[st.floats(0, 1)] * 3).filter(lambda shares: sum(shares) > 0.01)


@given(st.integers(1, 500), st.none() | SHARES, st.booleans(), st.integers(0, 2**31))
def test_every_row_is_in_exactly_one_part(count, shares, in_order, seed):
    parts = split(count, shares=shares, in_order=in_order, seed=seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(count))
    again = split(count, shares=shares, in_order=in_order, seed=seed)
    assert all(np.array_equal(a, b) for a, b in zip(parts, again, strict=True))


@given(st.integers(10, 500), SHARES)
def test_shares_are_kept_to_within_a_row(count, shares):
    sizes = [len(part) for part in split(count, shares=shares)]
    assert np.allclose(sizes, count * np.array(shares) / sum(shares), atol=1)


def test_in_order_cuts_one_after_the_other():
    train, validation, test = split(10, shares=(0.7, 0.1, 0.2), in_order=True)
    assert (train.tolist(), validation.tolist(), test.tolist()) == (list(range(7)), [7], [8, 9])


def test_eighty_ten_ten_where_nothing_else_is_said():
    assert [len(part) for part in split(1000)] == [800, 100, 100]


def test_own_split_is_kept_and_a_ninth_of_its_training_part_validates():
    part = np.where(np.arange(1000) % 10 == 0, Part.TEST, Part.TRAIN)
    train, validation, test = split(1000, part)
    assert test.tolist() == list(range(0, 1000, 10))
    assert (len(train), len(validation)) == (800, 100)
    assert not set(train) & set(validation)


def test_own_validation_part_is_kept_and_unused_rows_are_left_out():
    part = np.array([Part.TRAIN, Part.VALIDATION, Part.UNUSED, Part.TEST, Part.TRAIN])
    train, validation, test = split(5, part)
    assert (train.tolist(), validation.tolist(), test.tolist()) == ([0, 4], [1], [3])


@pytest.mark.parametrize("in_order", [False, True])
def test_shares_that_are_given_come_before_the_own_split(in_order):
    part = np.full(10, Part.TEST)
    assert len(split(10, part, (0.5, 0.2, 0.3), in_order)[0]) == 5
