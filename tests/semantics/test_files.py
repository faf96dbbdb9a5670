"""Several files, several networks, and the standard library."""

from __future__ import annotations

from pathlib import Path

import pytest

from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.semantics.check import check
from nndsl.semantics.files import standard_library
from nndsl.source import Source
from nndsl.syntax.parser import parse
from tests.semantics.checking import codes, model_of


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.nn").write_text(text, encoding="utf-8")
    return folder / "net.nn"


def test_imports_are_relative_to_the_file(tmp_path: Path) -> None:
    block = "block twice(x[d]) -> y { layer y[2 * d] = full(x) }"
    path = written(
        tmp_path, blocks=block, net='import "blocks.nn" network N { input x[3]  output y = twice(x) }'
    )
    model = check(parse(Source.from_path(path))).model
    assert [str(value.type) for value in model.outputs] == ["[6]"]


def test_files_that_import_each_other(tmp_path: Path) -> None:
    path = written(tmp_path, a='import "net.nn"', net='import "a.nn" network N { input x[3]  output y = x }')
    with pytest.raises(NNDSLError) as caught:
        check(parse(Source.from_path(path)))
    assert [d.code for d in caught.value.diagnostics] == ["E0223"]


def test_a_network_is_chosen_by_name() -> None:
    spec = parse(
        Source("two.nn", "network A { input x[2] output y = x } network B { input x[3] output y = x }")
    )
    assert check(spec).model.name == "B"
    assert check(spec, network="A").model.name == "A"
    with pytest.raises(NNDSLError) as caught:
        check(spec, network="C")
    assert [d.code for d in caught.value.diagnostics] == ["E0220"]


def test_the_standard_library() -> None:
    assert {"attention", "feedforward", "encoder_layer", "decoder_layer"} <= set(standard_library())
    text = "use encoder_layer from std network N { input x[16] over t in T  output y = encoder_layer(x, 4) }"
    assert [str(value.type) for value in model_of(text).outputs] == ["[16] over T"]


def test_blocks_see_nothing_of_their_caller() -> None:
    block = "block peek(x[d]) -> y { layer y[d] = x + secret }"
    assert codes(block + "network N { input x[3]  input secret[3]  output y = peek(x) }") == ["E0201"]


def test_a_set_name_of_a_block_may_bind_a_grid() -> None:
    text = "use attention from std network N { input x[16] over 4x5  output y = attention(x, x, 2) }"
    assert [str(value.type) for value in model_of(text).outputs] == ["[16] over 4x5"]
