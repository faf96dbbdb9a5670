"""Arrays that need no conversion are found, and are what conversion would make of them; others are not."""

from __future__ import annotations

import numpy as np
import pytest

import nndsl
from nndsl.data.given import given_examples
from nndsl.data.ready import Ready

RANDOM = np.random.default_rng(0)

SPECS = {
    "vector": ("network N { input x[5]  output y[2] = full(x) }", (5,), [(5,)]),
    "scalar": ("network N { input x  output y[2] = full(x) }", (1,), [(), (1,)]),
    "grid": (
        "network N { input x over 4x3  output y[2] = full(flatten(x)) }",
        (4, 3, 1),
        [(4, 3), (1, 4, 3)],
    ),
    "colours": ("network N { input x[2] over 4x3  output y[2] = full(flatten(x)) }", (4, 3, 2), []),
    "sequence": ("network N { input x[2] over t in T  output y[2] = full(mean(x over T)) }", (7, 2), []),
}


def network(spec: str) -> tuple[nndsl.Network, Ready]:
    compiled = nndsl.compile(spec)
    return compiled, Ready(compiled.model.inputs, "float32")


@pytest.mark.parametrize("name", SPECS)
def test_real_numbers(name: str) -> None:
    spec, shape, others = SPECS[name]
    compiled, ready = network(spec)
    for rows in (shape, *others):
        x = RANDOM.standard_normal((3, *rows)).astype(np.float32)
        found = ready.examples({"x": x})
        assert found is not None
        wanted = given_examples(compiled.model, {"x": x})
        assert found.inputs.keys() == wanted.inputs.keys()
        for key, array in wanted.inputs.items():
            assert found.inputs[key].dtype == array.dtype
            np.testing.assert_array_equal(found.inputs[key], array)
        assert np.shares_memory(found.inputs["x"], x)
        for entry in (np.nan, np.inf, -np.inf):
            x.flat[-1] = entry
            assert ready.examples({"x": x}) is None


def test_classes() -> None:
    spec = "network N { input x[9] onehot over t in T  output y[2] = full(mean(x over T)) }"
    compiled, ready = network(spec)
    for dtype in (np.int32, np.int64):
        x = RANDOM.integers(0, 9, (3, 7)).astype(dtype)
        found, wanted = ready.examples({"x": x}), given_examples(compiled.model, {"x": x})
        assert found is not None
        assert found.inputs.keys() == wanted.inputs.keys() == {"x", "T.length"}
        for key, array in wanted.inputs.items():
            np.testing.assert_array_equal(found.inputs[key], array, strict=True)
    assert ready.examples({"x": x + 1}) is None
    assert ready.examples({"x": x - 1}) is None
    assert ready.examples({"x": x, "T.length": np.full(3, 7)}) is None


@pytest.mark.parametrize(
    "x",
    [
        [[1.0] * 5],
        np.ones((2, 5)),
        np.ones((2, 4), np.float32),
        np.ones(5, np.float32),
        np.ones((), np.float32),
        np.ones((0, 5), np.float32),
        np.ones((5, 2), np.float32).T,
    ],
    ids=["list", "float64", "narrow", "flat", "number", "empty", "transposed"],
)
def test_what_others_look_at(x: object) -> None:
    _, ready = network(SPECS["vector"][0])
    assert ready.examples({"x": x}) is None


def test_several_inputs() -> None:
    _, ready = network("network N { input x[2]  input z[3]  output y[2] = full(x) + full(z) }")
    x, z = np.ones((4, 2), np.float32), np.ones((4, 3), np.float32)
    assert ready.examples({"x": x, "z": z}) is not None
    assert ready.examples({"x": x, "z": z[:3]}) is None
    assert ready.examples({"x": x}) is None
    assert ready.examples({"x": x, "z": z, "w": z}) is None


def test_other_domains_are_converted() -> None:
    _, ready = network("network N { input x[2] binary  output y[2] = full(x) }")
    assert ready.examples({"x": np.ones((4, 2), np.float32)}) is None
