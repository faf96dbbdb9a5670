"""Types are those that the comments of the specs, the lecture and the language's description give."""

from __future__ import annotations

import pytest

from tests.semantics.checking import model_of, value

TYPES = {
    "lecture_cnn": {
        "c1": "[4] over 196x196",
        "s1": "[4] over 98x98",
        "c2": "[7] over 96x96",
        "s2": "[7] over 48x48",
    },
    "lenet": {"c1": "[6] over 28x28", "s1": "[6] over 14x14", "c2": "[16] over 10x10", "s2": "[16] over 5x5"},
    "convolution": {
        "edges": "[1] over (rows - 2, columns - 2)",
        "padded": "[1] over (rows, columns)",
        "smooth": "[1] over (rows - 2, columns - 2)",
    },
    "convnet": {"b": "[32] over 16x16", "e": "[64] over 8x8", "f": "[64]"},
    "tdnn": {"x": "[32] over T", "h1": "[16] over T - 2", "h2": "[10] over T - 6", "y": "[10]"},
    "elman": {"h": "[128] over T", "o": "[27] over T", "y": "[27] onehot over T"},
    "lstm": {"f": "[256] over T", "s": "[256] over T", "h": "[256] over T", "z": "[65] over T"},
    "perceptron": {"net": "[10]", "y": "[10] binary"},
    "som": {"match": "[20, 20]", "winner": "[1] index"},
    "hopfield": {"y": "[64] bipolar"},
    "hopfield_dynamics": {"v": "[64] bipolar over 1..50", "y": "[64] bipolar"},
    "rbm": {"code": "[500]", "recon": "[784]"},
    "boltzmann": {"dream": "[64] binary"},
    "dbn": {"h2": "[500]", "top": "[500] binary", "dream": "[784] binary"},
    "gcn": {"h": "[16] over G.nodes", "o": "[7] over G.nodes"},
    "message_passing": {
        "h0": "[32] over G.nodes",
        "e0": "[4] over G.edges",
        "message_passing.2.m": "[32] over G.edges",
        "message_passing.2.a": "[32] over G.nodes",
        "node": "[7] over G.nodes",
        "edge": "[1] over G.edges",
        "mutagenicity": "[2]",
    },
    "transformer": {
        "encoder_layer.1.attention.Q": "[8, 16] over N",
        "encoder_layer.1.attention.A": "[8] over (t in N, j in N)",
        "encoder_layer.2.attention.mix": "[8, 16] over N",
        "decoder_layer.2.attention.1.A": "[8] over (t in M, j in M)",
        "decoder_layer.2.attention.2.A": "[8] over (M, N)",
        "words": "[8000] over M",
    },
    "vae": {"z": "[20]", "decode.1.logits": "[784]", "dream": "[784]"},
    "autoencoder": {"code": "[64]", "r2": "[256]", "recon": "[784]", "y": "[10]"},
}


@pytest.mark.parametrize("name", TYPES)
def test_types_of_the_gallery(name: str) -> None:
    model = model_of(name)
    assert {key: str(value(model, key).type) for key in TYPES[name]} == TYPES[name]


def one(statements: str, ports: str = "input x[64]") -> str:
    """The type of y."""
    return str(value(model_of(f"network N {{ {ports} {statements} }}"), "y").type)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ("output y[128] = tanh(full(x) + bias)", "[128]"),  # from the left
        ("output y = full(x, to 32) * 2", "[32]"),  # a scalar stretches
        ("output y = relu(a)  layer a[5] = full(x)", "[5]"),  # in any order
        ("layer a = full(x) + bias  output y[7] = a * 2", "[7]"),  # backwards through a layer
        ("output y = dot(x, x)", "[1]"),
        ("output y = sum(x)", "[1]"),
        ("output y = softmax(x)", "[64]"),
        ("output y = argmax(x)", "[1] index"),
        ("output y = x > 0", "[64] binary"),
        ("output y = distance2(x, to [4, 4])", "[4, 4]"),
        ("layer a[4, 8] = full(x)  layer g[4] = full(x)  output y = g * a", "[4, 8]"),  # leading axes stretch
    ],
)
def test_units_flow_both_ways(statements: str, expected: str) -> None:
    assert one(statements) == expected


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ("output y[2] = local(x, 3x3)", "[2] over 14x18"),
        ("output y[2] = local(x, 3x3, pad = 1)", "[2] over 16x20"),
        ("output y[2] = local(x, 3x3, stride = 2)", "[2] over 7x9"),
        ("output y[2] = local(x, 3x3, dilation = 2)", "[2] over 12x16"),
        ("output y = local(x, 3x5, each)", "[4] over 14x16"),
        ("output y[2] = local'(x, 2x2, stride = 2)", "[2] over 32x40"),
        ("output y = max(x over window 3x3)", "[4] over 5x6"),  # a window strides by its size
        ("output y = max(x over window 3x3, stride = 1)", "[4] over 14x18"),
        ("output y = flatten(x)", "[1280]"),
        ("output y = mean(x over 16x20)", "[4]"),
    ],
)
def test_extents_of_a_grid(statements: str, expected: str) -> None:
    assert one(statements, "input x[4] over 16x20") == expected


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ("output y = sum(x over T)", "[4]"),
        ("output y = last(x over T)", "[4]"),
        ("output y = softmax(x over T)", "[4] over T"),
        ("output y[2] = local(x, 3, causal, dilation = 4)", "[2] over T"),
        ("output y = x + g", "[4] over T"),
        ("output y = sum(x[j] over j in T where j <= t)", "[4] over T"),
        ("output y = argmax(x over T)", "[4] index"),
        ("output y = x[t-1] - x[t+1]", "[4] over T"),
    ],
)
def test_sequences(statements: str, expected: str) -> None:
    assert one(statements, "input x[4] over t in T  input g[4]") == expected


def test_a_space_is_the_union() -> None:
    ports = "graph G input x[4] over i in G.nodes  input z[4] over t in T"
    assert one("output y = x * z", ports) == "[4] over (G.nodes, T)"
