"""A run folder gives back what was put in, and says what is wrong with it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.learning.recorder import SECONDS_BETWEEN_CHECKPOINTS, Recorder
from nndsl.runtime import run_folder
from nndsl.runtime.run_folder import RunFolder, Settings

SPEC = "network Net { input x[2] }\n"
SETTINGS = Settings(
    network="Net",
    parameters={"hidden": 8},
    given={"epochs": 3},
    seed=7,
    precision="float32",
    threads=2,
    command="nndsl run net.nn",
    classes={"digit": ["no", "yes"]},
)
WEIGHTS = {"W": np.arange(6, dtype=np.float32).reshape(2, 3), "h.bias": np.ones(3)}
SHAPES = {"W": (2, 3), "h.bias": (3,)}


@pytest.fixture
def folder(tmp_path):
    made = RunFolder.create(tmp_path / "runs", "net", SPEC, SETTINGS)
    made.save_weights(WEIGHTS)
    return made


def codes(function, *arguments):
    with pytest.raises(NNDSLError) as raised:
        function(*arguments)
    return [diagnostic.code for diagnostic in raised.value.diagnostics]


def test_what_is_saved_is_read(folder):
    folder.log({"epoch": 1, "loss": 0.5})
    folder.log({"epoch": 2, "loss": np.float32(0.25)})
    folder.save_result({"test": {"loss": np.float32(0.5)}})
    opened = RunFolder.open(folder.path)
    assert opened.settings == SETTINGS
    assert opened.spec_path.read_text() == SPEC
    assert opened.metrics() == [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}]
    assert opened.result == {"test": {"loss": 0.5}}
    assert {"nndsl", "numpy", "numba", "python", "processor"} <= opened.versions.keys()
    read = opened.weights(SHAPES)
    assert all(np.array_equal(read[name], array) for name, array in WEIGHTS.items())
    assert read["W"].dtype == np.float32


def test_transposed_weights_are_saved_as_they_look(folder):
    folder.save_weights({"W": WEIGHTS["W"].T})
    assert np.array_equal(folder.weights({"W": (3, 2)})["W"], WEIGHTS["W"].T)


def test_runs_of_the_same_second_have_folders_of_their_own(tmp_path):
    paths = {RunFolder.create(tmp_path, "net", SPEC, SETTINGS).path for _ in range(5)}
    assert len(paths) == 5


def test_a_crash_while_writing_leaves_the_former_file(folder, monkeypatch):
    def crash(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(run_folder.os, "fsync", crash)
    with pytest.raises(KeyboardInterrupt):
        folder.save_weights({"W": np.zeros((2, 3))})
    assert np.array_equal(folder.weights(SHAPES)["W"], WEIGHTS["W"])
    assert not list(folder.path.glob(".*"))


def test_a_line_that_a_crash_cut_short_is_left_out(folder):
    folder.log({"epoch": 1})
    with (folder.path / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 2, "lo')
    assert folder.metrics() == [{"epoch": 1}]


def test_no_result_before_the_end(folder):
    assert folder.result is None
    assert folder.metrics() == []


# --- mistakes ----------------------------------------------------------------------


def test_what_is_no_run_folder_is_refused(tmp_path):
    assert codes(RunFolder.open, tmp_path) == ["E0720"]
    assert codes(RunFolder.open, tmp_path / "nothing") == ["E0720"]


@pytest.mark.parametrize("piece", ["spec.nn", "settings.json", "weights.safetensors"])
def test_a_missing_piece_is_named(folder, piece):
    (folder.path / piece).unlink()
    with pytest.raises(NNDSLError, match=piece):
        RunFolder.open(folder.path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"seed": 1}', '{"colour": "red"}'])
def test_damaged_settings_are_refused(folder, content):
    (folder.path / "settings.json").write_text(content)
    assert codes(lambda: RunFolder.open(folder.path).settings) == ["E0722"]


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff" * 64])
def test_damaged_weights_are_refused(folder, content):
    (folder.path / "weights.safetensors").write_bytes(content)
    assert codes(folder.weights, SHAPES) == ["E0722"]


def test_weights_cut_short_are_refused(folder):
    path = folder.path / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-4])
    assert codes(folder.weights, SHAPES) == ["E0722"]


def test_every_parameter_that_differs_is_named(folder):
    shapes = {"W": (3, 2), "V": (1,)}
    assert codes(folder.weights, shapes) == ["E0723", "E0723", "E0723"]


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    assert codes(RunFolder.create, tmp_path / "file", "net", SPEC, SETTINGS) == ["E0724"]


def test_a_full_disk_is_no_internal_error(folder, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run_folder.os, "fsync", full)
    assert codes(folder.save_weights, WEIGHTS) == ["E0724"]
    assert codes(folder.save_result, {}) == ["E0724"]


# --- the recorder ------------------------------------------------------------------


def test_the_recorder_logs_every_epoch_and_saves_now_and_then(folder):
    seconds = iter([0.0, 0.0, 1.0, SECONDS_BETWEEN_CHECKPOINTS, SECONDS_BETWEEN_CHECKPOINTS])
    saved = []

    def weights():
        saved.append(len(folder.metrics()))
        return WEIGHTS

    recorder = Recorder(folder, weights, lambda: next(seconds))
    for epoch in (1, 2, 3):
        recorder.on_epoch("train", epoch, {"loss": 1 / epoch})
    assert saved == [1, 3]
    lines = (folder.path / "metrics.jsonl").read_text().splitlines()
    assert json.loads(lines[1]) == {"stage": "train", "epoch": 2, "loss": 0.5}
