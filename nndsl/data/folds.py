"""Cross-validation: equal parts of the examples, each of which is the test part once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from nndsl.data.examples import Array
from nndsl.data.table import Column, Part, Table
from nndsl.semantics.model import Dataset, Fold, Value
from nndsl.types import Domain

FOLDS = "fold"
"""The column in which data come with folds of their own, numbered from zero."""


def own_part(
    dataset: Dataset, table: Table, targets: Iterable[Value], columns: Mapping[str, Column], seed: int
) -> Array | None:
    """The part of each row of a table, as numbers of `Part`: by the fold that the data statement asks for,
    else as the data have it, if they have."""
    if dataset.fold is None:
        return table.part
    rows = max(map(len, table.columns.values()), default=0)
    classes = (columns.get(target.name) for target in targets if target.type.domain is Domain.ONEHOT)
    one_a_row = (found for found in classes if isinstance(found, np.ndarray) and found.shape == (rows,))
    own = table.columns.get(FOLDS)
    given = own if isinstance(own, np.ndarray) else None
    return part_by_fold(dataset.fold, rows, given, next(one_a_row, None), seed)


def part_by_fold(fold: Fold, count: int, own: Array | None, classes: Array | None, seed: int) -> Array:
    """The fold asked for is the test part (count,), all others are for training.

    The data's `own` folds are taken if there are as many as asked for; else they are drawn by the seed.
    """
    if own is None or len(np.unique(own)) != fold.count:
        own = drawn_folds(count, fold.count, classes, seed)
    return np.where(own == fold.number, Part.TEST, Part.TRAIN)


def drawn_folds(count: int, folds: int, classes: Array | None = None, seed: int = 0) -> Array:
    """The fold of each row. Folds differ by one row at most, as a whole and in each class."""
    rows = np.random.default_rng(seed).permutation(count)
    if classes is not None:
        rows = rows[np.argsort(classes[rows], kind="stable")]
    found = np.empty(count, np.int64)
    found[rows] = np.arange(count) % folds
    return found
