"""A network saved from Python is the same network when it is loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import nndsl


def test_a_saved_network_gives_the_same_outputs(tmp_path: Path) -> None:
    network = nndsl.compile("specs/mlp.nn", hidden=8, epochs=1)
    history = network.fit()
    again = nndsl.load(network.save(tmp_path))
    x = np.random.default_rng(0).random((5, 64))
    np.testing.assert_array_equal(again.run(x=x)["y"], network.run(x=x)["y"])
    assert again.given == {"hidden": 8, "epochs": 1}
    assert "train: 1 epoch" in repr(history)
