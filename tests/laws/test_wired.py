"""A `wired` connection is a full one whose other weights are zero, however its rule lets it be run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nndsl
from nndsl.analyses.needs import inference_needs
from nndsl.building.expressions import structure_of, wired_pairs
from nndsl.semantics.model import Connect
from nndsl.semantics.walk import walk
from nndsl.topology.weights import learned_numbers

RULES = {
    "j >= 0": "full",
    "i == j": "one-to-one",
    "abs(i - j) <= 2": "local",
    "j <= i and i - j < 3": "local",
    "j > i and j < i + 3": "local",
    "j >= 2 * i - 1 and j <= 2 * i + 1": "local",
    "(i < 6) == (j < 6)": "block-wise",
    "(i < 4 and j < 4) or (i >= 4 and i < 8 and j >= 4 and j < 8) or (i >= 8 and j >= 8)": "block-wise",
    "j <= i": "",
    "i + j == 11": "",
    "i == 3": "",
    "j < 0": "",
}
"""Of twelve units of twelve."""


def wired(text: str) -> Any:
    network = nndsl.compile(text)
    network.initialise(0, "float64")
    parts = (part for definition in network.model.definitions for part in walk(definition.expression))
    (connect,) = (part for part in parts if isinstance(part, Connect) and part.kind == "wired")
    return network, connect


@pytest.mark.parametrize("weights", ["W", "W'"])
@pytest.mark.parametrize("rule", RULES)
def test_outputs_and_gradients(rule: str, weights: str) -> None:
    spec = f"""network N {{
      input x[12] over T  target z[12] over T
      param gain[12] = 1
      param W ~ normal(0, 1)
      layer y[12] = wired(gain * x, {weights}, (j -> i) where {rule})
      train {{ minimize mean(mse(y, z) over T) }}
    }}"""
    network, connect = wired(spec.replace("layer y", "output y"))
    found = structure_of(connect)
    assert ("" if found is None else found.name) == RULES[rule]
    random = np.random.default_rng(3)
    x, z = random.normal(size=(2, 5, 7, 12))
    pairs = wired_pairs(connect)
    table = network.parameters["W"] * (pairs.T if weights == "W'" else pairs)
    forward = table if weights == "W'" else table.T
    y = x @ forward
    np.testing.assert_allclose(network.run(x=x)["y"], y, rtol=1e-9, atol=1e-12)
    slopes = network.grad(x=x, z=z)
    dy = 2 * (y - z) / z.size
    dw = np.einsum("bti,bto->io", x, dy) if weights == "W'" else np.einsum("bti,bto->oi", x, dy)
    np.testing.assert_allclose(slopes["W"], dw * (table != 0), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        slopes["gain"], np.einsum("bto,bti,io->i", dy, x, forward), rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize(
    ("rule", "units", "structure"),
    [("j >= 3 * i and j < 3 * i + 3", 4, "block-wise"), ("j - i >= 0 and j - i <= 2", 10, "local")],
)
def test_other_numbers_of_units(rule: str, units: int, structure: str) -> None:
    spec = f"network N {{ input x[3, 4]  output y[{units}] = wired(x, (j -> i) where {rule}) }}"
    network, connect = wired(spec)
    found = structure_of(connect)
    assert found is not None and found.name == structure
    x = np.random.default_rng(3).normal(size=(5, 3, 4))
    table = network.parameters["y.weights"].reshape(units, 12)
    np.testing.assert_allclose(network.run(x=x)["y"], x.reshape(5, 12) @ table.T, rtol=1e-9)


def test_nothing_is_computed_for_pairs_that_are_not_joined() -> None:
    """Of a hundred units, each sees three: no more products than that, and no mask."""
    network, _ = wired("network N { input x[100]  output y[100] = wired(x, (j -> i) where abs(i - j) <= 1) }")
    assert inference_needs(network.model).forward_operations < 100 * 100
    (connection,) = network.topology.connections
    assert not connection.zeros
    assert learned_numbers(network.model) == 298
