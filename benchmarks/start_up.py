"""How long whole processes take from their start: importing, checking, and the first step of a training.

    python -m benchmarks.start_up

Prints the least of some processes, in seconds of the clock and of the processor: the first tell what a user
waits for, the second what it is made of, also on a machine that others use. `first step` is the end of the
first minibatch, with an empty cache of kernels and with a kept one; a new network has other widths than the
one before.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
SPEC = ROOT / "specs" / "mlp.nn"
RUNS = 5

FIRST_STEP = """
import os, sys
from nndsl.cli.commands.run import command
from nndsl.learning.session import Session

run = Session.run

def first(session, turn, turns):
    run(session, turn, 1)
    os._exit(0)

Session.run = first
command(sys.argv[1:])
"""
"""`nndsl run`, which ends after the first minibatch."""

Seconds = tuple[float, float]


def process(arguments: Sequence[str], environment: dict[str, str]) -> Seconds:
    """How long a process takes, by the clock and of the processor."""
    before, begin = getrusage(RUSAGE_CHILDREN), perf_counter()
    subprocess.run([sys.executable, *arguments], env=environment, check=True, capture_output=True, cwd=ROOT)
    elapsed, after = perf_counter() - begin, getrusage(RUSAGE_CHILDREN)
    return elapsed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def least(arguments: Sequence[str], environment: dict[str, str]) -> Seconds:
    found = [process(arguments, environment) for _ in range(RUNS)]
    return min(clock for clock, _ in found), min(processor for _, processor in found)


def main() -> None:
    table = Table("process", "seconds", "of the processor")

    def show(what: str, seconds: Seconds) -> None:
        table.add_row(what, *(f"{number:.2f}" for number in seconds))

    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "XDG_CACHE_HOME": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its byte code
        first_step = ["-c", FIRST_STEP, str(SPEC), "--no-save"]
        show("first step, first run ever", process(first_step, environment))
        show("first step, a known network", least(first_step, environment))
        other = [*first_step, "--set", "hidden=200"]
        show("first step, a new network", least(other, environment))
        show("nndsl check", least(["-m", "nndsl", "check", str(SPEC)], environment))
        show("import nndsl", least(["-c", "import nndsl"], environment))
        show("python alone", least(["-c", ""], environment))
    Console().print(table)


if __name__ == "__main__":
    main()
