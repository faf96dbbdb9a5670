"""Files of data -> arrays and tables: csv, npz, npy, idx and text, told by the file's name.

Every function raises NNDSLError with UnreadableDataFile where the content is not what the name promises,
and with DataTooLarge before taking more than half of the machine's memory.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from nndsl.data.examples import Array
from nndsl.data.table import Column, Table, texts
from nndsl.diagnostics.catalogue.data import DataTooLarge, UnreadableDataFile
from nndsl.diagnostics.diagnostic import NNDSLError

_BROKEN = (OSError, EOFError, ValueError, KeyError, MemoryError, zlib.error, zipfile.BadZipFile)
_IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_PARSED_SIZE = 3  # a table of numbers takes at most about three times its text


def read_table(path: Path) -> Table:
    """The columns of a file of the user's.

    csv, tsv: one a header cell, and `pixel` for `pixel0, pixel1, …` together; npz: one an array; npy, idx:
    `values`; text: `text`, a line a row.
    """
    name = path.name.removesuffix(".gz")
    suffix = Path(name).suffix
    if suffix in (".csv", ".tsv"):
        return Table(path.name, read_csv(path))
    if suffix == ".npz":
        return Table(path.name, read_npz(path))
    if suffix == ".npy":
        return Table(path.name, {"values": _read_npy(path)})
    if suffix == ".idx" or name.endswith("-ubyte"):
        return Table(path.name, {"values": read_idx(path)})
    if suffix == ".txt":
        return Table(path.name, {"text": texts(read_lines(path))})
    raise _unreadable(path, "a csv, tsv, npz, npy, idx or txt file", "its name ends in none of these")


def read_numbers(path: Path, delimiter: str | None = ",", skip_lines: int = 0) -> Array:
    """A rectangle of numbers without a header. Shape: (rows, columns)."""
    with _readable(path, "rows of numbers"):
        text = io.StringIO(_content(path, _PARSED_SIZE).decode("utf-8"))
        return np.loadtxt(text, delimiter=delimiter, skiprows=skip_lines, ndmin=2)


def read_lines(path: Path) -> list[str]:
    with _readable(path, "UTF-8 text"):
        return _content(path, _PARSED_SIZE).decode("utf-8").splitlines()


def read_idx(path: Path) -> Array:
    """An idx array: two zero bytes, type, number of dimensions, the dimensions, then the values."""
    with _readable(path, "an idx array"):
        content = _content(path)
        if content[:2] != b"\0\0" or content[2] not in _IDX_TYPES:
            raise ValueError("it does not begin like one")
        dimensions = content[3]
        shape = np.frombuffer(content, ">u4", dimensions, offset=4).tolist()
        values = np.frombuffer(content, _IDX_TYPES[content[2]], offset=4 + 4 * dimensions)
        return values.reshape(shape).astype(values.dtype.newbyteorder("="), copy=False)


def read_npz(path: Path, names: Sequence[str] | None = None) -> Mapping[str, Array]:
    """The arrays of these names, or all; never unpickles."""
    with _readable(path, "numpy arrays"):
        with zipfile.ZipFile(path) as archive:
            _refuse_beyond_memory(path, sum(member.file_size for member in archive.infolist()))
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in (arrays.files if names is None else names)}


def _read_npy(path: Path) -> Array:
    with _readable(path, "a numpy array"):
        array: Array = np.load(io.BytesIO(_content(path)), allow_pickle=False)
        return array


def read_csv(path: Path) -> dict[str, Column]:
    """The columns of a table with a header line, or of one of numbers without, by name."""
    import pandas as pd

    with _readable(path, "a table of comma-separated values"), warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        content = _content(path, _PARSED_SIZE)
        first = content.split(b"\n", 1)[0].decode("utf-8-sig")
        separator = max(",;\t", key=first.count)
        header = None if all(map(_is_number, first.split(separator))) else 0
        try:
            frame = pd.read_csv(
                io.BytesIO(content), sep=separator, header=header, index_col=False, low_memory=False
            )
        except pd.errors.ParserWarning:
            raise ValueError("a row has more cells than the header") from None
        except pd.errors.ParserError as error:
            raise ValueError(str(error).removeprefix("Error tokenizing data. C error: ").lower()) from None
        names = [f"column{i + 1}" if header is None else str(name).strip() for i, name in enumerate(frame)]
        columns = {name: _from_series(frame.iloc[:, i]) for i, name in enumerate(names)}
    return _groups(columns) | columns


def _from_series(series: Any) -> Array:
    if series.dtype.kind in "biuf":
        numbers: Array = series.to_numpy()
        return numbers
    return texts(series.fillna("").astype(str))


def _groups(columns: Mapping[str, Array]) -> dict[str, Column]:
    """`pixel` for the columns of numbers `pixel0, pixel1, …`, also written `pixel[0]`, `pixel_1`."""
    members: dict[str, dict[int, Array]] = {}
    for name, column in columns.items():
        match = re.fullmatch(r"(.*?[^\W\d_])[ _.\[]?(\d+)\]?", name)
        if match and holds_numbers(column):
            members.setdefault(match[1], {})[int(match[2])] = column
    return {
        name: np.stack([of[i] for i in sorted(of)], axis=1)
        for name, of in members.items()
        if name not in columns and len(of) > 1 and sorted(of) == list(range(min(of), min(of) + len(of)))
    }


def holds_numbers(column: Array) -> bool:
    """Whether a column of a table is one of numbers, even if some of its cells are none."""
    return column.dtype != object or any(map(_is_number, column))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _content(path: Path, growth: int = 1) -> bytes:
    """The bytes of a file, decompressed, whose contents will take `growth` times as much memory."""
    limit = memory_for_data_bytes() // growth
    _refuse_beyond_memory(path, path.stat().st_size * growth)
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        content = file.read(limit + 1)
    _refuse_beyond_memory(path, len(content) * growth)
    return content


def _refuse_beyond_memory(path: Path, needed_bytes: int) -> None:
    available = memory_for_data_bytes()
    if needed_bytes > available:
        raise NNDSLError([DataTooLarge(path=str(path), needed_bytes=needed_bytes, available_bytes=available)])


def memory_for_data_bytes() -> int:
    """Half of the machine's memory in bytes; of 16 GB where the system does not tell."""
    if hasattr(os, "sysconf"):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    return 2**33


@contextmanager
def _readable(path: Path, expected: str) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        reason = re.sub(r"\s+", " ", str(error)).strip("'\" ") or type(error).__name__
        raise _unreadable(path, expected, reason) from None


def _unreadable(path: Path, expected: str, reason: str) -> NNDSLError:
    return NNDSLError([UnreadableDataFile(path=str(path), expected=expected, reason=reason)])
