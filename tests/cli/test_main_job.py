"""The main job: from a spec to a trained network and its predictions."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from nndsl.cli.program import program
from nndsl.data.find import data_directories, named_table
from nndsl.data.table import Part

SPECS = Path(__file__).parent.parent.parent / "specs"
MLP = str(SPECS / "mlp.nn")


def nndsl(*arguments):
    return CliRunner().invoke(program, list(map(str, arguments)), prog_name="nndsl")


def only_folder(runs):
    (folder,) = runs.iterdir()
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    result = nndsl("run", MLP, "--runs", runs, "--threads", 1)
    assert result.exit_code == 0, result.stderr
    return result, only_folder(runs)


# --- run ---------------------------------------------------------------------------


def test_the_mlp_reads_digits(trained):
    """At least 97 % on the held-out third (issue 2)."""
    result, _ = trained
    match = re.search(r"^test accuracy (\d+\.\d) %$", result.stdout, re.MULTILINE)
    assert float(match[1]) >= 97


def test_the_run_shows_every_epoch_and_a_table(trained):
    result, folder = trained
    assert "epoch  1/40  loss " in result.stderr
    assert re.search(r"stage +epochs +kept +time +measure +training +validation", result.stdout)
    assert f"saved in {folder}" in result.stdout


def test_the_run_leaves_a_folder(trained):
    _, folder = trained
    assert re.fullmatch(r"mlp-\d{8}-\d{6}", folder.name)
    assert {path.name for path in folder.iterdir()} == {
        "spec.nn",
        "settings.json",
        "versions.json",
        "metrics.jsonl",
        "weights.safetensors",
        "result.json",
    }
    assert (folder / "spec.nn").read_text() == Path(MLP).read_text()
    settings = json.loads((folder / "settings.json").read_text())
    assert settings["parameters"].keys() == {"hidden"}
    assert (settings["seed"], settings["precision"], settings["threads"]) == (0, "float32", 1)
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == list(range(1, len(lines) + 1))
    assert lines[0].keys() >= {"loss", "accuracy(y, digit)", "validation.loss"}
    result = json.loads((folder / "result.json").read_text())
    assert result["test"].keys() == {"loss", "accuracy(y, digit)"}
    assert result["stages"][0]["epochs"] == len(lines)


def test_the_same_seed_gives_the_same_weights_to_the_bit(trained, tmp_path):
    _, folder = trained
    assert nndsl("run", MLP, "--runs", tmp_path, "--threads", 1, "-q").exit_code == 0
    again = only_folder(tmp_path)
    assert (folder / "weights.safetensors").read_bytes() == (again / "weights.safetensors").read_bytes()


def test_another_seed_and_settings_are_used(tmp_path):
    result = nndsl(
        "run", MLP, "--runs", tmp_path, "--seed", 3, "--set", "hidden=8", "--set", "epochs=2", "--quiet"
    )
    assert result.exit_code == 0
    assert result.stderr == ""
    settings = json.loads((only_folder(tmp_path) / "settings.json").read_text())
    assert settings["given"] == {"hidden": 8, "epochs": 2}
    assert settings["parameters"] == {"hidden": 8}
    assert settings["seed"] == 3


def test_no_save_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert nndsl("run", MLP, "--no-save", "--set", "epochs=1").exit_code == 0
    assert not list(tmp_path.iterdir())


def test_a_network_without_data_learns_from_random_numbers(tmp_path):
    spec = tmp_path / "random.nn"
    spec.write_text(Path(MLP).read_text().replace("data digits { x = image / 16, digit = label }", ""))
    result = nndsl("run", spec, "--no-save", "-q", "--set", "epochs=1")
    assert result.exit_code == 0
    assert "warning[W0960]: 'MLP' names no data" in result.stderr


def test_a_network_without_training_runs_forward():
    result = nndsl("run", SPECS / "lecture_cnn.nn")
    assert result.exit_code == 0, result.stderr
    assert "48 x 48 x 7" in result.stdout


def test_what_cannot_be_run_yet_is_refused_before_data_are_looked_for(tmp_path):
    spec = tmp_path / "darkest.nn"
    spec.write_text(
        "network D { input x[2] over t in T  layer h[2] = batch_norm(full(h[t-1]) + x)"
        " output y[2] = last(h over T)  data mnist { x = image } }"
    )
    result = nndsl("run", spec)
    assert result.exit_code == 1
    assert "error[E0809]" in result.stderr
    assert "E0602" not in result.stderr


def test_mistakes_of_the_data_are_shown_at_the_statement(tmp_path):
    spec = tmp_path / "typo.nn"
    spec.write_text(Path(MLP).read_text().replace("image / 16", "imgae / 16"))
    result = nndsl("run", spec, "--runs", tmp_path / "runs")
    assert result.exit_code == 1
    assert "error[E0605]: 'digits' has no column 'imgae'" in result.stderr
    assert "did you mean 'image'?" in result.stderr
    assert not (tmp_path / "runs").exists()


def test_an_interrupted_run_keeps_what_was_learned(tmp_path):
    endless = ("--set", "epochs=1000000", "--set", "early_stop=1000000")
    process = subprocess.Popen(
        [sys.executable, "-m", "nndsl", "run", MLP, "--runs", tmp_path, *endless],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 60
    while not list(tmp_path.glob("*/weights.safetensors")) and time.monotonic() < until:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"what was learned so far is in {only_folder(tmp_path)}" in errors
    assert "Traceback" not in errors


# --- predict -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    table = named_table("digits", data_directories())
    test = table.part == Part.TEST
    return table.columns["image"][test].reshape(-1, 64), table.columns["label"][test]


def write_csv(path, header, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([*([header] if header else []), *rows])
    return path


@pytest.mark.parametrize(
    ("header", "scale"),
    [
        ([f"image{i}" for i in range(64)], 1),
        ([f"x[{i}]" for i in range(64)], 16),
        ([f"pixel {chr(97 + i // 8)}{chr(97 + i % 8)}" for i in range(64)], 1),
        (None, 1),
    ],
)
def test_predictions_are_those_of_the_test(trained, digits, tmp_path, header, scale):
    result, folder = trained
    images, labels = digits
    data = write_csv(tmp_path / "images.csv", header, (images / scale).tolist())
    predicted = nndsl("predict", folder, data)
    assert predicted.exit_code == 0, predicted.stderr
    rows = list(csv.DictReader(io.StringIO(predicted.stdout)))
    assert list(rows[0]) == ["digit", *(f"y[{i}]" for i in range(10))]
    right = np.mean([int(row["digit"]) == label for row, label in zip(rows, labels, strict=True)])
    assert f"test accuracy {100 * right:.1f} %" in result.stdout


def test_predictions_go_to_a_file(trained, digits, tmp_path):
    _, folder = trained
    data = write_csv(tmp_path / "images.csv", None, digits[0][:3].tolist())
    result = nndsl("predict", folder, data, "--output", tmp_path / "answers.csv")
    assert (result.exit_code, result.stdout) == (0, "")
    assert len((tmp_path / "answers.csv").read_text().splitlines()) == 4


def test_an_output_that_cannot_be_written_is_misuse(trained, tmp_path):
    _, folder = trained
    data = write_csv(tmp_path / "images.csv", None, [[0] * 64])
    result = nndsl("predict", folder, data, "--output", tmp_path / "nowhere" / "answers.csv")
    assert result.exit_code == 2
    assert "Could not open file" in result.stderr


def test_a_table_of_another_width_is_refused(trained, tmp_path):
    _, folder = trained
    data = write_csv(tmp_path / "wide.csv", None, [[0] * 65] * 2)
    result = nndsl("predict", folder, data)
    assert result.exit_code == 1
    assert "expected 64 values for each example of 'x'" in result.stderr


@pytest.mark.parametrize(("run", "code"), [("nowhere", "E0720"), (".", "E0720")])
def test_what_is_no_run_is_refused(tmp_path, monkeypatch, run, code):
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "data.csv", None, [[1]])
    result = nndsl("predict", run, "data.csv")
    assert result.exit_code == 1
    assert code in result.stderr


def test_missing_data_are_refused(trained):
    _, folder = trained
    result = nndsl("predict", folder, "nowhere.csv")
    assert result.exit_code == 1
    assert "E0602" in result.stderr


# --- compile and check -------------------------------------------------------------


def test_compile_reports():
    result = nndsl("compile", MLP)
    assert result.exit_code == 0, result.stderr
    assert "MLP" in result.stdout


@pytest.mark.parametrize(
    "stage", ["spec", "model", "topology", "graph", "gradient", "optimized", "plan", "python"]
)
def test_every_stage_is_printed(stage):
    result = nndsl("compile", MLP, "--emit", stage)
    assert result.exit_code == 0, result.stderr
    assert len(result.stdout.splitlines()) > 5


@pytest.mark.parametrize("stage", ["topology", "graph", "gradient"])
@pytest.mark.parametrize("form", ["json", "graphml", "dot"])
def test_graphs_are_exported(stage, form):
    result = nndsl("compile", MLP, "--emit", stage, "--format", form)
    assert result.exit_code == 0, result.stderr
    if form == "json":
        json.loads(result.stdout)


def test_check_is_content_with_all_of_the_gallery():
    specs = sorted(SPECS.glob("*.nn"))
    result = nndsl("check", *specs)
    assert (result.exit_code, result.stdout) == (0, f"{len(specs)} specs are right\n")


def test_check_shows_all_mistakes_of_all_specs(tmp_path):
    for name in ("a", "b"):
        spec = tmp_path / f"{name}.nn"
        spec.write_text(Path(MLP).read_text().replace("full(h)", "full(hh)"))
    result = nndsl("check", tmp_path / "a.nn", tmp_path / "b.nn")
    assert result.exit_code == 1
    assert result.stderr.count("'hh'") == 2
