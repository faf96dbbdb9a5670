"""Counts of connections and free weights, against the lecture's and other textbooks' figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from nndsl.semantics.check import check
from nndsl.semantics.model import Model
from nndsl.source import Source
from nndsl.syntax.parser import parse
from nndsl.topology.connect import connect
from nndsl.topology.topology import Connection, Topology

SPECS = Path(__file__).parents[2] / "specs"


def model_of(text: str) -> Model:
    return check(parse(Source("<test>", text)), {}).model


def topology_of(body: str) -> Topology:
    return connect(model_of(f"network N {{ {body} }}"))


def spec(name: str) -> Topology:
    return connect(model_of((SPECS / f"{name}.nn").read_text(encoding="utf-8")))


def only(topology: Topology, target: str) -> Connection:
    (connection,) = (c for c in topology.connections if c.target == target)
    return connection


# --- the lecture's convolutional network -----------------------------------------------


def test_lecture_sizes() -> None:
    topology = spec("lecture_cnn")
    sides = [topology.population(name).type.space[0].extent.known for name in ("c1", "s1", "c2", "s2")]
    assert sides == [196, 98, 96, 48]


@pytest.mark.parametrize(("layer", "maps", "weights_a_map"), [("c1", 4, 25), ("c2", 7, 36)])
def test_lecture_weights(layer: str, maps: int, weights_a_map: int) -> None:
    assert only(spec("lecture_cnn"), layer).weights == maps * weights_a_map


def test_lecture_full() -> None:
    topology = topology_of("input x[1] over 200x200  output y[38416] = full(flatten(x))")
    assert only(topology, "y").connections.known == 200 * 200 * 196 * 196


def test_lecture_local_unshared() -> None:
    topology = topology_of("input x[1] over 200x200  output y[1] = local(x, 5x5, unshared)")
    connection = only(topology, "y")
    assert connection.weights == 25 * 196 * 196
    assert connection.connections.known == 25 * 196 * 196
    assert not connection.shared


def test_lecture_local_shared() -> None:
    topology = topology_of("input x[1] over 200x200  output y[1] = local(x, 5x5)")
    connection = only(topology, "y")
    assert connection.weights == 25
    assert connection.connections.known == 25 * 196 * 196
    assert connection.shared == ("196x196",)


# --- other sources ------------------------------------------------------------------------


def test_lenet_5_first_layer() -> None:
    """LeCun et al. 1998: C1 has 156 numbers and 122,304 connections, biases included."""
    topology = spec("lenet")
    c1 = only(topology, "c1")
    units = topology.population("c1").units.known
    assert units is not None
    assert c1.weights + 6 == 156
    assert (c1.connections.known or 0) + units == 122_304


def test_hopfield_pairs() -> None:
    """n units without self-connections have n (n - 1) / 2 pairs, with as many symmetric weights."""
    (connection,) = (c for c in spec("hopfield").connections if c.undirected)
    assert connection.connections.known == connection.weights == 64 * 63 // 2


def test_boltzmann_machine_is_complete() -> None:
    """All 96 units of a Boltzmann machine are pairwise connected."""
    connections = [c for c in spec("boltzmann").connections if c.undirected]
    assert sum(c.connections.known or 0 for c in connections) == 96 * 95 // 2


def test_restricted_boltzmann_machine_is_bipartite() -> None:
    (connection,) = (c for c in spec("rbm").connections if c.undirected)
    assert (connection.connections.known, connection.weights) == (784 * 500, 784 * 500)


def test_elman_unfolds_over_time() -> None:
    topology = spec("elman")
    recurrent = topology.between("h", "h")[0]
    assert str(recurrent.connections) == "16,384·T"
    assert (recurrent.weights, recurrent.delay, recurrent.along) == (128 * 128, 1, "T")
    assert recurrent.shared == ("T",)


def test_message_aggregation_follows_the_edges() -> None:
    (connection,) = (c for c in spec("gcn").connections if c.source == "x" and c.tied_to)
    assert str(connection.connections) == "22,928·G.edges"
    assert connection.parameter == "W1"


def test_transposed_weights_are_tied() -> None:
    topology = spec("autoencoder")
    there, back = topology.between("x", "h1")[0], topology.between("h1", "r1")[0]
    assert (back.tied_to, back.transposed) == (there.name, True)
    assert back.parameter == there.parameter == "W1"


@pytest.mark.parametrize(
    ("rule", "structure", "count"),
    [
        ("j >= 0", "full", 64),
        ("i == j", "one-to-one", 8),
        ("abs(i - j) <= 2", "local", 34),
        ("(i < 4) == (j < 4)", "block-wise", 32),
        ("i < j", "", 28),
    ],
)
def test_wired_is_recognised(rule: str, structure: str, count: int) -> None:
    topology = topology_of(f"input x[8]  output y[8] = wired(x, (j -> i) where {rule})")
    connection = only(topology, "y")
    assert (connection.structure, connection.connections.known, connection.weights) == (
        structure,
        count,
        count,
    )


def test_grouped_and_depthwise_maps() -> None:
    """AlexNet's second layer (Krizhevsky et al. 2012): 256 kernels of 5x5x48 in two groups."""
    topology = topology_of("input x[96] over 27x27  output y[256] = local(x, 5x5, pad = 2, groups = 2)")
    assert only(topology, "y").weights == 256 * 5 * 5 * 48
    topology = topology_of("input x[32] over 8x8  output y = local(x, 3x3, each)")
    assert only(topology, "y").weights == 32 * 9
