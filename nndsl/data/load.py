"""A model -> the data that it asks for: find, read, bind, split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from nndsl.data.bind import bind
from nndsl.data.convert import DType
from nndsl.data.examples import Parts
from nndsl.data.find import data_directories, file_table, named_table
from nndsl.data.random import random_parts
from nndsl.data.table import Table
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.semantics.model import Dataset, Model
from nndsl.source import Span


def load_parts(network: Model, given: Sequence[Path] = (), seed: int = 0, dtype: DType = np.float32) -> Parts:
    """The examples of a network's data statement, or random ones where it has none.

    `given` are directories to look in before the usual ones. Raises NNDSLError where data are not found,
    broken, or do not fit the network.
    """
    if network.dataset is None:
        return random_parts(network, seed=seed, dtype=dtype)
    table = load_table(network.dataset, Path(network.source.name).parent, given)
    return bind(network.dataset, network, table, seed, dtype)


def load_table(dataset: Dataset, beside: Path, given: Sequence[Path] = ()) -> Table:
    """The table of a data statement, whose files may lie `beside` the spec."""
    with _placed_at(_source_span(dataset)):
        if dataset.path:
            return file_table(dataset.source, (beside, *data_directories(given)))
        return named_table(dataset.source, data_directories(given))


def _source_span(dataset: Dataset) -> Span:
    """The place of the set's name, or of the file's, in the data statement."""
    span = dataset.span
    start = span.start + max(span.text.find(dataset.source, len("data")), 0)
    return Span(span.source, start, start + len(dataset.source))


@contextmanager
def _placed_at(span: Span) -> Iterator[None]:
    """Shows mistakes that know no place in the spec at this one."""
    try:
        yield
    except NNDSLError as error:
        raise NNDSLError(replace(d, span=d.span or span) for d in error.diagnostics) from None
