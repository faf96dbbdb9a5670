"""Which examples prototypes begin as."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]


def any_examples(random: np.random.Generator, count: int, units: int) -> Places:
    """An example of `count` for each unit, all different where there are enough."""
    return random.choice(count, units, replace=units > count)


def examples_by_class(random: np.random.Generator, labels: NDArray[Any], units: int) -> Places:
    """An example of its class for each unit, all different where there are enough; of any class where there
    is none.

    Shapes: labels (examples, classes), one-hot. The units of a class follow one another.
    """
    count, classes = labels.shape
    chosen = []
    for number in range(classes):
        members = np.flatnonzero(labels.argmax(axis=1) == number)
        pool = members if members.size else np.arange(count)
        chosen.append(pool[any_examples(random, pool.size, units // classes)])
    return np.concatenate(chosen)
