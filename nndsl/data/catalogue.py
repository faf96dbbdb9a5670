"""The catalogue of named data sets: one decorated function is one set.

    @source("digits", rows="digits.csv.gz")
    def digits(rows: Path) -> Table: ...

The keywords are the files that the set is read from, relative to a directory of the data path, and arrive
as the paths at which they were found. The docstring says what the columns mean and where a split comes
from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nndsl.data.table import Table

Reader = Callable[..., Table]


@dataclass(frozen=True, slots=True)
class DataSource:
    """A named set: the files that it needs, by the keyword of `read` that takes each."""

    name: str
    files: Mapping[str, str]
    read: Reader

    @property
    def doc(self) -> str:
        return self.read.__doc__ or ""


_SOURCES: dict[str, DataSource] = {}


def source(name: str, **files: str) -> Callable[[Reader], Reader]:
    """Puts the decorated reader into the catalogue."""

    def add(read: Reader) -> Reader:
        if name in _SOURCES:
            raise ValueError(f"data set {name} is in the catalogue twice")
        _SOURCES[name] = DataSource(name, files, read)
        return read

    return add


def sources() -> Mapping[str, DataSource]:
    """All named sets. Loads the modules of `nndsl.data.sources` on first use."""
    from nndsl.data.sources import load

    load()
    return _SOURCES
