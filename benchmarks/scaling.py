"""How the time of a training step grows with threads and with the size of the work.

    python -m benchmarks.scaling [--seconds 1] [--write]

Prints how many times faster two threads are than one, and how many times slower eight are on two cores; what
a step takes at two and at four times the examples, steps of time, and edges; and what it takes where all that
is learned is so small that results underflow. Data are random. Contenders are measured in turn, and the least
of their times counts, so that other work on the machine does little harm. --write puts the tables into
docs/performance.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from os import sysconf, times
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.report import PAGE, table_lines, time_text, write
from benchmarks.workloads import SPECS
from nndsl.compiler import compile
from nndsl.data.examples import Examples, Parts
from nndsl.data.given import given_examples
from nndsl.data.random import random_parts
from nndsl.learning.observer import Silent
from nndsl.learning.trainer import Options, epochs
from nndsl.network import Network

BEGIN, END = "<!-- written by benchmarks.scaling -->", "<!-- end of scaling -->"
CORES = 2
MANY = 8
MINIBATCHES = 8
TINY = 1e-40
"""Less than the least normal number of 32 bits, 1.2e-38."""

Arrays = Mapping[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class Work:
    """A training of a workload's spec: its minibatch, its data, and what the first weights are scaled by."""

    spec: str
    batch: int = 32
    steps: int = 64  # of time
    edges: int | None = None  # of the one graph that it learns from
    scale: float = 1.0
    settings: Mapping[str, Any] = field(default_factory=dict)

    def network(self) -> Network:
        settings = {"train.epochs": 10**6, "train.batch": self.batch, **self.settings}
        network = compile(SPECS / f"{self.spec}.nn", settings)
        network.initialise()
        for value in network.parameters.values():
            value *= self.scale
        return network

    def examples(self, network: Network) -> Examples:
        if self.edges is not None:
            return given_examples(network.model, graph(self.edges))
        parts = random_parts(network.model, MINIBATCHES * self.batch * 5 // 4, open_size=self.steps)
        return parts.train

    def training(self, threads: int) -> Callable[[], float]:
        """A function that trains for an epoch, and says how many seconds a step has taken."""
        network = self.network()
        examples, none = self.examples(network), Examples({}, 0)
        begun = epochs(network, Parts(examples, none, none), Options(threads=threads), Silent())
        next(begun)

        def epoch() -> float:
            begin = perf_counter()
            next(begun)
            return (perf_counter() - begin) / -(-examples.count // self.batch)

        return epoch


def graph(edges: int) -> Arrays:
    """Half as many nodes as edges, tied at random, with features and classes."""
    random = np.random.default_rng(0)
    ends, nodes = random.integers(0, edges // 2, (edges, 2)), edges // 2
    features = random.standard_normal((nodes, 64)).astype(np.float32)
    return {"G": ends, "x": features, "y": random.integers(0, 10, nodes).astype(np.int32)}


def least(contenders: Sequence[Callable[[], float]], seconds: float) -> tuple[list[float], str]:
    """The least time of each, measured in turn for so many seconds each, and how many processors others had
    meanwhile.
    """
    found = [float("inf")] * len(contenders)
    spent = [0.0] * len(contenders)
    busy = busy_elsewhere()
    while min(spent) < seconds:
        for place, contender in enumerate(contenders):
            begin = perf_counter()
            found[place] = min(found[place], contender())
            spent[place] += perf_counter() - begin
    return found, f"{max(busy_elsewhere() - busy, 0) / sum(spent):.1f}"


def busy_elsewhere() -> float:
    """Seconds for which others have had the machine's processors, as Linux counts them."""
    fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]
    user, nice, system, _idle, _waiting, *rest = (int(ticks) / sysconf("SC_CLK_TCK") for ticks in fields)
    own = times()
    return user + nice + system + sum(rest) - own.user - own.system


THREADED = (
    Work("w02_mlp_large", 256),
    Work("w03_lenet", 64),
    Work("w04_convnet", 16),
    Work("w05_elman"),
    Work("w06_lstm_char"),
    Work("w07_transformer_small"),
    Work("w08_seq2seq"),
    Work("w09_gnn_large", 1, edges=100_000),
    Work("w10_rbm", 100),
    Work("w14_autoencoder", 128),
    Work("w14_vae", 128),
)

SIZES: Mapping[str, tuple[Work, Work, Work]] = {
    "examples": tuple(Work("w02_mlp_large", batch) for batch in (128, 256, 512)),
    "steps of time": tuple(Work("w05_elman", steps=steps) for steps in (50, 100, 200)),
    "edges and nodes": tuple(Work("w09_gnn_large", 1, edges=edges) for edges in (50_000, 100_000, 200_000)),
}

UNDERFLOWING = ("w02_mlp_large", "w03_lenet", "w05_elman", "w06_lstm_char", "w07_transformer_small")


def threads_table(seconds: float) -> list[list[str]]:
    rows = []
    for work in THREADED:
        contenders = [work.training(threads) for threads in (1, CORES, MANY)]
        (one, two, many), others = least(contenders, seconds)
        rows.append([work.spec, time_text(one), f"{one / two:.2f}", f"{many / two:.2f}", others])
    return rows


def sizes_table(seconds: float) -> list[list[str]]:
    rows = []
    for what, works in SIZES.items():
        found, others = least([work.training(1) for work in works], seconds)
        ratios = [f"{time / found[0]:.2f}" for time in found[1:]]
        rows.append([f"{works[0].spec}, {what}", time_text(found[0]), *ratios, others])
    return rows


def underflow_table(seconds: float) -> list[list[str]]:
    rows = []
    for spec in UNDERFLOWING:
        contenders = [Work(spec, scale=scale).training(1) for scale in (1.0, TINY)]
        (normal, tiny), others = least(contenders, seconds)
        rows.append([spec, time_text(normal), f"{tiny / normal:.2f}", others])
    return rows


OTHERS = "CPUs of others"

TABLES = (
    (threads_table, ("workload", "1 thread", "1 ÷ 2 threads", f"{MANY} threads ÷ 2", OTHERS)),
    (sizes_table, ("what grows", "a step", "at twice the size, times", "at four times", OTHERS)),
    (underflow_table, ("all weights at 1e-40", "usual step", "its step, times", OTHERS)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each contender")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    lines = [BEGIN, ""]
    for made, headings in TABLES:
        rows = made(given.seconds)
        shown = Table(*headings)
        for row in rows:
            shown.add_row(*row)
        Console().print(shown)
        lines += [*table_lines(headings, rows), ""]
    if given.write:
        write(PAGE, "\n".join([*lines, END]), BEGIN, END)


if __name__ == "__main__":
    main()
