"""What the stages of a compilation print: as in the golden files, and the same in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import nndsl

HERE = Path(__file__).parent
SPECS = HERE.parent.parent / "specs"

STAGES = {"graph": "graph", "gradient": "gradient", "optimized": "optimized", "plan": "plan", "python": "py"}
"""Stages, and what their golden files end with."""

PRINT_ALL = """
import sys
from pathlib import Path
import nndsl
for path in sorted(Path(sys.argv[1]).glob("*.nn")):
    network = nndsl.compile(path)
    for stage in ("spec", "model", "topology", "graph", "gradient", "optimized", "plan", "python"):
        print(f"=== {path.stem} {stage}")
        try:
            print(network.emit(stage))
        except nndsl.NNDSLError as error:
            print(error)
"""


@pytest.mark.parametrize("stage", STAGES)
def test_mlp(stage: str, golden: Callable[[Path, str], None]) -> None:
    """Read their difference after a change: it is what the change does."""
    text = nndsl.compile(SPECS / "mlp.nn").emit(stage)
    golden(HERE / f"mlp.{STAGES[stage]}", text.rstrip("\n") + "\n")


def test_all_specs_print_the_same_in_every_process() -> None:
    """The order of sets and hashes, which differs from process to process, is nowhere in what is compiled."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PRINT_ALL, str(SPECS)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for seed in ("1", "2")
    ]
    (first, errors), (second, _) = (process.communicate() for process in processes)
    assert processes[0].returncode == 0, errors.decode()
    assert len(first) > 100_000
    assert first == second
