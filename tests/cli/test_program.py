"""The program: help that teaches, guesses at slips, and exit codes that mean something."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from nndsl.cli.options import parse_settings
from nndsl.cli.program import program
from nndsl.diagnostics.diagnostic import NNDSLError

MLP = str(Path(__file__).parent.parent.parent / "specs" / "mlp.nn")
COMMANDS = ("check", "compile", "explain", "fmt", "generate", "predict", "run", "warm")


def nndsl(*arguments):
    return CliRunner().invoke(program, arguments, prog_name="nndsl")


# --- help --------------------------------------------------------------------------


def test_help_lists_the_commands_and_the_exit_codes():
    result = nndsl("--help")
    assert result.exit_code == 0
    assert all(f"\n  {command} " in result.stdout for command in COMMANDS)
    assert "Exit codes: 0 all is well" in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_shows_how_it_is_used(command):
    result = nndsl(command, "--help")
    assert result.exit_code == 0
    assert f"\n    nndsl {command} " in result.stdout or command == "warm"


def test_version():
    assert nndsl("--version").stdout.startswith("nndsl, version ")


# --- misuse ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ceck", "mlp.nn"], "there is no command 'ceck'. Did you mean 'check'?"),
        (["zzz"], "The commands are check, compile,"),
        (["run", "--sed", "3", "mlp.nn"], "--seed"),
        (["run"], "Missing argument 'SPEC'"),
        (["run", "mlp.nn", "--precision", "float16"], "'float16' is not one of 'float32', 'float64'"),
        (["run", "mlp.nn", "--threads", "0"], "0 is not in the range x>=1"),
        (["compile", "mlp.nn", "--emit", "grap"], "'grap' is not one of"),
        (
            ["compile", "mlp.nn", "--emit", "plan", "--format", "dot"],
            "'text' for the stage 'plan', found 'dot'",
        ),
        (["compile", "mlp.nn", "--format", "json"], "'json' is for --emit topology, --emit graph"),
        (["run", MLP, "--set", "hiden=3"], "did you mean 'hidden'?"),
        (["run", MLP, "--set", "hidden=wide"], "for 'hidden', found wide"),
        (["run", MLP, "--network", "Other"], "its networks are 'MLP'"),
        (["run", "mlp.nn", "--set", "hidden:3"], "expected --set name=value, found 'hidden:3'"),
        (["check", "nowhere.nn"], "expected a spec at nowhere.nn"),
        (["fmt", "nowhere.nn"], "expected a spec at nowhere.nn"),
        (["explain", "E9999"], "expected the code of a diagnostic, found 'E9999'"),
    ],
)
def test_misuse_is_explained_and_exits_with_two(arguments, message):
    result = nndsl(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


# --- settings ----------------------------------------------------------------------


def test_settings_are_numbers_truths_and_words():
    given = ["hidden=64", "rate=1e-3", "causal=yes", "shared=no", "order=synchronous", " a = -2 "]
    parsed = parse_settings(given)
    assert parsed == {
        "hidden": 64,
        "rate": 0.001,
        "causal": True,
        "shared": False,
        "order": "synchronous",
        "a": -2,
    }
    assert type(parsed["hidden"]) is int


def test_every_malformed_setting_is_named():
    with pytest.raises(NNDSLError) as raised:
        parse_settings(["hidden", "=3", "a=", "a b=3", "a=b=c", "x=1", "x=2"])
    codes = [diagnostic.code for diagnostic in raised.value.diagnostics]
    assert codes == ["E0701"] * 5 + ["E0702"]


# --- what goes wrong inside --------------------------------------------------------


@pytest.fixture
def broken(monkeypatch):
    def fail(code):
        error = AssertionError("sizes differ")
        error.add_note("layer h, at mlp.nn:7")
        raise error

    monkeypatch.setattr("nndsl.diagnostics.explain.explain", fail)


def test_an_internal_error_is_no_bare_traceback(broken):
    result = nndsl("explain", "E0101")
    assert result.exit_code == 3
    assert result.stderr.startswith(
        "internal error: AssertionError: sizes differ\n  at layer h, at mlp.nn:7\n"
    )
    assert "defect of nndsl" in result.stderr
    assert "Traceback" not in result.stderr


def test_traceback_on_request(broken):
    result = nndsl("--traceback", "explain", "E0101")
    assert result.exit_code == 3
    assert "Traceback (most recent call last)" in result.stderr


def test_an_interrupt_exits_with_130(monkeypatch):
    def interrupt(code):
        raise KeyboardInterrupt

    monkeypatch.setattr("nndsl.diagnostics.explain.explain", interrupt)
    assert nndsl("explain", "E0101").exit_code == 130


def test_a_reader_that_has_enough_is_no_error():
    command = f"{sys.executable} -m nndsl explain | head -1"
    result = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert result.stdout.count("\n") == 1
    assert result.stderr == ""


# --- explain -----------------------------------------------------------------------


def test_explain_lists_every_code():
    from nndsl.diagnostics.catalogue import catalogue

    lines = nndsl("explain").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(catalogue())


def test_explain_tells_of_one():
    assert nndsl("explain", "e0605").stdout.startswith("E0605: ")


# --- fmt ---------------------------------------------------------------------------

UNTIDY = "network A { input x[2] # two\n output y=full(x, to 3) }\n"
TIDY = "network A {\n  input  x[2]  # two\n  output y = full(x, to 3)\n}\n"


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "a.nn"
    path.write_text(UNTIDY, encoding="utf-8")
    return path


def test_fmt_rewrites(spec):
    assert nndsl("fmt", str(spec)).stdout == f"{spec} changed\n"
    assert spec.read_text(encoding="utf-8") == TIDY
    assert nndsl("fmt", str(spec)).stdout == ""


def test_fmt_check_changes_nothing_and_exits_with_one(spec):
    result = nndsl("fmt", "--check", str(spec))
    assert (result.exit_code, result.stdout) == (1, f"{spec} would change\n")
    assert spec.read_text(encoding="utf-8") == UNTIDY
    spec.write_text(TIDY, encoding="utf-8")
    assert nndsl("fmt", "--check", str(spec)).exit_code == 0


def test_fmt_diff_shows_what_would_change(spec):
    result = nndsl("fmt", "--diff", str(spec))
    assert result.exit_code == 0
    assert "-network A { input x[2] # two\n" in result.stdout
    assert "+  output y = full(x, to 3)\n" in result.stdout
    assert spec.read_text(encoding="utf-8") == UNTIDY


def test_fmt_writes_nothing_where_one_spec_is_wrong(spec, tmp_path):
    (tmp_path / "b.nn").write_text("network {", encoding="utf-8")
    result = nndsl("fmt", str(spec), str(tmp_path / "b.nn"))
    assert result.exit_code == 1
    assert spec.read_text(encoding="utf-8") == UNTIDY
