"""Texts and other sequences of unequal length, from columns to padded arrays."""

from __future__ import annotations

import numpy as np
import pytest
from data_models import apply, column, dataset, network, number, value

from nndsl.data.bind import bind, bind_values
from nndsl.data.examples import Examples, Parts
from nndsl.data.given import given_examples
from nndsl.data.sequences import characters, padded, windows, words
from nndsl.data.table import Column, Ragged, Table, texts
from nndsl.data.vocabulary import vocabulary
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.semantics import model
from nndsl.types import Axis, Domain, Extent, IndexSet, SetKind

T = (Axis(IndexSet("T", SetKind.SEQUENCE), Extent("T")),)
NAMES = texts(["ada", "alan", "al"])
SOUND = Ragged(np.arange(12.0).reshape(6, 2), np.array([0, 1, 4, 6]))


def over_time(name: str, units: int, domain: Domain = Domain.ONEHOT) -> model.Value:
    return value(name, units, domain=domain, space=T)


def examples(*bindings: tuple[model.Value, model.ColumnExpression], **columns: Column) -> Examples:
    data = dataset("table", *bindings)
    return bind_values(data, tuple(bound for bound, _ in bindings), Table("table", columns))


def text_of(found: Examples, name: str, row: int) -> list[str]:
    numbers = found.inputs[name][row, : found.inputs["T.length"][row]]
    return [found.classes[name][number] for number in numbers]


def test_next_predicts_from_the_beginning_to_the_end_mark():
    x, y = over_time("x", 5), over_time("y", 5)
    found = examples((x, column("text")), (y, apply("next", column("text"))), text=NAMES)
    assert text_of(found, "x", 0) == ["</s>", "a", "d", "a"]
    assert text_of(found, "y", 0) == ["a", "d", "a", "</s>"]
    assert found.inputs["T.length"].tolist() == [4, 5, 3]
    assert found.inputs["y"][2].tolist()[3:] == [-1, -1]


def test_previous_is_given_what_comes_before():
    x, y = over_time("x", 5), over_time("y", 5)
    found = examples((x, apply("previous", column("text"))), (y, column("text")), text=NAMES)
    assert text_of(found, "x", 2) == ["</s>", "a", "l"]
    assert text_of(found, "y", 2) == ["a", "l", "</s>"]


def test_a_text_alone_has_no_marks():
    found = examples((over_time("x", 4), column("text")), text=NAMES)
    assert text_of(found, "x", 2) == ["a", "l"]


def test_tokens_are_words_and_characters_of_scripts_that_part_no_words():
    rows = words(["Don't go, Tom!", "我不去。OK"])
    assert rows.row(0).tolist() == ["Don't", "go", ",", "Tom", "!"]
    assert rows.row(1).tolist() == ["我", "不", "去", "。", "OK"]


def test_rare_tokens_become_unknown():
    assert vocabulary(np.array(["a", "b", "b", "c", "c", "c"]), 2) == ("<unk>", "c")
    assert vocabulary(np.array(["a", "b", "</s>"]), 3) == ("</s>", "a", "b")
    assert vocabulary(np.array(["a", "b"]), 9) == ("<unk>", "a", "b")


def test_numbers_are_padded_with_their_last_value():
    found = examples(
        (over_time("x", 2, Domain.REAL), apply("divide", column("sound"), number(2.0))), sound=SOUND
    )
    assert found.inputs["x"].shape == (3, 3, 2)
    assert found.inputs["x"][0].tolist() == [[0, 0.5]] * 3
    assert found.inputs["T.length"].tolist() == [1, 3, 2]
    assert padded(Ragged(np.ones(2), np.array([0, 0, 2]))).tolist() == [[0, 0], [1, 1]]


def test_a_column_of_single_numbers_is_one_sequence():
    x, y = over_time("x", 1, Domain.REAL), over_time("y", 1, Domain.REAL)
    found = examples((x, column("series")), (y, apply("next", column("series"))), series=np.arange(6.0))
    assert found.inputs["x"][0, :, 0].tolist() == [0, 1, 2, 3, 4]
    assert found.inputs["y"][0, :, 0].tolist() == [1, 2, 3, 4, 5]


def test_windows_cut_running_text():
    rows, owners = windows(characters(["abcde", "xy"]), 3)
    assert [rows.row(i).tolist() for i in range(len(rows))] == [["a", "b", "c"], ["d", "e"], ["x", "y"]]
    assert owners.tolist() == [0, 0, 1]


def parts(train: list[str], rest: list[str], size: int) -> Parts:
    x = over_time("x", size)
    data = dataset(
        "table", (x, apply("tokens", column("text"))), shares=(len(train), 0, len(rest)), in_order=True
    )
    return bind(data, network(x, data=data), Table("table", {"text": texts(train + rest)}))


def test_the_vocabulary_is_the_training_part_s():
    found = parts(["a b a", "b a"], ["c a"], 5)
    assert found.test.classes["x"] == ("<unk>", "a", "b")
    assert found.test.inputs["x"].tolist() == [[0, 1, -1]]


def test_sequences_that_differ_are_refused():
    x, y = over_time("x", 5), over_time("y", 5)
    with pytest.raises(NNDSLError) as raised:
        examples((x, column("a")), (y, column("b")), a=NAMES, b=texts(["ada", "ala", "al"]))
    (found,) = raised.value.diagnostics
    assert (found.code, found.row) == ("E0619", 2)


def test_arrays_of_unequal_length_are_given_as_a_list():
    x = over_time("x", 2, Domain.REAL)
    asked = network(x)
    rows = [np.ones((2, 2)), np.zeros((3, 2))]
    listed = given_examples(asked, {"x": rows})
    assert listed.inputs["T.length"].tolist() == [2, 3]
    assert listed.inputs["x"].shape == (2, 3, 2)
