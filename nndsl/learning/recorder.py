"""Writes a training down in its run folder while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic

from nndsl.learning.observer import Silent
from nndsl.runtime.run_folder import RunFolder, Weights

SECONDS_BETWEEN_CHECKPOINTS = 10.0


class Recorder(Silent):
    """An observer that logs every epoch, and saves the weights at most every ten seconds and after each
    stage.

    What is lost in a crash is what was learned since the last checkpoint. `weights` gives the parameters as
    they are; `clock` tells seconds.
    """

    def __init__(
        self, folder: RunFolder, weights: Callable[[], Weights], clock: Callable[[], float] = monotonic
    ) -> None:
        self._folder = folder
        self._weights = weights
        self._clock = clock
        self._saved = float("-inf")

    def on_epoch(self, stage: str, epoch: int, metrics: Mapping[str, float]) -> None:
        self._folder.log({"stage": stage, "epoch": epoch, **metrics})
        if self._clock() - self._saved >= SECONDS_BETWEEN_CHECKPOINTS:
            self._save()

    def on_stage_end(self, stage: str, reason: str, best_epoch: int | None) -> None:
        self._save()

    def _save(self) -> None:
        self._folder.save_weights(self._weights())
        self._saved = self._clock()
