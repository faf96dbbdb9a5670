"""Operands are moved to where kernels take them, and none is moved twice."""

from __future__ import annotations

from pathlib import Path

import pytest

import nndsl
from nndsl.operators.movement import Transpose
from nndsl.passes.pipeline import optimize
from nndsl.planning.align import align

SPECS = Path(__file__).parents[2] / "specs"


@pytest.mark.parametrize(("name", "settings"), [("elman", {"n": 4}), ("bidirectional", {"n": 4})])
def test_no_operand_is_moved_twice(name: str, settings: dict[str, float]) -> None:
    """The weights' gradient at the output and the output itself take the units the same way round."""
    graph = align(optimize(nndsl.compile(SPECS / f"{name}.nn", **settings).gradient_graph))
    moves = [(node.operator, node.inputs) for node in graph if isinstance(node.operator, Transpose)]
    assert moves
    assert len(set(moves)) == len(moves)
