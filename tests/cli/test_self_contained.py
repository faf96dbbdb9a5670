"""A spec that is kept by itself means what it meant among the files that it imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from nndsl.semantics.check import check
from nndsl.semantics.self_contained import self_contained
from nndsl.source import Source
from nndsl.syntax.parser import parse

SPECS = Path(__file__).parent.parent.parent / "specs"


def test_blocks_come_in_where_they_were_imported(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "narrow.nn").write_text(
        'import "wide.nn"\nblock narrow(x[n]) -> y { layer y[2] = full(x) }\n'
        "network Unused { input x[2]  output y = narrow(x) }\n"
    )
    (tmp_path / "lib" / "wide.nn").write_text("block wide(x[n]) -> y { layer y[8] = full(x) }\n")
    path = tmp_path / "net.nn"
    path.write_text('import "lib/narrow.nn"\nnetwork Net { input x[4]  output y = narrow(wide(x)) }\n')
    spec = parse(Source.from_path(path))
    alone = Source("elsewhere.nn", self_contained(spec))
    model, again = check(spec).model, check(parse(alone)).model
    assert again.definitions == model.definitions
    assert again.parameters == model.parameters
    assert [(p.name, p.shape) for p in again.parameters] == [(p.name, p.shape) for p in model.parameters]


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.nn")), ids=lambda path: path.stem)
def test_a_spec_without_imports_stays_as_it_is(path):
    source = Source.from_path(path)
    assert self_contained(parse(source)) == source.text
