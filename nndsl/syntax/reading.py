"""A spec's file, read."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from nndsl.diagnostics.catalogue.syntax import NotText, Unreadable
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.source import Source


def read(path: Path) -> Source:
    """The text of a spec. Raises NNDSLError where there is no such file, or it is not text in UTF-8."""
    try:
        return Source.from_path(path)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise NNDSLError([NotText(str(path), line)]) from None
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        raise NNDSLError([Unreadable(str(path), reason, _similar(path))]) from None


def _similar(path: Path) -> tuple[str, ...]:
    """Specs in the same folder with a name much like it."""
    beside = [str(other) for other in path.parent.glob("*.nn")] if path.parent.is_dir() else []
    return tuple(get_close_matches(str(path), beside, n=2, cutoff=0.8))
