"""Measures nndsl on one workload in this fresh process, and prints a line of JSON as the peers' worker does.

    python -m benchmarks.worker w01_mlp_small --seconds 3

The peers' folder is on the path.
"""

from __future__ import annotations

import argparse
import json
import resource
from types import SimpleNamespace

import inference
import worker

from benchmarks import workloads
from benchmarks.ours import Running, Training, loss_at_start
from nndsl.diagnostics.diagnostic import NNDSLError


def loaded(name: str) -> workloads.Workload:
    """A workload of the suite as nndsl is given it."""
    if name in inference.WORKLOADS:
        model, batch = inference.WORKLOADS[name]
        return workloads.inference(model, batch, inference.example(model, batch))
    return workloads.workload(name, worker.load(name))


def measured(name: str, seconds: float, threads: int | None) -> dict[str, object]:
    """What the peers' worker says of a peer; `loss_first` is that of the first minibatch of all."""
    workload = loaded(name)
    if workload.runs is not None and threads is not None:
        return {"error": "a network that is run chooses its threads itself"}
    out: dict[str, object] = {}
    case = Running(workload) if workload.runs is not None else Training(workload, threads, worker.process_age)
    out["build_s"] = worker.process_age()
    case.run(case.chunk)
    first = case.first if isinstance(case, Training) else None
    out |= {"first_s": first or worker.process_age(), "first_units": case.chunk}
    worker.measure(SimpleNamespace(run=case.run, chunk=case.chunk, loss=lambda: case.loss), seconds, out)
    out["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if isinstance(case, Training) and case.minimizes:
        out["loss_first"] = loss_at_start(workload)
    elif workload.runs != 1:  # drawn at random, or after another amount of work
        out["loss_first"] = None
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workload")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--threads", type=int, help="[default: as many as nndsl finds worth while]")
    given = parser.parse_args()
    try:
        found = measured(given.workload, given.seconds, given.threads)
    except NNDSLError as error:
        found = {"error": f"cannot run yet: {error.diagnostics[0].code} {error.diagnostics[0].message()}"}
    print("\n" + json.dumps({"workload": given.workload, "peer": "nndsl", **found}), flush=True)


if __name__ == "__main__":
    main()
