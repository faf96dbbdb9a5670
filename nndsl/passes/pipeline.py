"""The passes in their order, and the wrapper that none of them runs without."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

from nndsl.collection import uncollected
from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.graph.verify import verify
from nndsl.operators.loop import Loop
from nndsl.passes.contract_products import contract_products
from nndsl.passes.contract_tables import contract_tables
from nndsl.passes.fold_constants import fold_constants
from nndsl.passes.hoist import hoist
from nndsl.passes.join_attention import join_attention
from nndsl.passes.join_edges import join_edges
from nndsl.passes.join_windows import join_windows
from nndsl.passes.look_up import look_up
from nndsl.passes.merge_common import merge_common
from nndsl.passes.narrow import narrow
from nndsl.passes.simplify import simplify
from nndsl.passes.sum_early import sum_early
from nndsl.passes.trim_loops import trim_loops
from nndsl.passes.untranspose import untranspose

Pass = Callable[[Graph], Graph]

PASSES: tuple[Pass, ...] = (
    trim_loops,
    hoist,
    sum_early,
    join_windows,
    merge_common,
    simplify,
    narrow,
    fold_constants,
    untranspose,
    simplify,
    contract_products,
    look_up,
    simplify,
    contract_tables,
    simplify,
    merge_common,
    join_attention,
    join_edges,
    trim_loops,
)

log = logging.getLogger(__name__)


@uncollected()
def optimize(graph: Graph, *, check: bool = False) -> Graph:
    """The graph after all passes: the same outputs by name, computed with less.

    It is for running: what is still to be differentiated is differentiated before.
    """
    for step in PASSES:
        graph = run(step, graph, check=check)
    return graph


def run(step: Pass, graph: Graph, *, check: bool = False, within_loops: bool = True) -> Graph:
    """One pass, timed and logged. With `check` the result is verified: GraphError names a broken node.

    A pass that knows inputs by their keys has nothing to do `within_loops`, where keys are others.
    """
    start = perf_counter()
    result = step(_within_loops(step, graph) if within_loops else graph)
    elapsed_seconds = perf_counter() - start
    log.debug("%s: %d nodes to %d in %.3f s", step.__name__, len(graph), len(result), elapsed_seconds)
    return verify(result) if check else result


def _within_loops(step: Pass, graph: Graph) -> Graph:
    """The graph with a pass applied to the bodies of its loops."""

    def rule(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if not isinstance(node.operator, Loop):
            return None
        body = step(_within_loops(step, node.operator.body))
        return build(replace(node.operator, body=body), *inputs)

    return rewrite(graph, rule) if any(isinstance(node.operator, Loop) for node in graph) else graph
