"""Every fenced example of the documentation holds.

`nn` blocks check without a warning; one that declares no network stands in one. `python` blocks of a page
run, one after the other. `console` blocks run too, and print what stands below their commands, where `…` is
anything. Each page has a directory of its own with the specs of the gallery in it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from functions_page import functions_page

from nndsl.diagnostics.catalogue import catalogue
from nndsl.semantics.check import check
from nndsl.source import Source
from nndsl.syntax.parser import parse

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
FENCED = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
RUNNING = pytest.mark.skipif(not shutil.which("sh"), reason="the examples are for a POSIX shell")


def fenced(page: Path, language: str) -> Iterator[str]:
    for _, found, text in FENCED.findall(page.read_text(encoding="utf-8")):
        if found == language:
            yield dedent(text)


def pages_with(language: str) -> list:
    return [pytest.param(page, id=page.stem) for page in PAGES if any(fenced(page, language))]


def specs() -> list:
    return [
        pytest.param(text, id=f"{page.stem}-{place}")
        for page in PAGES
        for place, text in enumerate(fenced(page, "nn"))
    ]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for spec in (ROOT / "specs").iterdir():
        shutil.copy(spec, tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """This interpreter's commands first, and a cache of their own."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {
        **os.environ,
        "PATH": path,
        "COLUMNS": "100",
        "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache")),
    }


@pytest.mark.parametrize("text", specs())
def test_specs_are_right(text: str) -> None:
    if not re.search(r"^network\b", text, re.MULTILINE):
        text = f"network Example {{\n{text}}}\n"
    assert check(parse(Source("example.nn", text)), {}).warnings == ()


@RUNNING
@pytest.mark.parametrize("page", pages_with("python"))
def test_python_runs(page: Path, directory: Path, environment: dict[str, str]) -> None:
    program = "\n".join(fenced(page, "python"))
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


@RUNNING
@pytest.mark.parametrize("page", pages_with("console"))
def test_commands_print_what_is_shown(page: Path, directory: Path, environment: dict[str, str]) -> None:
    for block in fenced(page, "console"):
        for command, shown in COMMAND.findall(block):
            done = subprocess.run(
                command,
                shell=True,
                cwd=directory,
                env=environment,
                capture_output=True,
                text=True,
                timeout=300,
            )
            printed = done.stdout + done.stderr
            assert done.returncode == (1 if "error[" in shown else 0), printed
            if shown:
                expected = ".*".join(re.escape(part) for part in _stripped(shown).split("…"))
                assert re.fullmatch(expected, _stripped(printed), re.DOTALL), printed


def test_functions_page(golden: Callable[[Path, str], None]) -> None:
    golden(ROOT / "docs" / "functions.md", functions_page())


def test_readme_lists_what_is_refused() -> None:
    """What can be run from now on leaves the page when its diagnostic leaves the catalogue."""
    refusals = {
        code
        for code, mistake in catalogue().items()
        if code.startswith("E08") and not mistake.__module__.endswith(".running")
    }
    listed = re.findall(r"\((E08\d\d)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert set(listed) == refusals


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for target in [*re.findall(r"\]\(([^)#]+)\)", text), *re.findall(r'src="([^"]+)"', text)]:
            assert "://" in target or (page.parent / target).exists(), f"{page.name} links to {target}"


def test_set_up_is_two_commands_and_the_second_is_what_runs_everywhere() -> None:
    commands = "".join(fenced(ROOT / "README.md", "sh")).splitlines()
    assert len(commands) == 2
    steps = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert set(commands[1].split(" && ")) <= set(steps)


def test_readme_shows_the_spec_that_it_runs() -> None:
    assert next(fenced(ROOT / "README.md", "nn")) == (ROOT / "specs" / "mlp.nn").read_text(encoding="utf-8")


def _stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
