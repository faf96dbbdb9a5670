"""A run's folder gives back the network that was trained, to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import nndsl
from nndsl.cli.program import program

MLP = Path(__file__).parent.parent.parent / "specs" / "mlp.nn"
IMAGES = np.random.default_rng(2).random((300, 64))


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_loading(precision: str, tmp_path: Path) -> None:
    settings = ["--set", "hidden=16", "--set", "epochs=1", "--precision", precision, "--quiet"]
    result = CliRunner().invoke(program, ["run", str(MLP), "--runs", str(tmp_path), *settings])
    assert result.exit_code == 0, result.output
    (folder,) = tmp_path.iterdir()
    network = nndsl.load(folder)
    assert {value.dtype.name for value in network.parameters.values()} == {precision}
    found = network.run(x=IMAGES)["y"]
    w = {name: value.astype(np.float64) for name, value in network.parameters.items()}
    h = np.maximum(IMAGES @ w["h.weights"].T + w["h.bias"], 0)
    np.testing.assert_allclose(found, h @ w["y.weights"].T + w["y.bias"], rtol=1e-4, atol=1e-5)
    assert nndsl.load(folder).run(x=IMAGES)["y"].tobytes() == found.tobytes()
    network.fit(precision=precision)
