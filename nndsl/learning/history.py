"""Remembers what happened in a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from nndsl.diagnostics.wording import counted
from nndsl.learning.observer import Silent


@dataclass(slots=True)
class StageHistory:
    """`epochs` are the measures of each epoch; `best_epoch` is the one whose parameters were kept."""

    name: str
    most_epochs: int
    epochs: list[Mapping[str, float]] = field(default_factory=list)
    elapsed_seconds: float = 0.0
    reason: str = ""
    best_epoch: int | None = None

    @property
    def kept(self) -> Mapping[str, float]:
        """The measures of the epoch whose parameters were kept; empty before the first."""
        if not self.epochs:
            return {}
        return self.epochs[-1 if self.best_epoch is None else self.best_epoch - 1]

    def summary(self) -> dict[str, Any]:
        return {
            "stage": self.name,
            "epochs": len(self.epochs),
            "best_epoch": self.best_epoch,
            "reason": self.reason,
            "elapsed_seconds": self.elapsed_seconds,
            "measures": dict(self.kept),
        }


class History(Silent):
    """An observer that keeps all measures. `clock` tells seconds."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self.stages: list[StageHistory] = []
        self._clock = clock
        self._previous = clock()

    def __repr__(self) -> str:
        lines = (
            f"{stage.name}: {counted(len(stage.epochs), 'epoch')}, "
            + ", ".join(f"{name} {value:.4g}" for name, value in stage.kept.items())
            for stage in self.stages
        )
        return f"<History {'; '.join(lines)}>"

    def on_start(self, stages: Sequence[tuple[str, int]]) -> None:
        self.stages = [StageHistory(name, epochs) for name, epochs in stages]
        self._previous = self._clock()

    def on_epoch(self, stage: str, epoch: int, metrics: Mapping[str, float]) -> None:
        self[stage].epochs.append(dict(metrics))
        self._count_time(stage)

    def on_stage_end(self, stage: str, reason: str, best_epoch: int | None) -> None:
        self[stage].reason = reason
        self[stage].best_epoch = best_epoch
        self._count_time(stage)

    def __getitem__(self, stage: str) -> StageHistory:
        return next(history for history in self.stages if history.name == stage)

    def _count_time(self, stage: str) -> None:
        """Stages that alternate share the clock: what passed since the last event is the stage's."""
        now = self._clock()
        self[stage].elapsed_seconds += now - self._previous
        self._previous = now
