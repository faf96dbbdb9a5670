"""Shapes, names and initial values of parameters."""

from __future__ import annotations

from math import prod

import pytest

from nndsl.semantics.model import ParameterRole
from tests.semantics.checking import model_of, parameter

SHAPES = {
    "mlp": {"h.weights": (128, 64), "h.bias": (128,), "y.weights": (10, 128), "y.bias": (10,)},
    "lecture_cnn": {"c1.weights": (4, 1, 5, 5), "c2.weights": (7, 4, 3, 3), "c2.bias": (7,)},
    "autoencoder": {"W1": (256, 784), "c1": (784,), "W2": (64, 256), "c2": (256,), "y.weights": (10, 64)},
    "elman": {"U": (128, 27), "W": (128, 128), "V": (27, 128), "b": (128,), "c": (27,)},
    "diagonal_rnn": {"h.h.weights": (128,), "h.x.weights": (128, 8)},
    "rbm": {"W": (784, 500), "b": (784,), "a": (500,)},
    "boltzmann": {"L": (64, 64), "J": (32, 32), "W": (64, 32)},
    "som": {"W": (20, 20, 64)},
    "vae": {"decode.g.weights": (400, 20), "decode.logits.bias": (784,)},
    "gcn": {"W1": (16, 1433), "W2": (7, 16)},
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_follow_from_use(name: str) -> None:
    model = model_of(name, **({"hidden": 128} if name == "mlp" else {}))
    assert {key: parameter(model, key).shape for key in SHAPES[name]} == SHAPES[name]


def test_every_use_of_a_block_has_its_own_weights() -> None:
    names = [p.name for p in model_of("transformer").parameters]
    assert len(names) == len(set(names))
    assert sum(name.endswith("attention.Q.weights") for name in names) == 2  # in two encoder layers
    assert sum(".attention.1.Q.weights" in name for name in names) == 2  # in two decoder layers


def test_a_shared_block_has_one_set_of_weights() -> None:
    assert [p.name for p in model_of("vae").parameters if "logits" in p.name] == [
        "decode.logits.weights",
        "decode.logits.bias",
    ]


def test_repeated_shared_uses_one_set_of_weights() -> None:
    block = "block step(x[d]) -> y { layer y[d] = relu(full(x) + bias) }"
    own = model_of(block + "network N { input x[8]  output y = step(x) repeated 3 }")
    one = model_of(block + "network N { input x[8]  output y = step(x) repeated 3 shared }")
    assert [len(own.parameters), len(one.parameters)] == [6, 2]


def initial(statements: str, name: str = "y.weights", ports: str = "input x[64]") -> tuple[str, int]:
    model = model_of(f"network N {{ {ports} {statements} }}")
    found = parameter(model, name).initial
    return found.method, found.fan_in


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ("output y[8] = relu(full(x) + bias)", ("he", 64)),
        ("output y[8] = tanh(full(x) + bias)", ("glorot", 64)),
        ("output y[8] = relu(batch_norm(full(x)))", ("he", 64)),
        ("layer y[8] = full(x) + bias  output z = relu(y)", ("he", 64)),
        ("output y = each(x)", ("uniform", 0)),
        ("output y[8] = sparse(x, p = 0.25)", ("glorot", 16)),
    ],
)
def test_weights_start_by_what_they_feed(statements: str, expected: tuple[str, int]) -> None:
    assert initial(statements) == expected


def test_connections_into_one_net_input_pool_their_fan_in() -> None:
    statements = "layer a[16] = full(x)  output y[8] = relu(full(x) + full(a) + bias)"
    assert initial(statements, "y.a.weights") == ("he", 80)


def test_a_onehot_source_counts_as_one() -> None:
    assert initial("output y[8] = relu(full(x))", ports="input x[1000] onehot") == ("he", 1)


def test_a_local_connection_counts_its_window() -> None:
    ports = "input x[3] over 8x8"
    assert initial("output y[8] = relu(local(x, 3x3))", ports=ports) == ("he", 27)


def test_full_feedback_starts_orthogonal() -> None:
    assert parameter(model_of("elman"), "W").initial.method == "orthogonal"
    assert parameter(model_of("elman"), "U").initial.method == "glorot"


def test_biases_start_at_zero_or_where_the_spec_says() -> None:
    model = model_of("lstm")
    assert parameter(model, "f.bias").initial.numbers == (1.0,)
    assert parameter(model, "o.bias").initial.numbers == (0.0,)


def test_given_windows_stand_for_one_map_to_one_map() -> None:
    kernel = parameter(model_of("convolution"), "K")
    assert kernel.shape == (1, 1, 3, 3)
    assert kernel.initial.values == ((((1.0, 2.0, 1.0), (0.0, 0.0, 0.0), (-1.0, -2.0, -1.0)),),)
    assert not kernel.learned


def test_prototypes_start_as_examples() -> None:
    assert parameter(model_of("rbf"), "C").initial.method == "examples"
    assert parameter(model_of("som"), "W").initial.method == "examples"


def test_the_lectures_counts() -> None:
    """200x200 to one map of 196x196: 25 weights a map when shared, 25·196·196 when unshared (slides)."""
    local = "network N {{ input image[1] over 200x200  output c[1] = local(image, 5x5{}) }}"
    shared, unshared = model_of(local.format("")), model_of(local.format(", unshared"))
    assert prod(shared.parameters[0].shape) == 25
    assert prod(unshared.parameters[0].shape) == 25 * 196 * 196


def test_depthwise_weights_are_map_by_map() -> None:
    model = model_of("network N { input x[6] over 8x8  output y = local(x, 3x3, each) }")
    assert parameter(model, "y.weights").shape == (6, 1, 3, 3)


def test_roles() -> None:
    roles = {p.name: p.role for p in model_of("autoencoder").parameters}
    assert roles["W1"] is ParameterRole.WEIGHTS
    assert roles["c1"] is ParameterRole.FREE
    assert roles["y.bias"] is ParameterRole.BIAS
