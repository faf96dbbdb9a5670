"""What a training tells whoever watches it: the progress bar, the run folder, a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from nndsl.learning.profile import StageProfile


class Observer(Protocol):
    """Receives the events of one training, in order; all calls come from the thread that called `fit`.

    Measures are keyed by their text in the spec, with the part in front where it is not the training
    part: `loss`, `accuracy(y, digit)`, `validation.loss`, `validation.accuracy(y, digit)`.
    """

    def on_compile(self, names: Sequence[str]) -> None:
        """Kernels with these names are about to be compiled, because no cache holds them."""

    def on_start(self, stages: Sequence[tuple[str, int]]) -> None:
        """The training begins: name and greatest number of epochs of each stage, in order."""

    def on_steps(self, stage: str, epoch: int, step: int, steps: int, running: Mapping[str, float]) -> None:
        """`step` of `steps` of this epoch (counted from one) are done; `running` are means over them so
        far.
        """

    def on_epoch(self, stage: str, epoch: int, metrics: Mapping[str, float]) -> None:
        """An epoch (counted from one) is done and its validation, where there is one, as well."""

    def on_profile(self, profile: StageProfile) -> None:
        """Where the time of a stage went, which is about to be over, if that was asked for."""

    def on_stage_end(self, stage: str, reason: str, best_epoch: int | None) -> None:
        """A stage is over, for this reason (`epochs done`, `no improvement for 5 epochs`, `converged`).

        `best_epoch` is the epoch whose parameters were kept, None where the last one's were.
        """


class Silent:
    """Observes nothing."""

    def on_compile(self, names: Sequence[str]) -> None: ...

    def on_start(self, stages: Sequence[tuple[str, int]]) -> None: ...

    def on_steps(
        self, stage: str, epoch: int, step: int, steps: int, running: Mapping[str, float]
    ) -> None: ...

    def on_epoch(self, stage: str, epoch: int, metrics: Mapping[str, float]) -> None: ...

    def on_profile(self, profile: StageProfile) -> None: ...

    def on_stage_end(self, stage: str, reason: str, best_epoch: int | None) -> None: ...


class Several:
    """Passes every event on to each of several observers, in order."""

    def __init__(self, *observers: Observer) -> None:
        self.observers = observers

    def on_compile(self, names: Sequence[str]) -> None:
        for observer in self.observers:
            observer.on_compile(names)

    def on_start(self, stages: Sequence[tuple[str, int]]) -> None:
        for observer in self.observers:
            observer.on_start(stages)

    def on_steps(self, stage: str, epoch: int, step: int, steps: int, running: Mapping[str, float]) -> None:
        for observer in self.observers:
            observer.on_steps(stage, epoch, step, steps, running)

    def on_epoch(self, stage: str, epoch: int, metrics: Mapping[str, float]) -> None:
        for observer in self.observers:
            observer.on_epoch(stage, epoch, metrics)

    def on_profile(self, profile: StageProfile) -> None:
        for observer in self.observers:
            observer.on_profile(profile)

    def on_stage_end(self, stage: str, reason: str, best_epoch: int | None) -> None:
        for observer in self.observers:
            observer.on_stage_end(stage, reason, best_epoch)
