"""What the runner of the benchmarks says of measurements, and that its specs are specs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import nndsl

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT))  # benchmarks are not installed

from benchmarks.comparison import Comparison  # noqa: E402
from benchmarks.report import BEGIN, END, ratio_text, time_text, write  # noqa: E402
from benchmarks.suite import FASTEST, OURS, Measurement  # noqa: E402
from benchmarks.workloads import SPECS, TRAINED  # noqa: E402

NETWORKS = sorted(path for path in SPECS.glob("w*.nn"))


def measured(seconds: float, others: float = 0.0, loss: float | None = None) -> Measurement:
    return Measurement(median_s=seconds, other_cpus=others, loss_first=loss)


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_every_workload_is_a_spec(path: Path) -> None:
    assert nndsl.compile(path).model.parameters


def test_every_workload_has_rivals() -> None:
    assert {path.stem for path in NETWORKS} == set(FASTEST)
    assert set(TRAINED.values()) <= set(FASTEST)


def test_ratios_are_taken_within_rounds() -> None:
    found = Comparison("w", {OURS: [measured(1), measured(2)], "torch": [measured(2), measured(6)]})
    assert found.ratios("torch") == [2, 3]
    assert ratio_text(found) == "2.50 (2.00 … 3.00)"


def test_the_best_peer_is_the_one_with_the_least_median() -> None:
    rounds = {
        OURS: [measured(1)] * 3,
        "jax": [measured(s) for s in (1, 9, 9)],
        "torch": [measured(s) for s in (3, 4, 5)],
        "absent": [Measurement(error="ModuleNotFoundError: No module named 'absent'")],
    }
    found = Comparison("w", rounds)
    assert found.best_peer == "torch"
    assert list(found.failed) == ["absent"]


def test_a_disturbed_round_is_not_judged() -> None:
    found = Comparison("w", {OURS: [measured(1), measured(1, 0.4)], "torch": [measured(2, 0.2), measured(3)]})
    assert found.ratios("torch") == []
    assert ratio_text(found) == "not judged: others took 0.4 processors"


@pytest.mark.parametrize(("loss", "same"), [(2.31, True), (2.5, False), (None, None)])
def test_losses_of_the_first_minibatch_are_compared(loss: float | None, same: bool | None) -> None:
    found = Comparison("w", {OURS: [measured(1, loss=2.3)], "torch": [measured(1, loss=loss)]})
    assert found.same_work is same


@pytest.mark.parametrize(
    ("seconds", "text"), [(1.234, "1.23 s"), (0.0483, "48.3 ms"), (48.34e-6, "48.3 µs"), (123.4, "123 s")]
)
def test_times_have_three_digits(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


def test_tables_are_written_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    write(page, f"{BEGIN}\nnew\n{END}")
    assert page.read_text(encoding="utf-8") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
