"""Trains a network: its stages in order, epoch by epoch, each epoch natively."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from nndsl.building.build import LOSS
from nndsl.building.refusals import refused
from nndsl.data.examples import Examples, Parts
from nndsl.diagnostics.catalogue.running import Diverged, WeightsDiverged
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.learning.initialise import generator
from nndsl.learning.observer import Observer, Silent
from nndsl.learning.pace import Pace
from nndsl.learning.profile import profile_of
from nndsl.learning.session import Session, evaluation_loop, run_evaluation
from nndsl.planning.plan import Precision
from nndsl.runtime.stopwatch import Stopwatch
from nndsl.semantics.model import Alternate, Minimize, Rule, Stage

if TYPE_CHECKING:
    from nndsl.network import Network

VALIDATION = "validation."


@dataclass(frozen=True, slots=True)
class Options:
    """How a training is run. `threads` is None for as many as pay; there is at most one a core. `debug` looks
    at every value, `profile` at the clock after every call.
    """

    seed: int = 0
    precision: Precision = Precision.FLOAT32
    threads: int | None = None
    debug: bool = False
    profile: bool = False


def fit(network: Network, parts: Parts, options: Options, observer: Observer | None = None) -> None:
    """Trains the network's parameters, in place.

    An interrupt from the keyboard ends it between two minibatches; the parameters are then those of the last.
    Raises NNDSLError where something cannot be run, or diverges.
    """
    deque(epochs(network, parts, options, observer), maxlen=0)


def epochs(
    network: Network, parts: Parts, options: Options, observer: Observer | None = None
) -> Iterator[None]:
    """The same, handing over after each epoch; the parameters are then as that epoch has left them."""
    found = refused(network.model)
    if found:
        raise NNDSLError(found)
    observer = observer or Silent()
    network.begin(options.seed, options.precision)
    network.classes = dict(parts.train.classes)
    observer.on_start([(stage.name, stage.epochs) for stage in network.stages])
    for entry in network.model.stages:
        stages = entry.stages if isinstance(entry, Alternate) else (entry,)
        yield from _run([_StageTraining(network, stage, parts, options, observer) for stage in stages])


def _run(trainings: Sequence[_StageTraining]) -> Iterator[None]:
    """One stage to its end, or several in turn, a minibatch each; hands over after each epoch."""
    if len(trainings) == 1:
        yield from trainings[0].run()
        return
    for epoch in range(1, trainings[0].stage.epochs + 1):
        for training in trainings:
            training.begin_epoch()
        for turn in range(max(training.session.turns for training in trainings)):
            for training in trainings:
                training.take_turn(turn)
        for training in trainings:
            training.end_epoch(epoch)
        yield
    for training in trainings:
        training.end("epochs done")


class _StageTraining:
    """One stage in progress."""

    def __init__(
        self, network: Network, stage: Stage, parts: Parts, options: Options, observer: Observer
    ) -> None:
        self.stage, self.observer = stage, observer
        self.random = generator(options.seed, f"order of {stage.name}")
        self.session = Session(network, stage, parts.train, options, self.random, observer.on_compile)
        if options.profile:
            self.session.loop.stopwatch = Stopwatch()
        self.pace = Pace()
        self.validation: Examples = parts.validation
        self.best_epoch: int | None = None
        self.best = float("inf")

    def run(self) -> Iterator[None]:
        for epoch in range(1, self.stage.epochs + 1):
            self.begin_epoch()
            self._minibatches(epoch)
            self.end_epoch(epoch)
            yield
            if self.stage.early_stop is not None and self._is_over(epoch, self.stage.early_stop):
                self.end(f"no improvement for {self.stage.early_stop} epochs")
                return
        self.end("epochs done")

    def begin_epoch(self) -> None:
        self.session.shuffle(self.random)

    def take_turn(self, turn: int) -> None:
        """One minibatch, if the epoch has that many, from where the other stages have left the parameters."""
        if turn < self.session.turns:
            self.session.take()
            self.session.run(turn, 1)
            self.session.give()

    def end_epoch(self, epoch: int) -> None:
        """Updates what is updated once an epoch, looks at the validation part, and tells the observer."""
        self.session.end_epoch()
        metrics = self.session.means(self.session.turns)
        self._require_finite(epoch, metrics)
        self._require_finite_weights(epoch)
        if self.validation.count:
            found = self.session.evaluate(self.validation)
            metrics |= {VALIDATION + name: value for name, value in found.items()}
        if self.stage.early_stop is not None and self._monitored(metrics) < self.best:
            self.best, self.best_epoch = self._monitored(metrics), epoch
            self.session.keep()
        self.observer.on_epoch(self.stage.name, epoch, metrics)

    def end(self, reason: str) -> None:
        if self.best_epoch is not None:
            self.session.restore()
        if self.session.loop.stopwatch is not None:
            self.observer.on_profile(profile_of(self.session, self.session.loop.stopwatch))
        self.observer.on_stage_end(self.stage.name, reason, self.best_epoch)

    def _minibatches(self, epoch: int) -> None:
        """All minibatches of an epoch, in stretches short enough for news and interrupts."""
        try:
            self._stretches(epoch)
        finally:
            self.session.give()

    def _stretches(self, epoch: int) -> None:
        turns = self.session.turns
        for first, count in self.pace.stretches(turns):
            self.session.run(first, count)
            done = first + count
            running = self.session.means(done)
            self._require_finite(epoch, running)
            if done < turns:
                self.observer.on_steps(self.stage.name, epoch, done, turns, running)

    def _monitored(self, metrics: Mapping[str, float]) -> float:
        """What an early stop wants small: the loss, of the validation part where there is one."""
        return metrics.get(VALIDATION + LOSS, metrics.get(LOSS, float("inf")))

    def _is_over(self, epoch: int, patience: int) -> bool:
        return epoch - (self.best_epoch or 0) >= patience

    def _require_finite(self, epoch: int, metrics: Mapping[str, float]) -> None:
        loss = metrics.get(LOSS, 0.0)
        if not isfinite(loss):
            span = self.stage.optimizer.span if self.stage.optimizer else self.stage.how.span
            raise NNDSLError([Diverged(span=span, stage=self.stage.name, epoch=epoch, loss=loss)])

    def _require_finite_weights(self, epoch: int) -> None:
        """A rule has no loss that would show it, nor has one that learns a likelihood."""
        how, stage = self.stage.how, self.stage.name
        if isinstance(how, Minimize) or (name := self.session.not_finite()) is None:
            return
        rule = how.name if isinstance(how, Rule) else how.method
        told = WeightsDiverged(span=how.span, rule=rule, weights=name, epoch=epoch, stage=stage)
        raise NNDSLError([told])


def test(network: Network, examples: Examples, threads: int | None = None) -> dict[str, float]:
    """The loss and measures of the last stage that has any, over examples that it did not learn from.

    `threads` is None for as many as pay.
    """
    for stage in reversed(network.stages):
        if stage.measures or isinstance(stage.how, Minimize):
            loop = evaluation_loop(network, stage, examples, network.precision, threads=threads)
            return run_evaluation(stage, loop)
    return {}
