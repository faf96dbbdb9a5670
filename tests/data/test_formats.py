"""What is written in a format is read from it, and what is broken is said to be."""

from __future__ import annotations

import gzip
import pickle
import struct

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nndsl.data import formats
from nndsl.data.formats import read_csv, read_idx, read_npz, read_table
from nndsl.diagnostics.diagnostic import NNDSLError


def mistake(read, *arguments):
    with pytest.raises(NNDSLError) as raised:
        read(*arguments)
    (diagnostic,) = raised.value.diagnostics
    return diagnostic


def write_idx(path, array, open=open):
    """The format as its authors describe it: http://yann.lecun.com/exdb/mnist."""
    code = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}[array.dtype.str[1:]]
    with open(path, "wb") as file:
        file.write(struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape))
        file.write(array.astype(array.dtype.newbyteorder(">")).tobytes())


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize(("name", "opener"), [("x.idx", open), ("x-idx3-ubyte.gz", gzip.open)])
def test_idx_is_read_as_written(tmp_path, dtype, name, opener):
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    write_idx(tmp_path / name, array, opener)
    read = read_table(tmp_path / name).columns["values"]
    assert read.dtype == dtype
    assert np.array_equal(read, array)


def test_npz_is_read_as_written(tmp_path):
    arrays = {"x": np.random.default_rng(0).random((3, 4)), "y": np.arange(3)}
    np.savez(tmp_path / "data.npz", **arrays)
    columns = read_table(tmp_path / "data.npz").columns
    assert all(np.array_equal(columns[name], array) for name, array in arrays.items())


@given(
    st.lists(
        st.tuples(st.integers(-(2**40), 2**40), st.floats(allow_nan=False, allow_infinity=False)), min_size=1
    )
)
def test_csv_is_read_as_pandas_wrote_it(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "data.csv"
    frame = pd.DataFrame(rows, columns=["whole", "real"])
    frame.to_csv(path, index=False)
    columns = read_csv(path)
    assert columns["whole"].tolist() == frame["whole"].tolist()
    assert np.allclose(columns["real"], frame["real"], rtol=1e-15)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a,b\n1,2\n3,4\n", {"a": [1, 3], "b": [2, 4]}),
        ("a;b\n1;2\n", {"a": [1], "b": [2]}),
        ("a\tb\n1\t2\n", {"a": [1], "b": [2]}),
        ("\ufeffa,b\n1,2\n", {"a": [1], "b": [2]}),
        ("word\nyes\n\n", {"word": ["yes"]}),
        ("word,a\nno,1\n,2\n", {"word": ["no", ""], "a": [1, 2]}),
        ("1,2\n3,4\n", {"column": [[1, 2], [3, 4]], "column1": [1, 3], "column2": [2, 4]}),
        ("p0,p1,z\n1,2,3\n", {"p": [[1, 2]], "p0": [1], "p1": [2], "z": [3]}),
        ("p[0],p[1]\n1,2\n", {"p": [[1, 2]], "p[0]": [1], "p[1]": [2]}),
        ("p_2,p_1\n2,1\n", {"p": [[1, 2]], "p_2": [2], "p_1": [1]}),
        ("p0,p1\n1,2\n3,?\n", {"p": [[1, "2"], [3, "?"]], "p0": [1, 3], "p1": ["2", "?"]}),
        ("p0,p1\n1,a\n3,b\n", {"p0": [1, 3], "p1": ["a", "b"]}),
        ("p0,p2\n1,2\n", {"p0": [1], "p2": [2]}),
    ],
)
def test_csv_columns(tmp_path, text, columns):
    (tmp_path / "data.csv").write_text(text, encoding="utf-8")
    found = read_csv(tmp_path / "data.csv")
    assert {name: column.tolist() for name, column in found.items()} == columns


def test_text_is_a_row_a_line(tmp_path):
    (tmp_path / "names.txt").write_text("ada\nalan\n", encoding="utf-8")
    assert read_table(tmp_path / "names.txt").columns["text"].tolist() == ["ada", "alan"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.csv", b""),
        ("data.csv", b"a,b\n1,2,3\n4,5,6\n"),
        ("data.csv", b'a,b\n1,"2\n'),
        ("data.csv", b"a,b\n\xff\xfe,1\n"),
        ("data.csv.gz", b"a,b\n1,2\n"),
        ("data.npz", b"PK\x03\x04 and no more"),
        ("data.npy", b"nothing of the kind"),
        ("data.idx", b""),
        ("data.idx", b"\0\0\x08\x01\0\0\0\x09abc"),
        ("data.idx", b"\0\0\x07\x01\0\0\0\x01a"),
        ("data.txt", b"\xff\xfe"),
        ("data.xlsx", b""),
    ],
)
def test_broken_files_are_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    diagnostic = mistake(read_table, tmp_path / name)
    assert diagnostic.code == "E0603"
    assert name in diagnostic.message()


def test_a_file_cut_short_is_refused(tmp_path):
    write_idx(tmp_path / "x.idx.gz", np.zeros((100, 100), "u1"), gzip.open)
    whole = (tmp_path / "x.idx.gz").read_bytes()
    (tmp_path / "x.idx.gz").write_bytes(whole[: len(whole) // 2])
    assert mistake(read_table, tmp_path / "x.idx.gz").code == "E0603"


def test_pickles_stay_closed(tmp_path):
    np.savez(tmp_path / "data.npz", x=np.array([{"a": 1}], object))
    assert mistake(read_table, tmp_path / "data.npz").code == "E0603"
    (tmp_path / "data.npy").write_bytes(pickle.dumps([1, 2]))
    assert mistake(read_table, tmp_path / "data.npy").code == "E0603"


@pytest.mark.parametrize("name", ["data.csv", "data.csv.gz", "data.npz", "data.idx.gz"])
def test_what_does_not_fit_into_memory_is_refused(tmp_path, monkeypatch, name):
    path = tmp_path / name
    if name == "data.npz":
        np.savez_compressed(path, x=np.zeros(10_000))
    else:
        opener = gzip.open if name.endswith(".gz") else open
        with opener(path, "wb") as file:
            file.write(b"\0" * 80_000)
    monkeypatch.setattr(formats, "memory_for_data_bytes", lambda: 50_000)
    assert mistake(read_table, path).code == "E0604"


def test_arrays_that_are_missing_are_named(tmp_path):
    np.savez(tmp_path / "data.npz", x=np.zeros(3))
    assert "y" in mistake(read_npz, tmp_path / "data.npz", ("x", "y")).message()


def test_idx_of_nothing(tmp_path):
    write_idx(tmp_path / "x.idx", np.zeros((0, 28, 28), "u1"))
    assert read_idx(tmp_path / "x.idx").shape == (0, 28, 28)
