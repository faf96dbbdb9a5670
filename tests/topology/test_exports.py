"""The topology is a frozen networkx graph, and says the same in every format."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pytest
from test_counting import SPECS, spec

NAMES = sorted(path.stem for path in SPECS.glob("*.nn"))


@pytest.mark.parametrize("name", NAMES)
def test_nodes_and_edges_are_populations_and_connections(name: str) -> None:
    topology = spec(name)
    assert list(topology) == [population.name for population in topology.populations]
    assert {key for _, _, key in topology.edges(keys=True)} == {c.name for c in topology.connections}
    assert topology.number_of_edges() == len(topology.connections)


@pytest.mark.parametrize("name", NAMES)
def test_formats_agree(name: str) -> None:
    topology = spec(name)
    read = nx.node_link_graph(json.loads(topology.to_json()), edges="edges")
    assert nx.utils.graphs_equal(nx.MultiDiGraph(topology), nx.MultiDiGraph(read))
    graphml = nx.read_graphml(io.BytesIO(topology.to_graphml().encode()), force_multigraph=True)
    assert list(graphml) == list(topology)
    assert graphml.number_of_edges() == topology.number_of_edges()
    assert topology.to_dot().count(" -> ") >= topology.number_of_edges()


def test_topology_is_frozen() -> None:
    with pytest.raises(nx.NetworkXError):
        spec("mlp").add_node("more")


def test_printing_is_the_same_each_time() -> None:
    assert str(spec("lstm")) == str(spec("lstm"))


def test_print(golden: Callable[[Path, str], None]) -> None:
    golden(Path(__file__).with_name("lecture_cnn.topology"), str(spec("lecture_cnn")))
