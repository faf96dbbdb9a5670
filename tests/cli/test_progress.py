"""What a training shows, on a terminal and in a log."""

from __future__ import annotations

import io

from rich.console import Console

from nndsl.learning.history import History
from nndsl.learning.observer import Several
from nndsl.view.progress import progress
from nndsl.view.result import result_lines, training_table

EPOCHS = (
    {"loss": 0.5, "accuracy(y, digit)": 0.8, "validation.loss": 0.6, "validation.accuracy(y, digit)": 0.75},
    {"loss": 0.25, "accuracy(y, digit)": 0.9, "validation.loss": 0.3, "validation.accuracy(y, digit)": 0.85},
    {"loss": 0.125, "accuracy(y, digit)": 0.95, "validation.loss": 0.4, "validation.accuracy(y, digit)": 0.8},
)


def train(observer):
    """A training as a trainer tells of it: k-means, then three of ten epochs."""
    observer.on_compile(["product", "relu"])
    observer.on_start([("centres", 1), ("weights", 10)])
    observer.on_epoch("centres", 1, {"distance": 12.5})
    observer.on_stage_end("centres", "converged", None)
    for epoch, metrics in enumerate(EPOCHS, 1):
        observer.on_steps("weights", epoch, 1, 2, {"loss": metrics["loss"]})
        observer.on_steps("weights", epoch, 2, 2, {"loss": metrics["loss"]})
        observer.on_epoch("weights", epoch, metrics)
    observer.on_stage_end("weights", "no improvement for 1 epoch", 2)


def shown(terminal):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100, legacy_windows=False)
    with progress(console) as observer:
        train(observer)
    return console.file.getvalue()


def test_a_log_gets_a_line_an_epoch():
    assert shown(terminal=False).splitlines() == [
        "compiling 2 kernels for this processor, once",
        "centres epoch 1/1  distance 12.5",
        "centres: converged",
        "weights epoch  1/10  loss 0.5000  accuracy 80.0 %  validation loss 0.6000  accuracy 75.0 %",
        "weights epoch  2/10  loss 0.2500  accuracy 90.0 %  validation loss 0.3000  accuracy 85.0 %",
        "weights epoch  3/10  loss 0.1250  accuracy 95.0 %  validation loss 0.4000  accuracy 80.0 %",
        "weights: no improvement for 1 epoch; kept epoch 2",
    ]


def test_a_terminal_gets_a_live_bar():
    text = shown(terminal=True)
    assert "\x1b[2K" in text  # lines are drawn over
    last = text.rsplit("weights", 1)[-1]
    assert "epoch  3/10" in last
    assert "loss 0.1250  accuracy 95.0 %  (validation 80.0 %)" in last


def test_the_table_shows_what_was_kept():
    ticks = iter(range(100))
    history = History(clock=lambda: float(next(ticks)))
    train(Several(history))
    console = Console(file=io.StringIO(), width=100)
    console.print(training_table(history.stages))
    lines = [line.split() for line in console.file.getvalue().splitlines() if line.strip()]
    assert lines[0] == ["stage", "epochs", "kept", "time", "measure", "training", "validation"]
    assert lines[2] == ["centres", "1/1", "1", "2.00", "s", "distance", "12.5"]
    assert lines[3] == ["weights", "3/10", "2", "4.00", "s", "loss", "0.2500", "0.3000"]
    assert lines[4] == ["accuracy", "90.0", "%", "85.0", "%"]


def test_history_sums_up_for_the_run_folder():
    history = History()
    train(history)
    summary = history["weights"].summary()
    assert summary["best_epoch"] == 2
    assert summary["measures"] == EPOCHS[1]
    assert (summary["epochs"], summary["reason"]) == (3, "no improvement for 1 epoch")


def test_measures_of_the_test_part():
    tested = {"loss": 0.0721, "accuracy(y, digit)": 0.9783, "mse(a, x)": 12.5, "mse(b, x)": 0.5}
    assert list(result_lines(tested)) == [
        "test loss 0.0721",
        "test accuracy 97.8 %",
        "test mse(a, x) 12.5",
        "test mse(b, x) 0.5000",
    ]
