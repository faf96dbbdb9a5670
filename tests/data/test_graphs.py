"""Data graphs: as one, taken apart, given from Python, and split by nodes."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest

import nndsl
from nndsl.data.formats import read_table
from nndsl.data.given import given_examples
from nndsl.data.graph_binding import bind_graphs
from nndsl.data.graphs import Graphs
from nndsl.data.random import random_parts
from nndsl.data.table import Part, Table, one_row
from nndsl.diagnostics.diagnostic import NNDSLError

NODES = """network N {
  graph  G
  input  x[2] over i in G.nodes
  target y[3] onehot over i in G.nodes
  output o[3] = full(x) + mean(full(x[j]) over j in neighbours(i))
  train { minimize mean(cross_entropy(o, y) over i in G.nodes)  optimizer sgd(rate = 0.1)  epochs 3
          report accuracy(o, y) }
  data "graph.npz"
}"""
EDGES = np.array([[0, 1], [1, 2], [2, 0], [2, 2]])


def model(text: str = NODES):
    return nndsl.compile(text).model


def three() -> tuple[dict[str, np.ndarray], Graphs]:
    """Graphs of 2, 0 and 3 nodes, with 1, 0 and 2 edges."""
    arrays = {
        "x": np.arange(5.0),
        "label": np.array([7, 8, 9]),
        "G.edges.source": np.array([1, 0, 2], np.int32),
        "G.edges.target": np.array([0, 1, 1], np.int32),
    }
    starts = {"G.nodes": np.array([0, 2, 2, 5]), "G.edges": np.array([0, 1, 1, 3])}
    over = {"x": "G.nodes", "G.edges.source": "G.edges", "G.edges.target": "G.edges"}
    return arrays, Graphs(starts, over)


def test_a_union_keeps_every_graph_as_it_is() -> None:
    arrays, graphs = three()
    union = graphs.union(arrays, np.array([2, 0, 2]))
    np.testing.assert_array_equal(union["x"], [2, 3, 4, 0, 1, 2, 3, 4])
    np.testing.assert_array_equal(union["label"], [9, 7, 9])
    np.testing.assert_array_equal(union["G.nodes.graph"], [0, 0, 0, 1, 1, 2, 2, 2])
    np.testing.assert_array_equal(union["G.nodes.number"], [0, 1, 2, 0, 1, 0, 1, 2])
    np.testing.assert_array_equal(union["G.edges.source"], [0, 2, 4, 5, 7])
    np.testing.assert_array_equal(union["G.edges.target"], [1, 1, 3, 6, 6])


def test_taking_all_copies_nothing() -> None:
    arrays, graphs = three()
    assert graphs.taken(arrays, np.arange(3))["x"] is arrays["x"]
    assert graphs.sizes(np.array([2, 0])) == {"G.nodes": 5, "G.edges": 3}
    assert graphs.most(2) == {"G.nodes": 5, "G.edges": 3}


def test_taken_graphs_lie_where_they_say() -> None:
    arrays, graphs = three()
    chosen = np.array([2, 1])
    again = graphs.take(chosen)
    np.testing.assert_array_equal(graphs.taken(arrays, chosen)["x"], [2, 3, 4])
    np.testing.assert_array_equal(again.starts["G.nodes"], [0, 3, 3])


def test_an_undirected_graph_has_both_directions() -> None:
    graph = nx.Graph([("a", "b"), ("b", "c"), ("c", "c")])
    found = given_examples(model(), {"G": graph, "x": np.ones((3, 2)), "y": [0, 1, -1]}).inputs
    pairs = sorted(zip(found["G.edges.source"].tolist(), found["G.edges.target"].tolist(), strict=True))
    assert pairs == [(0, 1), (1, 0), (1, 2), (2, 1), (2, 2)]
    assert found["y"].tolist() == [0, 1, -1]


def test_attributes_of_nodes_are_values() -> None:
    graph = nx.DiGraph()
    for node in range(3):
        graph.add_node(node, x=[node, 1.0], y=node)
    graph.add_edge(0, 2)
    found = given_examples(model(), {"G": graph})
    assert found.inputs["x"].tolist() == [[0, 1], [1, 1], [2, 1]]
    assert found.inputs["y"].tolist() == [0, 1, 2]


def test_an_edge_list_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "edges.csv"
    path.write_text("source,target\n0,1\n1,2\n2,0\n2,2\n")
    given = {"x": np.ones((3, 2)), "y": [0, 1, 2]}
    found, expected = (given_examples(model(), {"G": g, **given}).inputs for g in (path, EDGES))
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"G": [0, 1], "x": [[1, 2]], "y": [0]}, "E0641"),
        ({"G": [(0, 1)], "x": [[1, 2]], "y": [0]}, "E0642"),
        ({"G": [(0, 1)], "x": [[1, 2], [3, 4]], "y": [0]}, "E0643"),
        ({"G": [[(0, 1)], [(0, 0)]], "x": [[[1, 2]] * 2], "y": [[0, 1]]}, "E0643"),
        ({"x": [[1, 2]], "y": [0]}, "E0616"),
        ({"H": [(0, 1)], "G": [(0, 0)], "x": [[1, 2]], "y": [0]}, "E0615"),
        ({"G": [(0, 0)], "x": [[1, 2]], "y": [5]}, "E0610"),
    ],
)
def test_graphs_that_do_not_fit_are_refused(given: dict, code: str) -> None:
    with pytest.raises(NNDSLError) as raised:
        given_examples(model(), given)
    assert [diagnostic.code for diagnostic in raised.value.diagnostics] == [code]


def table(**more: np.ndarray) -> Table:
    columns = {"x": np.ones((6, 2)), "y": np.array([0, 1, 2, 0, 1, -1]), "edges": EDGES, **more}
    return Table("graph", {name: one_row(column) for name, column in columns.items()})


def test_parts_of_one_graph_are_masks_of_its_targets() -> None:
    """Each node's target is in its part only; the graph is the same in all of them."""
    network = model()
    part = np.array([Part.TRAIN, Part.TEST, Part.VALIDATION, Part.UNUSED, Part.TRAIN, Part.TRAIN])
    assert network.dataset is not None
    parts = bind_graphs(network.dataset, network, table(part=part))
    assert [examples.inputs["y"].tolist() for _, examples in parts] == [
        [0, -1, -1, -1, 1, -1],
        [-1, -1, 2, -1, -1, -1],
        [-1, 1, -1, -1, -1, -1],
    ]
    assert all(examples.inputs["x"] is parts.train.inputs["x"] for _, examples in parts)


