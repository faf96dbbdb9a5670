"""The progress of a training: a live bar on a terminal, else one line an epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from nndsl.learning.observer import Silent
from nndsl.view import measures


class PlainProgress(Silent):
    """One line an epoch, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._epochs: dict[str, int] = {}

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(self, *raised: object) -> None: ...

    def on_compile(self, names: Sequence[str]) -> None:
        self._print(_compiling(names))

    def on_start(self, stages: Sequence[tuple[str, int]]) -> None:
        self._epochs = dict(stages)

    def on_epoch(self, stage: str, epoch: int, metrics: Mapping[str, float]) -> None:
        self._print(f"{stage} {_epoch(epoch, self._epochs[stage])}  {measures.line(metrics)}")

    def on_stage_end(self, stage: str, reason: str, best_epoch: int | None) -> None:
        self._print(f"{stage}: {_ending(reason, best_epoch)}")

    def _print(self, text: str) -> None:
        self._console.print(text, soft_wrap=True, markup=False, highlight=False)


class LiveProgress(Silent):
    """A bar for each stage, with the epoch, the measures so far, and the time that is left."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=16),
            TextColumn("{task.fields[epoch]}", style="cyan"),
            TextColumn("{task.fields[measures]}"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=console,
        )
        self._epochs: dict[str, int] = {}
        self._tasks: dict[str, TaskID] = {}
        self._latest: dict[str, dict[str, float]] = {}

    def __enter__(self) -> LiveProgress:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def on_compile(self, names: Sequence[str]) -> None:
        self._progress.console.print(_compiling(names), style="dim", highlight=False)

    def on_start(self, stages: Sequence[tuple[str, int]]) -> None:
        self._epochs = dict(stages)
        for name, epochs in stages:
            self._tasks[name] = self._progress.add_task(
                name, start=False, total=epochs, epoch=_epoch(0, epochs), measures=""
            )

    def on_steps(self, stage: str, epoch: int, step: int, steps: int, running: Mapping[str, float]) -> None:
        self._show(stage, epoch, epoch - 1 + step / steps, running)

    def on_epoch(self, stage: str, epoch: int, metrics: Mapping[str, float]) -> None:
        self._show(stage, epoch, epoch, metrics)

    def on_stage_end(self, stage: str, reason: str, best_epoch: int | None) -> None:
        """Fills the bar: what an early stop left out is no longer to be waited for."""
        task = self._tasks[stage]
        self._progress.start_task(task)
        self._progress.update(task, total=max(self._progress.tasks[task].completed, 1))

    def _show(self, stage: str, epoch: int, completed: float, metrics: Mapping[str, float]) -> None:
        """Measures of the validation part stay in sight until there are newer ones."""
        task = self._tasks[stage]
        latest = self._latest.setdefault(stage, {})
        latest.update(metrics)
        self._progress.start_task(task)
        self._progress.update(
            task,
            completed=completed,
            epoch=_epoch(epoch, self._epochs[stage]),
            measures=measures.brief(latest),
        )


def progress(console: Console) -> LiveProgress | PlainProgress:
    """What suits the console. Both are context managers, open while the training runs."""
    return LiveProgress(console) if console.is_terminal else PlainProgress(console)


def _epoch(epoch: int, epochs: int) -> str:
    return f"epoch {epoch:>{len(str(epochs))}}/{epochs}"


def _compiling(names: Sequence[str]) -> str:
    return f"compiling {len(names)} kernel{'s' if len(names) > 1 else ''} for this processor, once"


def _ending(reason: str, best_epoch: int | None) -> str:
    return reason if best_epoch is None else f"{reason}; kept epoch {best_epoch}"
