"""Measures nndsl and the peers of a suite alternately, and says how they compare.

    python -m benchmarks.compare [WORKLOAD ...] --peers FOLDER [--rounds 3] [--seconds 3]
                                 [--attempts 3] [--all] [--one-thread] [--json FILE] [--write]

A workload is named by any part of its name (w01, lenet, infer_). Each measurement is a process of its own,
with warm-up, and blocks of so many units that the clock is read rarely; in each round everybody is measured
once, in turn, and ratios are taken within rounds. A measurement that others disturb is taken again. The first
round begins with all caches empty. Without --all only the two peers are measured that were the fastest when
all were.

--json keeps the measurements, and adds to those there. --write puts all of them into docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import report
from benchmarks.comparison import DISTURBED_CPUS, Comparison
from benchmarks.suite import ONE_THREAD, OURS, Measurement, Suite


def undisturbed(suite: Suite, workload: str, peer: str, attempts: int) -> Measurement:
    """The least disturbed of some attempts; the first that nobody disturbs ends them."""
    found: list[Measurement] = []
    for _ in range(attempts):
        found.append(suite.measure(workload, peer))
        if found[-1].error is not None or found[-1].other_cpus <= DISTURBED_CPUS:
            break
    best = min(found, key=lambda measurement: measurement.other_cpus)
    return Measurement(**(best.as_json() | {"first_s": found[0].first_s}))


def compared(
    suite: Suite, workload: str, peers: list[str], rounds: int, attempts: int, console: Console
) -> Comparison:
    """All rounds of a workload. Who has no number in the first is left out of the others."""
    comparison = Comparison(workload)
    for number in range(rounds):
        for peer in peers if number % 2 == 0 else reversed(peers):
            if number and comparison.rounds[peer][0].error is not None:
                continue
            found = undisturbed(suite, workload, peer, attempts)
            comparison.add(peer, found)
            said = found.error or f"{report.time_text(found.median_s)}, others {found.other_cpus:.2f}"
            console.print(f"  {workload}, round {number + 1}, {peer}: {said}", highlight=False)
        if comparison.error is not None:
            break
    return comparison


def peers_of(suite: Suite, workload: str, everybody: bool, one_thread: bool) -> list[str]:
    known = list(suite.definition(workload).PEERS)
    chosen = known if everybody else [peer for peer in suite.rivals(workload) if peer in known]
    return [OURS, *([ONE_THREAD] if one_thread else []), *chosen]


def kept(path: Path | None) -> dict[str, dict[str, list[dict[str, object]]]]:
    """The measurements of a file, by workload and peer."""
    if path is None or not path.is_file():
        return {}
    found: dict[str, dict[str, list[dict[str, object]]]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("workload", nargs="*")
    parser.add_argument("--peers", type=Path, required=True, help="the folder of the peers' suite")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--attempts", type=int, default=3, help="of a disturbed measurement")
    parser.add_argument("--all", action="store_true", help="measure all peers")
    parser.add_argument("--one-thread", action="store_true", help="measure nndsl with one thread as well")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def main() -> None:
    given = parsed()
    console = Console()
    found = kept(given.json)
    with tempfile.TemporaryDirectory() as cache:
        suite = Suite(given.peers, Path(cache), given.seconds)
        limits = suite.limits()
        for workload in suite.workloads(given.workload) if given.rounds else []:
            peers = peers_of(suite, workload, given.all, given.one_thread)
            comparison = compared(suite, workload, peers, given.rounds, given.attempts, console)
            found[workload] = {
                peer: [measurement.as_json() for measurement in rounds]
                for peer, rounds in comparison.rounds.items()
            }
            if given.json is not None:
                given.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
        comparisons = [restored(name, found[name]) for name in sorted(found)]
        console.print(table(comparisons, suite, limits))
        for comparison in comparisons:
            for peer, reason in comparison.failed.items():
                console.print(f"left out: {comparison.workload}, {peer}: {reason}", highlight=False)
        if given.write:
            report.write(report.PAGE, report.page(comparisons, suite, limits))


def restored(workload: str, rounds: dict[str, list[dict[str, object]]]) -> Comparison:
    return Comparison(
        workload, {peer: [Measurement.of(one) for one in found] for peer, found in rounds.items()}
    )


def table(comparisons: list[Comparison], suite: Suite, limits: dict[str, float]) -> Table:
    shown = Table(*report.HEADINGS)
    for comparison in comparisons:
        shown.add_row(*report.row(comparison, suite, limits))
    return shown


if __name__ == "__main__":
    main()
