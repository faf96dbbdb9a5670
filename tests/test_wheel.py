"""A wheel built from the tree works outside of it: the grammar and the standard library are inside."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("build")
pytest.importorskip("hatchling")

ROOT = Path(__file__).parent.parent

ATTENTIVE = """use attention from std

network Attentive {
  input x[16] over t in T
  output y[16] = attention(x, x, heads = 4)
}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the package as the wheel brings it, and nothing else of the checkout."""
    made = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(made), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = made.glob("nndsl-*.whl")
    options = ["--no-deps", "--no-index", "--quiet", "--target", str(made / "site")]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(wheel)], check=True)
    return made / "site"


def nndsl(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line of the installed package, from a directory that is not the checkout."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "XDG_CACHE_HOME": str(installed / "cache")}
    return subprocess.run(
        [sys.executable, "-P", "-m", "nndsl", *arguments],
        cwd=installed,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_is_the_installed_one(installed: Path) -> None:
    where = "import nndsl; print(nndsl.__file__)"
    found = subprocess.run(
        [sys.executable, "-P", "-c", where],
        cwd=installed,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(found.stdout.strip()).is_relative_to(installed)


def test_the_standard_library_is_inside(installed: Path, tmp_path: Path) -> None:
    spec = tmp_path / "attentive.nn"
    spec.write_text(ATTENTIVE, encoding="utf-8")
    result = nndsl(installed, "check", str(spec))
    assert (result.returncode, result.stderr) == (0, "")


def test_the_mlp_runs(installed: Path, tmp_path: Path) -> None:
    spec = tmp_path / "mlp.nn"
    spec.write_text((ROOT / "specs" / "mlp.nn").read_text(encoding="utf-8"), encoding="utf-8")
    result = nndsl(installed, "run", str(spec), "--set", "epochs=1", "--runs", str(tmp_path / "runs"))
    assert result.returncode == 0, result.stderr
    assert "test accuracy" in result.stdout
