"""A graph that is run again and again: over threads, for other sizes, with other parameters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

import nndsl
from nndsl.passes.pipeline import optimize
from nndsl.planning.plan import Precision
from nndsl.runtime.inference import Inference

SPECS = {
    "perceptron": """
network P {
  input x[6]
  output y[3] = full(tanh(full(x, to 8) + bias)) + bias
}
""",
    "drawn": """
network D {
  input x[6]
  layer z[5] ~ normal(full(x), 1)
  output y[5] = z * 2
}
""",
    "recurrent": """
network R {
  input x[6] over t in T
  layer h[8] = tanh(full(x) + full(h[t-1]) + bias)
  output y[3] = full(last(h over T)) + bias
}
""",
    "sampled": """
network S {
  input x[6] binary
  param W symmetric no_self
  energy E(v[6] binary) = -dot(v, full(v, W)) / 2
  output y[6] = sample(v | E, sweeps = 3)
}
""",
}


def ready(spec: str, **options: int) -> tuple[nndsl.Network, Inference]:
    network = nndsl.compile(SPECS[spec])
    return network, Inference(optimize(network.forward_graph), Precision.FLOAT32, **options)


def given(spec: str, count: int, steps: int = 4) -> dict[str, NDArray[np.float32]]:
    shape = (count, steps, 6) if spec == "recurrent" else (count, 6)
    return {"x": np.random.default_rng(count).integers(0, 2, shape).astype(np.float32)}


def found(
    inference: Inference, network: nndsl.Network, arrays: Mapping[str, NDArray[np.float32]]
) -> NDArray[np.float32]:
    count = len(arrays["x"])
    lengths = {"T.length": np.full(count, arrays["x"].shape[1], np.int32)}
    return inference({**arrays, **lengths}, network.parameters, count)["y"]


@pytest.mark.usefixtures("many_cores")
@pytest.mark.parametrize("spec", SPECS)
def test_threads_and_blocks_change_nothing(spec: str) -> None:
    network, whole = ready(spec, rows_at_once=16)
    _, shared = ready(spec, rows_at_once=16, threads=3)
    _, blocks = ready(spec, rows_at_once=3)
    for count in (16, 2, 7):
        expected = found(whole, network, given(spec, count))
        np.testing.assert_allclose(found(shared, network, given(spec, count)), expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found(blocks, network, given(spec, count)), expected, rtol=1e-5, atol=1e-6)


def test_other_lengths() -> None:
    network, inference = ready("recurrent")
    for steps in (4, 2, 9, 4):
        arrays = given("recurrent", 3, steps)
        _, fresh = ready("recurrent")
        np.testing.assert_array_equal(found(inference, network, arrays), found(fresh, network, arrays))


def test_parameters_may_change() -> None:
    network, inference = ready("perceptron")
    arrays = given("perceptron", 3)
    before = found(inference, network, arrays)
    network.parameters["y.bias2"][...] += 1
    np.testing.assert_allclose(found(inference, network, arrays), before + 1, rtol=1e-6)
    network.restore({name: np.zeros_like(value) for name, value in network.parameters.items()})
    np.testing.assert_array_equal(found(inference, network, arrays), np.zeros((3, 3)))


def test_other_arrays_may_take_their_places() -> None:
    network, inference = ready("perceptron")
    arrays, parameters = given("perceptron", 3), dict(network.parameters)
    before = inference(arrays, parameters, 3)["y"]
    parameters["y.bias2"] = parameters["y.bias2"] + 1
    np.testing.assert_allclose(inference(arrays, parameters, 3)["y"], before + 1, rtol=1e-6)


def test_results_are_the_callers() -> None:
    network, inference = ready("perceptron")
    first = found(inference, network, given("perceptron", 3))
    kept = first.copy()
    found(inference, network, {"x": np.ones((3, 6), np.float32)})
    np.testing.assert_array_equal(first, kept)


def test_subnormal_numbers_are_zero() -> None:
    """They would take a hundred times as long on many processors. NumPy keeps them, also afterwards."""
    network = nndsl.compile("network U { input x[40]  output y[40] = x * 1e-10 }")
    x = np.float32(10.0) ** -np.linspace(24, 34, 40, dtype=np.float32)[None]
    found, wanted = network.run(x=x)["y"], x * np.float32(1e-10)
    normal = wanted >= np.finfo(np.float32).tiny
    assert 10 < np.count_nonzero(normal) < 30 < np.count_nonzero(wanted)
    np.testing.assert_array_equal(found, np.where(normal, wanted, 0))