def test_nodes_without_a_target_are_in_no_part() -> None:
    network = model()
    assert network.dataset is not None
    parts = bind_graphs(network.dataset, network, table())
    there = np.stack([examples.inputs["y"] >= 0 for _, examples in parts])
    assert there.sum(axis=0).tolist() == [1, 1, 1, 1, 1, 0]


def test_arrays_of_a_file_are_one_graph(tmp_path: Path) -> None:
    network = model()
    np.savez(tmp_path / "graph.npz", x=np.ones((6, 2)), y=np.arange(6) % 3, edges=EDGES)
    assert network.dataset is not None
    parts = bind_graphs(network.dataset, network, read_table(tmp_path / "graph.npz"))
    assert parts.train.count == 1
    assert parts.train.graphs is not None
    assert parts.train.graphs.sizes(np.arange(1)) == {"G.nodes": 6, "G.edges": 4}


def test_random_graphs_fit_the_network() -> None:
    """Every node has neighbours, so that a maximum over them has a value."""
    parts = random_parts(model(), count=20)
    graphs = parts.train.graphs
    assert graphs is not None and parts.train.count == 16
    union = parts.train.together()
    nodes = len(union["x"])
    assert len(union["y"]) == nodes
    assert set(union["G.edges.target"].tolist()) == set(range(nodes))
    same = union["G.nodes.graph"][union["G.edges.source"]] == union["G.nodes.graph"][union["G.edges.target"]]
    assert same.all()
