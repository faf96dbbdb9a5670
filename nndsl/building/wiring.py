"""What the rule of a `wired` connection turns out to join, worked out before anything runs."""

from __future__ import annotations

import numpy as np

from nndsl.building.expressions import wiring
from nndsl.building.scope import Scope
from nndsl.graph.builder import Builder, prune
from nndsl.graph.interpret import interpret
from nndsl.operators.lazy import Array
from nndsl.semantics.model import Connect


def wired_pairs(connect: Connect) -> Array:
    """Which pairs of units are joined: a truth for each unit here (rows) and each of the source (columns)."""
    scope = Scope(Builder())
    term = wiring(scope, connect)
    pairs = interpret(prune(scope.build.graph({"pairs": term.node})), {})["pairs"]
    return pairs.T if connect.transposed else pairs


def structure(pairs: Array) -> str:
    """The plainest wiring that joins the same pairs: full, one-to-one, block-wise, local, or none of them.

    Block-wise: units fall into groups that are full within and apart from each other. Local: each unit
    sees one stretch of the source, of one width but for the border, moving along by even steps.
    """
    if pairs.all():
        return "full"
    if pairs.shape[0] == pairs.shape[1] and (pairs == np.eye(len(pairs), dtype=bool)).all():
        return "one-to-one"
    if _block_wise(pairs):
        return "block-wise"
    return "local" if _local(pairs) else ""


def _block_wise(pairs: Array) -> bool:
    """Whether two units see either the same sources or none in common, and every unit sees some."""
    kinds = np.unique(pairs, axis=0)
    return bool(kinds.any(axis=1).all() and (kinds.sum(axis=0) <= 1).all())


def _local(pairs: Array) -> bool:
    """Whether each row is one unbroken stretch, and the stretches move on evenly away from the border."""
    if not pairs.any(axis=1).all():
        return False
    first = pairs.argmax(axis=1)
    last = pairs.shape[1] - 1 - pairs[:, ::-1].argmax(axis=1)
    unbroken = (pairs.sum(axis=1) == last - first + 1).all()
    inside = (first > 0) & (last < pairs.shape[1] - 1)
    steps = np.unique(np.diff(first[inside]))
    widths = np.unique((last - first)[inside])
    return bool(unbroken and inside.any() and len(steps) <= 1 and len(widths) == 1)
