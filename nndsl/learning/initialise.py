"""The numbers that parameters start with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import isqrt, prod, sqrt
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from nndsl.semantics.model import Initial, Model, Parameter
from nndsl.topology.weights import joined_pairs

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...], Initial], Array]


def _he(random: np.random.Generator, shape: tuple[int, ...], initial: Initial) -> Array:
    """Normal with variance 2 / fan-in, for rectified units (He et al. 2015)."""
    return random.normal(0.0, sqrt(2 / max(initial.fan_in, 1)), shape)


def _glorot(random: np.random.Generator, shape: tuple[int, ...], initial: Initial) -> Array:
    """Uniform in ±√(6 / (fan-in + fan-out)) (Glorot and Bengio 2010)."""
    bound = sqrt(6 / max(initial.fan_in + initial.fan_out, 1))
    return random.uniform(-bound, bound, shape)


def _orthogonal(random: np.random.Generator, shape: tuple[int, ...], initial: Initial) -> Array:
    """Rows, or columns where there are fewer, orthonormal (Saxe et al. 2014)."""
    rows = shape[0]
    columns = prod(shape[1:])
    q, r = np.linalg.qr(random.normal(size=(max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diagonal(r))
    orthonormal: Array = q if rows >= columns else q.T
    return orthonormal.reshape(shape)


def _uniform(random: np.random.Generator, shape: tuple[int, ...], initial: Initial) -> Array:
    low, high = initial.numbers
    return random.uniform(low, high, shape)


def _normal(random: np.random.Generator, shape: tuple[int, ...], initial: Initial) -> Array:
    mean, deviation = initial.numbers
    return random.normal(mean, deviation, shape)


def _constant(random: np.random.Generator, shape: tuple[int, ...], initial: Initial) -> Array:
    return np.full(shape, initial.numbers[0])


def _given(random: np.random.Generator, shape: tuple[int, ...], initial: Initial) -> Array:
    return np.asarray(initial.values, np.float64).reshape(shape)


DRAWS: Mapping[str, Draw] = {
    "he": _he,
    "glorot": _glorot,
    "orthogonal": _orthogonal,
    "uniform": _uniform,
    "normal": _normal,
    "constant": _constant,
    "given": _given,
    "examples": _glorot,  # until the stage that learns it begins, and puts examples there
}


def initial_values(model: Model, seed: int) -> Iterator[tuple[str, Array]]:
    """The first values of all parameters, one after the other. Weights of pairs of units that are never wired
    are zero.
    """
    joined = joined_pairs(model)
    for parameter in model.parameters:
        value = initial_value(parameter, seed)
        pairs = joined.get(parameter.name)
        yield parameter.name, value if pairs is None else value * np.reshape(pairs, value.shape)


def initial_value(parameter: Parameter, seed: int) -> Array:
    """A parameter's first value. It depends on the seed and the parameter's name, not on other parameters."""
    random = generator(seed, parameter.name)
    value = DRAWS[parameter.initial.method](random, parameter.shape, parameter.initial)
    if parameter.symmetric or parameter.no_self:
        value = value.reshape(isqrt(value.size), -1)
    if parameter.symmetric:
        value = (value + value.T) / 2
    if parameter.no_self:
        np.fill_diagonal(value, 0.0)
    return value.reshape(parameter.shape)


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Random numbers of their own for a purpose, the same for the same seed on every machine."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, crc32(purpose.encode())])))
