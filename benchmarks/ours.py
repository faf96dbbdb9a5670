"""nndsl as a peer of the suite: a network trained by the product's own loop, or run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from time import perf_counter

import numpy as np

from benchmarks.workloads import Array, Workload
from nndsl.compiler import compile
from nndsl.data.examples import Examples, Parts
from nndsl.data.given import given_examples
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.learning.observer import Silent
from nndsl.learning.procedure import DEFAULT_BATCH
from nndsl.learning.trainer import Options, epochs
from nndsl.network import Network
from nndsl.semantics.model import Minimize

ENDLESS = 10**6

Run = Callable[[int], None]


def network_of(workload: Workload, settings: Mapping[str, int] | None = None) -> Network:
    """The network with the weights that all peers start from. Raises NNDSLError where it cannot be run."""
    network = compile(workload.path, settings or {})
    if network.refused:
        raise NNDSLError(network.refused)
    network.initialise()
    for name, value in workload.parameters.items():
        network.parameters[name][...] = value
    return network


class Training(Silent):
    """A training that goes on for as long as it is asked to, stage by stage at once.

    `threads` is None for as many as nndsl finds worth while. Validation and test have no examples. `first` is
    what `clock` said when the first minibatch was done.
    """

    def __init__(
        self, workload: Workload, threads: int | None = None, clock: Callable[[], float] = perf_counter
    ) -> None:
        self.workload = workload
        self.loss: float | None = None
        self.first: float | None = None
        self._clock = clock
        names = [stage.name for stage in compile(workload.path).stages]
        self._epochs = [self._begun(names[: place + 1], threads) for place in range(len(names))]

    @property
    def chunk(self) -> int:
        """How many units are done at once: minibatches in an epoch, or one."""
        return 1 if self.workload.epochs is not None else self._minibatches

    @property
    def minimizes(self) -> bool:
        """Whether there is a loss to be compared with the peers'."""
        return isinstance(compile(self.workload.path).stages[0].how, Minimize)

    def run(self, units: int) -> None:
        for _ in range(units // self.chunk * (self.workload.epochs or 1)):
            for stage in self._epochs:
                next(stage)

    def on_steps(self, stage: str, epoch: int, step: int, steps: int, running: Mapping[str, float]) -> None:
        self.first = self.first or self._clock()

    def on_epoch(self, stage: str, epoch: int, metrics: Mapping[str, float]) -> None:
        self.first = self.first or self._clock()
        self.loss = next(iter(metrics.values()), None)

    def _begun(self, stages: list[str], threads: int | None) -> Iterator[None]:
        """The last of some stages, with one epoch of those before it done."""
        *before, last = stages
        settings = {f"{stage}.epochs": 1 for stage in before} | {f"{last}.epochs": ENDLESS}
        network = network_of(self.workload, settings)
        examples = given_examples(network.model, self.workload.arrays)
        self._minibatches = -(-examples.count // (network.stages[-1].batch or DEFAULT_BATCH))
        none = Examples({}, 0)
        begun = epochs(network, Parts(examples, none, none), Options(threads=threads), self)
        for _ in before:
            next(begun)
        return begun


def loss_at_start(workload: Workload) -> float:
    """The loss of the first minibatch before anything is learned."""
    network = network_of(workload)
    batch = network.stages[0].batch or DEFAULT_BATCH
    graphs = {symbol.graph for symbol in network.model.sets if symbol.graph is not None}
    arrays = {name: a if graphs else a[:batch] for name, a in workload.arrays.items()}
    return float(network.grad(**arrays)["loss"])


class Running:
    """A network that is run on the same examples again and again, and the number to know its result by."""

    def __init__(self, workload: Workload) -> None:
        self.network, self.workload = network_of(workload), workload
        self.chunk = workload.runs or 1
        self.outputs: dict[str, Array] = {}

    def run(self, units: int) -> None:
        for _ in range(units // self.chunk):
            self.outputs = self.network.run(**self.workload.arrays)

    @property
    def loss(self) -> float:
        return self.workload.result({name: np.asarray(found) for name, found in self.outputs.items()})
