"""Every row is tested in exactly one fold, and classes are shared out evenly."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import nndsl
from nndsl.data.bind import bind
from nndsl.data.folds import drawn_folds
from nndsl.data.table import Table, one_row

ROWS = 40


@given(st.lists(st.integers(0, 3), min_size=2, max_size=200), st.integers(2, 12), st.integers(0, 99))
def test_folds_are_equal_as_a_whole_and_in_each_class(classes, folds, seed):
    classes = np.array(classes)
    found = drawn_folds(len(classes), folds, classes, seed)
    for rows in (found, *(found[classes == which] for which in range(4))):
        sizes = np.bincount(rows, minlength=folds)
        assert len(sizes) == folds
        assert np.ptp(sizes) <= 1
    assert np.array_equal(found, drawn_folds(len(classes), folds, classes, seed))


def parts(number: int, count: int, **columns):
    spec = f"""network N {{
      input x  target y[2] onehot
      output o[2] = full(x)
      train {{ minimize cross_entropy(o, y) }}
      data "t.npz" {{ split fold {number} of {count} }}
    }}"""
    model = nndsl.compile(spec).model
    table = Table("t.npz", {"x": np.arange(ROWS), "y": np.arange(ROWS) % 2, **columns})
    found = bind(model.dataset, model, table)
    return [
        set(part.inputs["x"].ravel().astype(int).tolist())
        for part in (found.train, found.validation, found.test)
    ]


def test_every_row_is_tested_once():
    tested = [parts(number, 5)[2] for number in range(5)]
    assert sorted(row for part in tested for row in part) == list(range(ROWS))


def test_the_three_parts_are_the_whole():
    train, validation, test = parts(1, 4)
    assert train | validation | test == set(range(ROWS))
    assert (len(train), len(validation), len(test)) == (27, 3, 10)


def test_the_data_own_folds_are_taken_where_there_are_as_many():
    own = np.arange(ROWS) // 10
    assert parts(2, 4, fold=own)[2] == set(range(20, 30))
    assert parts(2, 5, fold=own)[2] == parts(2, 5)[2]


def test_nodes_of_one_graph_fall_into_folds():
    spec = """network N(k = 0) {
      graph G
      input x over i in G.nodes
      target y[2] onehot over i in G.nodes
      output o[2] = full(x) + sum(full(x[j]) over j in neighbours(i))
      train { minimize cross_entropy(o, y) }
      data "t.npz" { split fold k of 4 }
    }"""
    labels = np.arange(ROWS) % 2
    labels[:8] = -1
    nodes = {"x": one_row(np.arange(ROWS)), "y": one_row(labels), "edges": one_row(np.zeros((0, 2), int))}
    tested = []
    for k in range(4):
        model = nndsl.compile(spec, k=k).model
        there = np.flatnonzero(bind(model.dataset, model, Table("t", nodes)).test.inputs["y"].ravel() >= 0)
        assert labels[there].mean() == 0.5
        tested += there.tolist()
    assert sorted(tested) == list(range(8, ROWS))
