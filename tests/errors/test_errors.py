"""Each `NAME.nn` beside this file is wrong; `NAME.txt` is what a reader is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from nndsl.diagnostics.catalogue import catalogue
from nndsl.diagnostics.diagnostic import Diagnostic, NNDSLError
from nndsl.diagnostics.report import render
from nndsl.source import Source
from nndsl.syntax.parser import parse

HERE = Path(__file__).parent
SPECS = sorted(HERE.glob("*.nn"))
CHECKED = find_spec("nndsl.semantics.check") is not None

SPEC_AREAS = ("E01", "E02", "E03", "E04", "E05", "W09") if CHECKED else ("E01",)
# a file that is no text or not there; a network or setting asked for from outside; files that import each
# other (tests/semantics); what is found in the graph (tests/decoding); a warning about data
NOT_IN_A_SPEC = {"E0121", "E0122", "E0220", "E0223", "E0516", "E0517", "E0543", "W0960"}


def _diagnostics(source: Source) -> tuple[Diagnostic, ...]:
    try:
        spec = parse(source)
        if not CHECKED:
            return ()
        from nndsl.energies.derive import mistakes
        from nndsl.semantics.check import check

        checked = check(spec, {})
        return (*mistakes(checked.model), *checked.warnings)
    except NNDSLError as error:
        return error.diagnostics


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_diagnostics(path: Path, golden: Callable[[Path, str], None]) -> None:
    source = Source(path.name, path.read_text(encoding="utf-8"))
    golden(path.with_suffix(".txt"), render(_diagnostics(source)) + "\n")


def test_every_spec_is_wrong() -> None:
    right = [path.name for path in SPECS if not path.with_suffix(".txt").read_text(encoding="utf-8").strip()]
    assert not right


def test_every_code_occurs() -> None:
    """A mistake that no golden file shows is one that nobody has seen."""
    shown = "".join(path.read_text(encoding="utf-8") for path in sorted(HERE.glob("*.txt")))
    found = set(re.findall(r"^(?:error|warning)\[(\w+)\]", shown, re.MULTILINE))
    expected = {code for code in catalogue() if code.startswith(SPEC_AREAS)} - NOT_IN_A_SPEC
    assert sorted(expected - found) == []
