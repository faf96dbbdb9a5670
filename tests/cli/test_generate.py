"""`nndsl generate`: what a training on texts leaves writes texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from nndsl.cli.program import program

SPEC = """
network Rhymes(n = 8, symbols = 4) {
  input  x[symbols] onehot over t in T
  target y[symbols] onehot over t in T
  layer  h[n] = tanh(full(x) + full(h[t-1]))
  output z[symbols] = full(h)
  train { minimize cross_entropy(z, y)  optimizer adam(rate = 0.05)  batch 8  epochs 12 }
  generate y from z into x until "</s>" at_most 6
  data "rhymes.csv" { x = text, y = next(text) }
}
"""


def nndsl(*arguments: str):
    return CliRunner().invoke(program, arguments, prog_name="nndsl")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a network that has learned `abc`, and the end of what the training showed."""
    folder = tmp_path_factory.mktemp("generate")
    (folder / "rhymes.nn").write_text(SPEC, encoding="utf-8")
    (folder / "rhymes.csv").write_text("text\n" + "abc\n" * 80, encoding="utf-8")
    result = nndsl("run", str(folder / "rhymes.nn"), "--runs", str(folder / "runs"), "-q")
    assert result.exit_code == 0, result.output
    return next((folder / "runs").iterdir()), result.stdout


def test_a_training_ends_with_examples(trained):
    _, shown = trained
    assert "given" in shown and "written" in shown


def test_texts_begin_and_end_by_themselves(trained):
    run, _ = trained
    assert nndsl("generate", str(run)).stdout == "abc\n"
    assert nndsl("generate", str(run), "a", "ab", "--count", "2").stdout == "abc\n" * 4
    assert nndsl("generate", str(run), "--beam", "2", "--at-most", "2").stdout == "ab\n"


def test_lines_of_a_file_are_gone_on_with(trained, tmp_path: Path):
    (tmp_path / "lines.txt").write_text("a\nab\n", encoding="utf-8")
    assert nndsl("generate", str(trained[0]), "--lines", str(tmp_path / "lines.txt")).stdout == "abc\nabc\n"


def test_examples_of_the_test_part_stand_beside_what_is_right(trained):
    run = trained[0]
    shown = nndsl("generate", str(run), "--examples", "2", "--data", str(run.parent.parent)).stdout
    assert len([line for line in shown.splitlines() if line.split() == ["a", "bc", "bc"]]) == 2


def test_a_symbol_that_was_not_met_is_refused(trained):
    result = nndsl("generate", str(trained[0]), "ax")
    assert result.exit_code == 1
    assert "found 'x'" in result.stderr
