"""Parameters are lent: whoever holds an array, or a part of one, may change it, and that is seen."""

from __future__ import annotations

import numpy as np
import pytest

import nndsl
from nndsl.planning.plan import Precision
from nndsl.runtime.parameters import Parameters
from nndsl.runtime.vector import VectorLayout

SPEC = """
network N {
  input x over 8x8
  layer c[3] = relu(local(x, 3x3) + bias)
  output y[5] = full(flatten(c)) + bias
}
"""
X = np.random.default_rng(0).standard_normal((20, 8, 8, 1)).astype(np.float32)


def parameters() -> Parameters:
    layout = VectorLayout.of({"w": (2, 3), "b": (3,), "s": (), "none": (0, 4)})
    return Parameters(layout, ("b", "w", "s", "none"), Precision.FLOAT32)


def test_a_mapping_of_arrays() -> None:
    found = parameters()
    assert list(found) == ["b", "w", "s", "none"] and len(found) == 4
    assert [array.shape for array in found.values()] == [(3,), (2, 3), (), (0, 4)]
    assert "w" in found and "v" not in found
    with pytest.raises(KeyError):
        found["v"]
    found["w"][1] = 7
    np.testing.assert_array_equal(found["w"], [[0, 0, 0], [7, 7, 7]])
    np.testing.assert_array_equal(found.arrays["w"], found["w"])


def test_nobody_holds_anything() -> None:
    found = parameters()
    first = found.edition
    assert found.edition == first
    found["w"][...] = 1  # lent, and given back
    assert found.edition != first
    assert found.edition == found.edition


@pytest.mark.parametrize(
    "part",
    [
        lambda array: array,
        lambda array: array[1:],
        lambda array: array.T[::2][1:],
        lambda array: array.ravel()[0:1],
        lambda array: memoryview(array),
    ],
    ids=["whole", "rows", "entries", "flat", "buffer"],
)
def test_somebody_holds_a_part(part) -> None:
    found = parameters()
    held = part(found["w"])
    assert len({found.edition for _ in range(3)}) == 3
    del held
    last = found.edition
    assert found.edition == last


def test_the_vector_is_lent_as_well() -> None:
    found = parameters()
    learned = VectorLayout.of({"w": (2, 3), "b": (3,)})
    vector = found.vector(learned)
    assert vector is not None and np.shares_memory(vector, found.arrays["b"])
    assert found.edition != found.edition
    assert found.vector(VectorLayout.of({"b": (3,), "w": (2, 3)})) is None


def test_runs_see_what_has_changed() -> None:
    """Weights are packed once, and again when they may have changed: held, through a part, or given back."""
    network, fresh = nndsl.compile(SPEC), nndsl.compile(SPEC)

    def check() -> None:
        for name, value in network.parameters.arrays.items():
            fresh.parameters[name][...] = value
        fresh._run = None
        np.testing.assert_array_equal(network.run(x=X)["y"], fresh.run(x=X)["y"])

    check()
    network.parameters["c.weights"][...] *= 2
    check()
    held = network.parameters["y.weights"][2]
    for change in range(3):
        held += change
        check()
    del held
    check()
    network.initialise(seed=3)
    check()


def test_training_is_seen() -> None:
    spec = SPEC.replace("\n}", "\n  target t[5]\n  train { minimize mse(y, t)  optimizer adam  epochs 2 }\n}")
    network = nndsl.compile(spec)
    before = network.run(x=X)["y"]
    network.fit(x=X, t=np.ones((20, 5)), validation=0)
    after = network.run(x=X)["y"]
    assert not np.array_equal(before, after)
    network._run = None
    np.testing.assert_array_equal(network.run(x=X)["y"], after)
