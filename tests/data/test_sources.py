"""Every named set is found, documented, and what its authors say it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nndsl.data.catalogue import sources
from nndsl.data.find import data_directories, file_table, named_table
from nndsl.data.table import Part
from nndsl.diagnostics.diagnostic import NNDSLError

SHIPPED = ("digits", "iris", "wine", "breast_cancer", "diabetes")


def found(name):
    try:
        return named_table(name, data_directories())
    except NNDSLError as error:
        if name in SHIPPED:
            raise
        pytest.skip(error.diagnostics[0].message())


@pytest.mark.parametrize("name", sources())
def test_a_set_is_documented(name):
    assert "Columns:" in sources()[name].doc
    assert "plit" in sources()[name].doc


@pytest.mark.parametrize("name", sources())
def test_every_column_has_a_row_for_every_example(name):
    table = found(name)
    counts = {len(column) for column in table.columns.values()}
    assert len(counts) == 1
    assert table.part is None or {len(table.part)} == counts


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_sets_are_those_of_scikit_learn(name):
    from sklearn import datasets

    theirs = getattr(datasets, f"load_{name}")(**({"scaled": False} if name == "diabetes" else {}))
    ours = found(name).columns
    features = ours["image"].reshape(-1, 64) if name == "digits" else ours["features"]
    assert np.array_equal(features, theirs.data)
    assert np.array_equal(ours["target" if name == "diabetes" else "label"], theirs.target)


def test_shipped_sets_do_not_import_scikit_learn():
    code = (
        "import sys; from nndsl.data.find import *; named_table('digits', data_directories()); "
        "sys.exit('sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_third_of_digits_is_for_the_test():
    assert np.array_equal(np.flatnonzero(found("digits").part == Part.TEST), np.arange(2, 1797, 3))


# Counts as published by the authors; see the docstrings of the sources.
@pytest.mark.parametrize(
    ("name", "shape", "train", "test"),
    [
        ("mnist", (70000, 28, 28), 60000, 10000),
        ("fashion_mnist", (70000, 28, 28), 60000, 10000),
        ("usps", (9298, 16, 16), 7291, 2007),
    ],
)
def test_official_splits(name, shape, train, test):
    table = found(name)
    assert table.columns["image"].shape == shape
    assert (np.sum(table.part == Part.TRAIN), np.sum(table.part == Part.TEST)) == (train, test)


def test_mnist_has_the_known_class_counts():
    table = found("mnist")
    labels = table.columns["label"][table.part == Part.TEST]
    assert np.bincount(labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.parametrize(
    ("name", "nodes", "edges"), [("cora", 2708, 5278), ("citeseer", 3327, 4552), ("karate", 34, 78)]
)
def test_graphs_have_their_nodes_and_every_edge_in_both_directions(name, nodes, edges):
    columns = found(name).columns
    assert columns["x"].row(0).shape[0] == nodes
    pairs = {tuple(edge) for edge in columns["edges"].row(0).tolist()}
    assert len(pairs) == 2 * edges
    assert {(b, a) for a, b in pairs} == pairs


@pytest.mark.parametrize(
    ("name", "graphs"), [("mutag", 188), ("ptc", 344), ("proteins", 1113), ("nci1", 4110)]
)
def test_graph_sets_number_the_nodes_of_each_graph_for_themselves(name, graphs):
    columns = found(name).columns
    assert len(columns["atom"]) == graphs
    for i in range(0, graphs, 17):
        assert columns["edges"].row(i).max(initial=-1) < len(columns["atom"].row(i))


# --- the data path -----------------------------------------------------------------


def refusal(find, *arguments):
    with pytest.raises(NNDSLError) as raised:
        find(*arguments)
    (diagnostic,) = raised.value.diagnostics
    return diagnostic


def test_an_unknown_set_is_guessed_at():
    assert refusal(named_table, "digts", ()).help() == "did you mean 'digits'?"


def test_a_missing_file_is_named_with_the_places_looked_at(tmp_path):
    diagnostic = refusal(named_table, "usps", (tmp_path, Path("nowhere")))
    assert diagnostic.message() == (
        f"expected 'usps/usps.npz' of the data set 'usps', found no such file in '{tmp_path}', 'nowhere'"
    )


@pytest.mark.parametrize("place", ["usps", "."])
def test_a_set_may_lie_in_its_folder_or_beside(tmp_path, place):
    (tmp_path / place).mkdir(exist_ok=True)
    part = {"x": np.zeros((2, 16, 16), np.uint8), "y": np.zeros(2, np.uint8)}
    arrays = {f"{name}_{which}": array for name, array in part.items() for which in ("train", "test")}
    np.savez(tmp_path / place / "usps.npz", **arrays)
    assert named_table("usps", [tmp_path]).columns["image"].shape == (4, 16, 16)


def test_a_file_with_a_slip_in_its_name_is_guessed_at(tmp_path):
    (tmp_path / "flowers.csv").write_text("a\n1\n", encoding="utf-8")
    assert refusal(file_table, "flwers.csv", [tmp_path]).help() == "did you mean 'flowers.csv'?"
