"""Examples: arrays ready for a network, one row an example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from nndsl.data.graphs import Graphs

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Examples:
    """`inputs` maps the name of each input and target to its array; all have `count` rows.

    Shapes: (count, *index space, *units), C-contiguous float32 for the domains real, binary and bipolar;
    (count, *index space, *all units but the last) int32 class numbers for onehot.
    `classes` are the words that the numbers stand for, by name, where the data had words.
    Where examples are data graphs, `graphs` tells which arrays have a row for each node or edge instead,
    those of all examples one after the other, and where each example's lie.
    """

    inputs: Mapping[str, Array]
    count: int
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    graphs: Graphs | None = None

    def together(self) -> Mapping[str, Array]:
        """What a network is fed to see all examples at once."""
        if self.graphs is None:
            return self.inputs
        return self.graphs.union(self.inputs, np.arange(self.count))

    def take(self, rows: Array) -> Examples:
        """The examples at these row numbers, in this order."""
        if self.graphs is not None:
            taken = self.graphs.taken(self.inputs, rows)
            return Examples(taken, len(rows), self.classes, self.graphs.take(rows))
        chosen = {name: np.ascontiguousarray(array[rows]) for name, array in self.inputs.items()}
        return Examples(chosen, len(rows), self.classes)


@dataclass(frozen=True, slots=True)
class Parts:
    """The three parts of a data set. A part that a split leaves out has no examples."""

    train: Examples
    validation: Examples
    test: Examples

    def __iter__(self) -> Iterator[tuple[str, Examples]]:
        yield "train", self.train
        yield "validation", self.validation
        yield "test", self.test
