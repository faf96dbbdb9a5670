"""The end of a training: a table of its stages, and the measures of the test part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from nndsl.data.examples import Array
from nndsl.learning.history import StageHistory
from nndsl.view import measures


def training_table(stages: Sequence[StageHistory]) -> Table:
    """Each stage with its measures at the epoch whose parameters were kept."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("stage", "epochs", "kept", "time", "measure", "training", "validation"):
        table.add_column(heading, justify="left" if heading in ("stage", "measure") else "right")
    for stage in stages:
        head = (stage.name, f"{len(stage.epochs)}/{stage.most_epochs}", _kept(stage))
        rows = list(_measures(stage.kept)) or [("", "", "")]
        table.add_row(*head, measures.duration(stage.elapsed_seconds), *rows[0])
        for row in rows[1:]:
            table.add_row("", "", "", "", *row)
    return table


def result_lines(tested: Mapping[str, float]) -> Iterator[str]:
    """`test accuracy 97.8 %`, a line a measure."""
    short = measures.short_names(tested)
    for name, value in tested.items():
        yield f"test {short[name]} {measures.text(name, value)}"


def _kept(stage: StageHistory) -> str:
    return str(stage.best_epoch or len(stage.epochs))


def _measures(kept: Mapping[str, float]) -> Iterator[tuple[str, str, str]]:
    train = {name: value for name, value in kept.items() if not name.startswith(measures.VALIDATION)}
    short = measures.short_names(train)
    for name, value in train.items():
        validation = kept.get(measures.VALIDATION + name)
        shown = "" if validation is None else measures.text(name, validation)
        yield short[name], measures.text(name, value), shown


def output_table(outputs: Mapping[str, Array]) -> Table:
    """What the outputs of a network look like over some examples."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("output", "examples", "shape", "mean", "least", "greatest"):
        table.add_column(heading, justify="left" if heading in ("output", "shape") else "right")
    for name, array in outputs.items():
        shape = " x ".join(map(str, array.shape[1:])) or "1"
        numbers = (array.mean(), array.min(), array.max()) if array.size else ()
        table.add_row(name, str(len(array)), shape, *(f"{number:.4g}" for number in numbers))
    return table
