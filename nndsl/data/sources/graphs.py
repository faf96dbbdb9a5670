"""Sets of graphs on the data path. One example is one graph; its nodes and edges are ragged columns.

An edge is a pair (source, target) of node numbers of its own graph; both directions are stored. Where a
split is one over the nodes of a single graph, the column `part` holds it, as numbers of `Part`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from nndsl.data.catalogue import source
from nndsl.data.examples import Array
from nndsl.data.formats import read_npz
from nndsl.data.table import Column, Part, Ragged, Table, one_row


@source("cora", arrays="cora/cora.npz")
def cora(arrays: Path) -> Table:
    """Papers on machine learning that cite each other (Planetoid's split: 140, 500, 1000 nodes).

    Columns: x (2708, 1433), words present; y (2708,), the field, 0 to 6; edges (10556, 2); part (2708,).
    """
    return _citations("cora", arrays)


@source("citeseer", arrays="citeseer/citeseer.npz")
def citeseer(arrays: Path) -> Table:
    """Papers on computer science that cite each other (Planetoid's split: 120, 500, 1000 nodes).

    Columns: x (3327, 3703), words present; y (3327,), the field, 0 to 5, or -1 for the 15 papers of no
    field; edges (9104, 2); part (3327,).
    """
    return _citations("citeseer", arrays)


@source("karate", arrays="karate/karate.npz")
def karate(arrays: Path) -> Table:
    """A karate club that broke in two (Zachary 1977). Split: the two leaders train, the others test.

    Columns: x (34,), the node's number; y (34,): 0 Mr. Hi's side, 1 the officer's; edges (156, 2); part
    (34,).
    """
    held = read_npz(arrays, ("edges", "y"))
    part = np.full(len(held["y"]), Part.TEST)
    part[[0, len(part) - 1]] = Part.TRAIN
    return _one_graph("karate", np.arange(len(part)), held["y"], held["edges"], part)


def _citations(name: str, path: Path) -> Table:
    held = read_npz(
        path, ("x_indptr", "x_indices", "x_shape", "y", "edges", "idx_train", "idx_val", "idx_test")
    )
    x = np.zeros(held["x_shape"], np.uint8)
    x[np.repeat(np.arange(len(x)), np.diff(held["x_indptr"])), held["x_indices"]] = 1
    part = np.full(len(x), Part.UNUSED)
    for rows, which in (("idx_train", Part.TRAIN), ("idx_val", Part.VALIDATION), ("idx_test", Part.TEST)):
        part[held[rows]] = which
    return _one_graph(name, x, held["y"], held["edges"], part)


def _one_graph(name: str, x: Array, y: Array, undirected: Array, part: Array) -> Table:
    edges = np.concatenate([undirected, undirected[::-1]], axis=1).T
    columns = {"x": one_row(x), "y": one_row(y), "edges": one_row(edges), "part": one_row(part)}
    return Table(name, columns)


def _molecules(name: str, target: str) -> Callable[[Path], Table]:
    """Reads a set of TUDataset in which nodes have labels only."""

    def read(arrays: Path) -> Table:
        held = read_npz(arrays, ("y", "node_ptr", "node_label", "edge_ptr", "edge_src", "edge_dst", "fold"))
        edges = np.stack([held["edge_src"], held["edge_dst"]], axis=1)
        columns: dict[str, Column] = {
            "atom": Ragged(held["node_label"], held["node_ptr"]),
            "edges": Ragged(edges, held["edge_ptr"]),
            target: held["y"],
            "fold": held["fold"],
        }
        return Table(name, columns)

    read.__doc__ = f"""Graphs of two classes (TUDataset). No split of its own; `fold` is a stratified tenth,
    0 to 9.

    Columns: atom, the label of each node; edges (edges, 2); {target}, 0 or 1; fold.
    """
    return read


for _name, _target in (
    ("mutag", "mutagenic"),
    ("ptc", "carcinogenic"),
    ("proteins", "not_enzyme"),
    ("nci1", "active"),
):
    source(_name, arrays=f"tu_graphs/{_name}.npz")(_molecules(_name, _target))
