"""A table: the named columns of a data set, as its files hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from nndsl.data.examples import Array


class Part(IntEnum):
    """Which part of a data set a row belongs to."""

    UNUSED = -1
    TRAIN = 0
    VALIDATION = 1
    TEST = 2


@dataclass(frozen=True, slots=True)
class Ragged:
    """A column whose rows differ in length: row i is `values[starts[i]:starts[i + 1]]`.

    Shapes: values (items, …), starts (rows + 1,).
    """

    values: Array
    starts: Array

    def __len__(self) -> int:
        return len(self.starts) - 1

    def row(self, i: int) -> Array:
        return self.values[self.starts[i] : self.starts[i + 1]]


Column = Array | Ragged


@dataclass(frozen=True, slots=True)
class Table:
    """`name` is what a reader calls it: a set's name or a file. Columns have one row an example.

    `part` (rows,) is the split that comes with the data, as numbers of `Part`; None where there is none.
    """

    name: str
    columns: Mapping[str, Column]
    part: Array | None = None


def one_row(values: Array) -> Ragged:
    """A column of a single row that holds all the values: one text, one graph."""
    return Ragged(values, np.array([0, len(values)]))


def texts(strings: Iterable[str]) -> Array:
    """A column of strings of any lengths."""
    return np.array(list(strings), dtype=object)
