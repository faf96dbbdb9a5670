"""What goes wrong while a network learns: interrupts, divergence, too little memory."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

import nndsl
from nndsl.data.examples import Examples, Parts
from nndsl.learning.observer import Silent
from nndsl.learning.trainer import Options, fit
from nndsl.network import Network
from nndsl.runtime import memory

SPECS = Path(__file__).parent.parent.parent / "specs"
RANDOM = np.random.default_rng(5)
COUNT = 400
IMAGES = RANDOM.random((COUNT, 64), np.float32)
LABELS = RANDOM.integers(0, 10, COUNT).astype(np.int32)


def mlp(**settings: float) -> Network:
    return nndsl.compile(SPECS / "mlp.nn", **settings)


def mistakes(network: Network, images: np.ndarray = IMAGES, **options: object) -> tuple[object, ...]:
    """What a training that fails is told, after which the network is still of use."""
    part = Examples({"x": images, "digit": LABELS}, COUNT)
    with pytest.raises(nndsl.NNDSLError) as caught:
        fit(network, Parts(part, part.take(np.arange(0)), part.take(np.arange(0))), Options(**options))
    return caught.value.diagnostics


class Interrupt(Silent):
    """Presses Ctrl-C when an epoch begins; where `late`, from another thread while the next one is run."""

    def __init__(self, late: bool) -> None:
        self.late, self.epochs = late, 0

    def on_epoch(self, stage: str, epoch: int, metrics: Mapping[str, float]) -> None:
        self.epochs = epoch
        if epoch == 2 and self.late:
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
        elif epoch == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("late", [False, True])
def test_an_interrupt_leaves_what_was_learned(late: bool, threads: int) -> None:
    network = mlp(hidden=64, epochs=10**6, early_stop=10**6)
    before = {name: value.copy() for name, value in network.parameters.items()}
    observer = Interrupt(late)
    with pytest.raises(KeyboardInterrupt):
        network.fit(x=IMAGES, digit=LABELS, observer=observer, threads=threads)
    assert observer.epochs >= 2 if late else observer.epochs == 2
    for name, value in network.parameters.items():
        assert np.isfinite(value).all()
        assert (value != before[name]).any()
    assert np.isfinite(network.run(x=IMAGES)["y"]).all()
    short = mlp(hidden=64, epochs=2)
    for name, value in network.parameters.items():
        short.parameters[name][...] = value
    short.fit(x=IMAGES, digit=LABELS)


def test_divergence_is_told() -> None:
    network = mlp(**{"optimizer.rate": 1e9, "epochs": 20})
    (mistake,) = mistakes(network)
    assert (mistake.code, mistake.span.line_number) == ("E0851", 11)


def test_the_debug_mode_finds_where_it_begins() -> None:
    images = IMAGES.copy()
    images[7, 3] = np.inf
    (mistake,) = mistakes(mlp(epochs=1), images, debug=True)
    assert (mistake.code, mistake.span.line_number) == ("E0852", 6)
    (mistake,) = mistakes(mlp(**{"optimizer.rate": 1e9, "epochs": 20}), debug=True)
    assert mistake.code == "E0852"


def test_the_debug_mode_learns_the_same() -> None:
    part = Examples({"x": IMAGES, "digit": LABELS}, COUNT)
    found = []
    for debug in (False, True):
        network = mlp(hidden=16, epochs=2)
        fit(network, Parts(part, part, part), Options(debug=debug, threads=1))
        found.append({name: value.tobytes() for name, value in network.parameters.items()})
    assert found[0] == found[1]


WIDE = """network Wide {
  input x[1] over 300x300
  layer h[300] = relu(local(x, 5x5))
  output y[300] = mean(h over 296x296)
}"""


def test_what_does_not_fit_is_refused_before_memory_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer too large for any machine, parameters too large together, activations too large."""
    monkeypatch.setattr(memory, "available_bytes", lambda: 2**27)
    found = [
        refused(lambda: mlp(hidden=10**9)),
        refused(lambda: mlp(hidden=5 * 10**7).parameters),
        refused(lambda: nndsl.compile(WIDE).run(x=np.zeros((200, 300, 300, 1), np.float32))),
        refused(lambda: mlp(hidden=10**5).fit(x=IMAGES, digit=LABELS)),
    ]
    assert found == [{"E0315"}, {"E0853"}, {"E0853"}, {"E0853"}]


def refused(what: Callable[[], object]) -> set[str]:
    """The codes of the mistakes that are told."""
    with pytest.raises(nndsl.NNDSLError) as caught:
        what()
    return {mistake.code for mistake in caught.value.diagnostics}


def test_a_batch_larger_than_the_data_is_all_of_them() -> None:
    network = mlp(hidden=16, epochs=2, batch=10**8)
    history = network.fit(x=IMAGES, digit=LABELS)
    assert len(history["train"].epochs) == 2


@pytest.mark.usefixtures("many_cores")
def test_many_threads_on_few_cores_are_not_slow() -> None:
    """They wait for one another without keeping others from running."""
    network = mlp(hidden=32, epochs=4)
    network.fit(x=IMAGES, digit=LABELS, threads=8)
    first = network.fit(x=IMAGES, digit=LABELS, threads=8)["train"].elapsed_seconds
    assert first < 10
