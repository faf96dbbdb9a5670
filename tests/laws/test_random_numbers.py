"""The random operators: the published generator, and numbers that are spread as they should be."""

import numpy as np
import pytest
from scipy import stats

from nndsl.graph.types import real
from nndsl.operators.random import Normal, Uniform, philox

# The known-answer vectors for philox4x32-10 that are distributed with Random123.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_generator_gives_the_published_words(counter: tuple, key: tuple, words: tuple) -> None:
    given = tuple(np.array([word], np.uint64) for word in counter)
    assert tuple(int(word[0]) for word in philox(given, key)) == words


def draw(operator: type, stream: int, seed: int, step: int) -> np.ndarray:
    return operator(stream, real(40_000).dimensions).evaluate((np.int64(seed), np.int64(step)), {})


def test_uniform_numbers_are_uniform() -> None:
    numbers = draw(Uniform, 3, 11, 5)
    assert numbers.min() > 0 and numbers.max() < 1
    assert stats.kstest(numbers, "uniform").pvalue > 0.001


def test_normal_numbers_are_normal_and_uncorrelated() -> None:
    numbers = draw(Normal, 3, 11, 5)
    assert stats.kstest(numbers, "norm").pvalue > 0.001
    assert abs(np.corrcoef(numbers[::2], numbers[1::2])[0, 1]) < 4 / np.sqrt(20_000)


def test_stream_seed_and_step_each_give_other_numbers() -> None:
    variants = [(3, 11, 5), (4, 11, 5), (3, 12, 5), (3, 11, 6), (3, 11 + 2**32, 5)]
    draws = [draw(Uniform, *variant) for variant in variants]
    for i, a in enumerate(draws):
        for b in draws[:i]:
            assert abs(np.corrcoef(a, b)[0, 1]) < 4 / np.sqrt(40_000)


def test_uniform_numbers_are_exact_in_single_precision() -> None:
    numbers = draw(Uniform, 0, 1, 0)
    np.testing.assert_array_equal(numbers.astype(np.float32).astype(np.float64), numbers)
