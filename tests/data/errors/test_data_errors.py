"""Each `NAME.nn` beside this file asks for data that are wrong; `NAME.txt` is what a reader is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nndsl.data import load
from nndsl.data.find import data_directories
from nndsl.data.load import load_parts
from nndsl.diagnostics.catalogue import catalogue
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.diagnostics.report import render
from nndsl.semantics.check import check
from nndsl.source import Source
from nndsl.syntax.parser import parse

HERE = Path(__file__).parent
SPECS = sorted(HERE.glob("*.nn"))
NOT_IN_A_SPEC = {
    "E0604",  # needs a machine with little memory
    "E0612",  # needs arrays of different lengths
    "E0615",  # arrays given from Python
    "E0616",
    "E0620",  # needs more memory than there is
    "E0643",  # needs arrays over nodes
}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_data_diagnostics(path, golden, monkeypatch):
    shipped = data_directories()[0]
    monkeypatch.setattr(load, "data_directories", lambda given: (shipped, Path("data")))
    monkeypatch.chdir(HERE)
    model = check(parse(Source(path.name, path.read_text(encoding="utf-8")))).model
    with pytest.raises(NNDSLError) as raised:
        load_parts(model)
    golden(path.with_suffix(".txt"), render(raised.value.diagnostics) + "\n")


def test_every_code_of_data_occurs():
    shown = "".join(path.read_text(encoding="utf-8") for path in sorted(HERE.glob("*.txt")))
    found = set(re.findall(r"^error\[(\w+)\]", shown, re.MULTILINE))
    expected = {code for code in catalogue() if code.startswith("E06")}
    assert sorted(expected - found - NOT_IN_A_SPEC) == []
