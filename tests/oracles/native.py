"""Trainings by the native executor, and the minibatches that it saw, for those who repeat them elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import nndsl
from nndsl.data.examples import Examples, Parts
from nndsl.learning.initialise import generator
from nndsl.learning.observer import Observer
from nndsl.learning.trainer import Options, fit
from nndsl.network import Network
from nndsl.planning.plan import Precision

Array = NDArray[Any]
Numbers = dict[str, Array]


def examples(count: int, arrays: Mapping[str, Array], precision: str) -> Examples:
    """Arrays as the trainer takes them: reals in the precision, class numbers as int32."""
    found = {
        name: np.ascontiguousarray(array, np.int32 if array.dtype.kind == "i" else precision)
        for name, array in arrays.items()
    }
    return Examples(found, count)


def train(
    network: Network,
    arrays: Mapping[str, Array],
    *,
    precision: str = "float64",
    seed: int = 0,
    threads: int = 1,
    validation: Mapping[str, Array] | None = None,
    observer: Observer | None = None,
) -> Numbers:
    """Trains on all the arrays, and returns the parameters as they are afterwards."""
    held = dict(validation or {name: array[:0] for name, array in arrays.items()})
    train, validated = (examples(len(next(iter(part.values()))), part, precision) for part in (arrays, held))
    parts = Parts(train, validated, validated)
    fit(network, parts, Options(seed, Precision(precision), threads), observer)
    return numbers(network)


def numbers(network: Network) -> Numbers:
    """The parameters as they are now."""
    return {name: value.copy() for name, value in network.parameters.items()}


def start(text: str, precision: str = "float64", seed: int = 0, **settings: float) -> tuple[Network, Numbers]:
    """A network of a spec's text, and the numbers that it begins with."""
    network = nndsl.compile(text, **settings)
    network.initialise(seed, precision)
    return network, numbers(network)


def minibatches(count: int, batch: int, epochs: int, seed: int = 0, stage: str = "train") -> Iterator[Array]:
    """The rows of each minibatch that a stage learns from, in order; an epoch's last one may be smaller."""
    random = generator(seed, f"order of {stage}")
    for _ in range(epochs):
        order = random.permutation(count)
        yield from (order[first : first + batch] for first in range(0, count, batch))


def tensors(values: Mapping[str, Array], learned: bool = True) -> dict[str, Any]:
    """Arrays as tensors of PyTorch, that gradients are wanted of where `learned`."""
    import torch

    found = {
        name: torch.tensor(value.astype(np.int64) if value.dtype.kind == "i" else value)
        for name, value in values.items()
    }
    return {name: tensor.requires_grad_(learned) for name, tensor in found.items()} if learned else found


Loss = Callable[[dict[str, Any]], Any]


def rows(values: Mapping[str, Any], chosen: Array) -> dict[str, Any]:
    """The chosen examples."""
    return {name: value[chosen] for name, value in values.items()}
