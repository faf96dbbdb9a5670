"""Where data are found: the data path."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from nndsl.data.catalogue import sources
from nndsl.data.formats import read_table
from nndsl.data.table import Table
from nndsl.diagnostics.catalogue.data import DataFileNotFound, UnknownDataset
from nndsl.diagnostics.diagnostic import NNDSLError


def data_directories(given: Sequence[Path] = ()) -> tuple[Path, ...]:
    """The data path: scikit-learn's sets, the directories given, `data` here, and the user's data
    directory.
    """
    import platformdirs

    return (
        *_shipped(),
        *(directory.expanduser() for directory in given),
        Path("data"),
        platformdirs.user_data_path("nndsl", appauthor=False),
    )


def named_table(name: str, directories: Sequence[Path]) -> Table:
    """A named set. Raises NNDSLError where there is no such set, or a file of it is not found or broken."""
    source = sources().get(name)
    if source is None:
        raise NNDSLError([UnknownDataset(name=name, known=tuple(sorted(sources())))])
    found = {keyword: _find(file, directories) for keyword, file in source.files.items()}
    missing = tuple(source.files[keyword] for keyword, path in found.items() if path is None)
    if missing:
        raise NNDSLError([DataFileNotFound(name=name, files=missing, directories=_readable(directories))])
    return source.read(**found)


def file_table(name: str, directories: Sequence[Path]) -> Table:
    """A file of the user's, looked for in these directories. Raises NNDSLError as above."""
    path = _find(name, directories)
    if path is None:
        beside = [
            file.name for directory in directories if directory.is_dir() for file in directory.iterdir()
        ]
        close = tuple(dict.fromkeys(get_close_matches(Path(name).name, beside)))
        raise NNDSLError(
            [DataFileNotFound(name=name, files=(name,), directories=_readable(directories), close=close)]
        )
    return read_table(path)


def _find(file: str, directories: Sequence[Path]) -> Path | None:
    """`mnist/images.gz` may lie in DIRECTORY/mnist or in DIRECTORY itself."""
    candidates = (directory / name for directory in directories for name in (file, Path(file).name))
    return next((path for path in candidates if path.is_file()), None)


def _shipped() -> tuple[Path, ...]:
    """The data folder inside scikit-learn, found without importing it."""
    found = importlib.util.find_spec("sklearn")
    places = found.submodule_search_locations if found else None
    return tuple(Path(place) / "datasets" / "data" for place in places or ())


def _readable(directories: Sequence[Path]) -> tuple[str, ...]:
    shipped = set(_shipped())
    return tuple(str(directory) for directory in directories if directory not in shipped)
