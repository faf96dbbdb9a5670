"""What all tests share: the option that writes golden files anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Compare = Callable[[Path, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write golden files anew, to be read in the diff"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Compare:
    """Compares a text with a golden file, or writes the file where `--update-golden` is given."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"{path.name} is missing: run pytest --update-golden, and read what it wrote"
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def many_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network may have as many threads as it is told to, whatever machine runs the tests."""
    monkeypatch.setattr("nndsl.runtime.division.cores", lambda: 16)


@pytest.fixture(scope="session", autouse=True)
def kernels_of_this_session(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Kernels are compiled by the tests that use them, whatever an earlier session left."""
    from nndsl.runtime import cache

    cache.configure(tmp_path_factory.mktemp("kernels"))
