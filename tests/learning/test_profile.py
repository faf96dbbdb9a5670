"""What a profile holds: every call of a training, under its layer and line. No test times anything."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import nndsl
from nndsl.cli.commands.run import command
from nndsl.data.examples import Examples, Parts
from nndsl.data.given import given_examples
from nndsl.learning.observer import Silent
from nndsl.learning.profile import UPDATE, StageProfile
from nndsl.learning.trainer import Options, fit
from nndsl.planning.plan import walk

pytestmark = pytest.mark.usefixtures("many_cores")

PERCEPTRON = """
network P {
  input x[6]
  target z[3] onehot
  layer h[8] = tanh(full(x) + bias)
  output y[3] = full(h) + bias
  train { minimize cross_entropy(y, z)  optimizer adam  clip norm 1  batch 4  epochs 2 }
}
"""

RECURRENT = """
network R {
  input x[6] over t in T
  target z[3] onehot
  layer h[8] = tanh(full(x) + full(h[t-1]) + bias)
  output y[3] = full(last(h over T)) + bias
  train { minimize cross_entropy(y, z)  optimizer sgd  batch 4 }
}
"""


class Kept(Silent):
    def on_profile(self, profile: StageProfile) -> None:
        self.profile = profile


def profiled(spec: str, threads: int = 1) -> tuple[nndsl.Network, StageProfile]:
    network, kept = nndsl.compile(spec), Kept()
    random = np.random.default_rng(0)
    shape = (8, 5, 6) if "over t" in spec else (8, 6)
    examples = given_examples(network.model, {"x": random.random(shape), "z": random.integers(0, 3, 8)})
    fit(
        network,
        Parts(examples, Examples({}, 0), Examples({}, 0)),
        Options(threads=threads, profile=True),
        kept,
    )
    return network, kept.profile


@pytest.mark.parametrize("threads", [1, 2])
def test_every_call_is_timed(threads: int) -> None:
    network, profile = profiled(PERCEPTRON, threads)
    assert (profile.threads, profile.minibatches) == (threads, 4)
    of_step = [row for row in profile.rows if row.operators and row.part != UPDATE]
    if threads == 1:
        assert len(of_step) == len(list(walk(network.plans["step"].instructions)))
    assert {row.layer for row in of_step} >= {"h", "y", "loss"}
    assert all(row.calls == 1 for row in of_step)
    assert any(row.part == UPDATE for row in profile.rows)
    assert profile.waiting_seconds > 0


def test_operations_are_those_of_the_products() -> None:
    _, profile = profiled(PERCEPTRON)
    products = sorted(row.operations for row in profile.rows if row.operators == ("contract",))
    assert products == sorted(2 * 4 * n for n in (6 * 8, 6 * 8, 8 * 3, 8 * 3, 8 * 3))


def test_calls_in_a_loop_are_counted() -> None:
    _, profile = profiled(RECURRENT)
    assert any("tanh" in row.operators and row.calls == 5 for row in profile.rows)


def test_rows_are_fused_operators_of_a_line() -> None:
    _, profile = profiled(PERCEPTRON)
    assert any({"add", "tanh"} <= set(row.operators) and row.line == 5 for row in profile.rows)


def test_run_shows_and_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "p.nn").write_text(PERCEPTRON, encoding="utf-8")
    runs = tmp_path / "runs"
    shown = CliRunner().invoke(command, [str(tmp_path / "p.nn"), "--profile", "--runs", str(runs)])
    assert shown.exit_code == 0, shown.output
    assert "minibatches of" in shown.output
    (stage,) = json.loads(next(runs.glob("*/profile.json")).read_text(encoding="utf-8"))["stages"]
    assert stage["stage"] == "train"
    assert {row["layer"] for row in stage["rows"]} >= {"h", "y"}
