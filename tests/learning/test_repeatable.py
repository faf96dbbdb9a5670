"""One seed is one training, to the bit, however it is cut into stretches; threads agree up to rounding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import nndsl
from nndsl.learning import pace
from nndsl.learning.observer import Silent
from nndsl.network import Network

pytestmark = pytest.mark.usefixtures("many_cores")

SPECS = Path(__file__).parent.parent.parent / "specs"
Numbers = dict[str, NDArray[np.float32]]

RANDOM = np.random.default_rng(7)
IMAGES = RANDOM.random((323, 64))
LABELS = (3 * IMAGES[:, :10] + RANDOM.random((323, 10))).argmax(1)


def mlp(**settings: float) -> Network:
    return nndsl.compile(SPECS / "mlp.nn", **{"hidden": 32, "epochs": 3, **settings})


def trained(network: Network, threads: int = 1, precision: str = "float32", seed: int = 0) -> Numbers:
    network.fit(x=IMAGES, digit=LABELS, threads=threads, precision=precision, seed=seed)
    return {name: value.copy() for name, value in network.parameters.items()}


def assert_same_bits(found: Numbers, expected: Numbers) -> None:
    for name, value in expected.items():
        assert found[name].tobytes() == value.tobytes(), name


@pytest.mark.parametrize("threads", [1, 2])
def test_a_seed_is_a_training(threads: int) -> None:
    assert_same_bits(trained(mlp(), threads), trained(mlp(), threads))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("seconds", [0.0, 1e9], ids=["one by one", "at once"])
def test_stretches_change_nothing(monkeypatch: pytest.MonkeyPatch, seconds: float, threads: int) -> None:
    expected = trained(mlp(), threads)
    monkeypatch.setattr(pace, "SECONDS_A_STRETCH", seconds)
    assert_same_bits(trained(mlp(), threads), expected)


def test_another_seed_is_another_training() -> None:
    assert trained(mlp())["h.weights"].tobytes() != trained(mlp(), seed=1)["h.weights"].tobytes()


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_threads_agree(threads: int) -> None:
    """The weights of l2 are whole on each thread, and must count once; a last minibatch may be smaller than
    the number of threads."""
    expected = trained(mlp(), precision="float64")
    found = trained(mlp(), threads, precision="float64")
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-12, err_msg=name)


class Watch(Silent):
    """Copies of the parameters after each epoch, and what was measured."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.copies: list[Numbers] = []
        self.losses: list[float] = []
        self.ends: list[tuple[str, str, int | None]] = []

    def on_epoch(self, stage: str, epoch: int, metrics: Mapping[str, float]) -> None:
        self.copies.append({name: value.copy() for name, value in self.network.parameters.items()})
        self.losses.append(metrics["validation.loss"])

    def on_stage_end(self, stage: str, reason: str, best_epoch: int | None) -> None:
        self.ends.append((stage, reason, best_epoch))


def test_early_stop_keeps_the_best_epoch() -> None:
    network = mlp(hidden=64, epochs=60, early_stop=4)
    watch = Watch(network)
    network.fit(x=IMAGES, digit=LABELS, observer=watch)
    ((_, reason, best),) = watch.ends
    assert (reason, best) == ("no improvement for 4 epochs", int(np.argmin(watch.losses)) + 1)
    assert len(watch.copies) == best + 4
    assert_same_bits(dict(network.parameters), watch.copies[best - 1])


class Stages(Watch):
    """Copies of the parameters after each stage."""

    def on_epoch(self, stage: str, epoch: int, metrics: Mapping[str, float]) -> None: ...

    def on_start(self, stages: Sequence[tuple[str, int]]) -> None:
        self.on_stage_end("", "", None)

    def on_stage_end(self, stage: str, reason: str, best_epoch: int | None) -> None:
        self.copies.append({name: value.copy() for name, value in self.network.parameters.items()})


@pytest.mark.parametrize("threads", [1, 2])
def test_a_stage_changes_what_it_learns(threads: int) -> None:
    network = nndsl.compile(SPECS / "autoencoder.nn", epochs=1)
    stages = Stages(network)
    network.fit(x=RANDOM.random((50, 784)), digit=LABELS[:50], observer=stages, threads=threads)
    for stage, before, after in zip(network.stages, stages.copies, stages.copies[1:], strict=False):
        changed = {name for name, value in before.items() if value.tobytes() != after[name].tobytes()}
        assert changed == {parameter.name for parameter in stage.learned}
