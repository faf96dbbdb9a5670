"""Long sequences in windows: what lies in each part, and where sequences begin."""

from __future__ import annotations

import numpy as np
import pytest
from data_models import value

from nndsl.data.sequences import characters, lengths_of
from nndsl.data.table import Part
from nndsl.data.windows import Cut, cut
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.semantics.model import Value
from nndsl.types import Axis, Domain, Extent, IndexSet, SetKind

TEXT = "abcdefghijklmnopqrst"


def over(name: str, along: str) -> Value:
    space = (Axis(IndexSet(along, SetKind.SEQUENCE), Extent(along)),)
    return value(name, 30, domain=Domain.ONEHOT, space=space)


def pieces(texts: list[str], window: int, **rest: object) -> tuple[Cut, list[list[str]]]:
    """The windows, and those of each part as text."""
    found = cut((over("x", "T"),), {"x": characters(texts)}, window, **rest)  # type: ignore[arg-type]
    rows = found.columns["x"]
    return found, [["".join(rows.row(number)) for number in part] for part in found.parts]


@pytest.mark.parametrize("window", [1, 3, 4, 100])
def test_the_parts_do_not_depend_on_the_window(window: int) -> None:
    _, parts = pieces([TEXT], window, shares=(0.5, 0.2, 0.3))
    assert ["".join(part) for part in parts] == ["abcdefghij", "klmn", "opqrst"]
    assert all(len(piece) == window for part in parts for piece in part[:-1])


def test_windows_tell_where_a_sequence_or_a_part_begins() -> None:
    found, parts = pieces(["abcdefg", "hi", "jklmno"], 3, shares=(7, 0, 8))
    assert parts == [["abc", "def", "g"], [], ["hi", "jkl", "mno"]]
    assert found.told["T.begins"].tolist() == [1, 0, 0, 1, 1, 0]
    assert found.told["T.length"].tolist() == lengths_of(found.columns["x"]).tolist() == [3, 3, 1, 2, 3, 3]


def test_a_split_of_the_data_s_own_is_kept() -> None:
    _, parts = pieces([TEXT[:18], TEXT[18:]], 4, part=np.array([Part.TRAIN, Part.TEST]))
    assert parts == [["abcd", "efgh", "ijkl", "mnop"], ["qr"], ["st"]]


def test_rows_of_one_length_are_sequences_too() -> None:
    column = np.arange(10).reshape(2, 5)
    found = cut((over("x", "T"),), {"x": column}, 4, shares=(1, 0, 0))
    rows = found.columns["x"]
    assert [rows.row(i).tolist() for i in range(len(rows))] == [[0, 1, 2, 3], [4], [5, 6, 7, 8], [9]]


def test_values_over_different_sequences_are_refused() -> None:
    columns = {"x": characters([TEXT]), "y": characters([TEXT])}
    with pytest.raises(NNDSLError, match="y', which lies over S, another sequence than 'x'"):
        cut((over("x", "T"), over("y", "S")), columns, 4)
