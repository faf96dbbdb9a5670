"""What the classification says of networks whose kind is known."""

from __future__ import annotations

import pytest
from test_counting import spec

from nndsl.topology.classify import classify

FLOWS = {
    "mlp": "feedforward",
    "perceptron": "feedforward",
    "rbf": "feedforward",
    "lenet": "feedforward",
    "som": "feedforward",
    "transformer": "feedforward",
    "gcn": "feedforward",
    "elman": "feedback",
    "lstm": "feedback",
    "diagonal_rnn": "feedback",
    "hopfield_dynamics": "feedback",
    "hopfield": "undirected",
    "boltzmann": "undirected",
    "rbm": "undirected",
    "dbn": "feedforward and undirected",
}


@pytest.mark.parametrize("name", FLOWS)
def test_flow(name: str) -> None:
    assert classify(spec(name)).flow == FLOWS[name]


def test_loop_is_named() -> None:
    (loop,) = classify(spec("elman")).loops
    assert (loop.cycle, loop.delay, loop.along) == (("h",), 1, "T")


def test_lstm_is_one_component() -> None:
    """All gates, the state and the hidden units of an LSTM depend on each other."""
    (loop,) = classify(spec("lstm")).loops
    assert set(loop.members) == {"f", "inp", "o", "c", "s", "h"}


@pytest.mark.parametrize(
    ("name", "wirings"),
    [
        ("mlp", ("full",)),
        ("lenet", ("local", "full")),
        ("rbf", ("distance2", "full")),
        ("diagonal_rnn", ("full", "each")),
    ],
)
def test_wirings(name: str, wirings: tuple[str, ...]) -> None:
    assert classify(spec(name)).wirings == wirings


def test_sharing() -> None:
    classification = classify(spec("autoencoder"))
    assert set(classification.tied) == {"W1", "W2"}
    assert classify(spec("gcn")).shared_over == ("G.nodes", "G.edges")
