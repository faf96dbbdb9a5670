"""What cannot be run yet is refused by name, at its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from spec_models import model_of

from nndsl.building.build import forward, objective
from nndsl.building.refusals import refused
from nndsl.diagnostics.catalogue import catalogue, execution
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.diagnostics.report import render

HERE = Path(__file__).parent
ELSEWHERE = {"E0815"}  # `generate`: in tests/decoding


def test_refusals(golden: Callable[[Path, str], None]) -> None:
    model = model_of((HERE / "refused.nn").read_text(encoding="utf-8"))
    golden(HERE / "refused.txt", render(refused(model)) + "\n")


def test_every_code_occurs() -> None:
    found = set(re.findall(r"E08\d\d", (HERE / "refused.txt").read_text(encoding="utf-8")))
    own = {code for code, cls in catalogue().items() if cls.__module__ == execution.__name__}
    assert own - found == ELSEWHERE


def test_building_raises_what_is_refused() -> None:
    model = model_of("network N { input x[2] over t in T  layer h[2] = batch_norm(full(h[t-1]) + x) }")
    with pytest.raises(NNDSLError) as caught:
        forward(model)
    assert caught.value.diagnostics == refused(model)


def test_dropout_is_the_identity_outside_training() -> None:
    model = model_of("network N { input x[2]  output y[2] = dropout(x, 0.5) }")
    assert not refused(model)
    assert {node.operator.name for node in forward(model)} == {"input"}
    assert "uniform" in {node.operator.name for node in forward(model, training=True)}


def test_what_is_not_needed_is_not_refused() -> None:
    """Layers that an objective does not rest on are not built."""
    model = model_of(
        """network N {
          input x[2]  target y[2]
          param W, a, b
          energy E(s[2] binary, g[3] binary) = -dot(s, full(g, W)) - dot(a, s) - dot(b, g)
          layer z[3] = mean(g | E, s = x)
          layer h[2] = full(x)
          train { minimize mse(h, y) }
        }"""
    )
    (stage,) = model.stages
    assert "z" not in {node.layer for node in objective(model, stage)}  # type: ignore[arg-type]
