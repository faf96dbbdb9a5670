"""A minibatch's graph for certain data: by their sizes, and by what of them never changes.

Where a minibatch is all of the data, as it is for one large graph, much is the same in each: it is computed
once. Edges that stay as they are get the order in which they are summed, and inputs that are mostly zero are
multiplied as sparse matrices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nndsl.data.graphs import Graphs
from nndsl.graph.graph import Graph
from nndsl.graph.types import BATCH, Element
from nndsl.operators.contraction import Contract
from nndsl.operators.leaves import Input
from nndsl.passes.contract_tables import contract_tables
from nndsl.passes.hold import hold
from nndsl.passes.join_edges import join_edges
from nndsl.passes.merge_common import merge_common
from nndsl.passes.order_edges import order_edges
from nndsl.passes.pipeline import run
from nndsl.passes.simplify import simplify
from nndsl.passes.skip_zeros import COLUMNS, ROWS, entries_key, skip_zeros
from nndsl.planning.plan import Precision
from nndsl.runtime.cache import OnCompile
from nndsl.runtime.inference import Inference
from nndsl.runtime.memory import Array

DENSITY_MOST = 0.1
"""A sparse product takes two to five times as long for each entry as a dense one, and has to save more."""


@dataclass(frozen=True)
class Specialized:
    """A graph, the columns that it is fed, some of which are held values, and the sizes of index sets."""

    graph: Graph
    data: Mapping[str, Array]
    sizes: Mapping[str, int]


def specialized(
    graph: Graph,
    data: Mapping[str, Array],
    graphs: Graphs | None,
    sizes: Mapping[str, int],
    precision: Precision,
    on_compile: OnCompile | None = None,
) -> Specialized:
    """An optimised graph for these data, in minibatches of `sizes`."""

    def at_tables(graph: Graph) -> Graph:
        return contract_tables(graph, sizes)

    for step in (at_tables, simplify, merge_common, join_edges):
        graph = run(step, graph)
    found = Specialized(graph, data, sizes)
    if graphs is None or sizes[BATCH] < graphs.count:
        return found
    fixed = graphs.union(data, np.arange(graphs.count))
    return _skipping_zeros(_holding(found, fixed, precision, on_compile), fixed)


def _holding(
    found: Specialized, fixed: Mapping[str, Array], precision: Precision, on_compile: OnCompile | None
) -> Specialized:
    """With all that depends on data alone computed."""

    def ordered(graph: Graph) -> Graph:
        return order_edges(graph, fixed)

    graph = run(merge_common, run(ordered, found.graph, within_loops=False))
    before, graph = hold(graph, fixed)
    count = found.sizes[BATCH]
    inference = Inference(before, precision, count, on_compile)
    held = inference(fixed, {}, count, sizes=found.sizes)
    return Specialized(graph, {**found.data, **held}, found.sizes)


def _skipping_zeros(found: Specialized, fixed: Mapping[str, Array]) -> Specialized:
    """With those matrices compressed that are mostly zero."""
    from scipy.sparse import csr_array

    given = {**fixed, **found.data}
    data, sizes = dict(found.data), dict(found.sizes)
    sparse = [name for name in _multiplied(found.graph) if name in given and _is_sparse(given[name])]
    for name in sparse:
        by_rows = csr_array(given[name])
        for order, matrix in ((ROWS, by_rows), (COLUMNS, by_rows.tocsc())):
            parts = {"starts": matrix.indptr, "places": matrix.indices, "values": matrix.data}
            data |= {f"{name}.{order}.{part}": array for part, array in parts.items()}
        sizes[entries_key(name)] = by_rows.nnz

    def skipping(graph: Graph) -> Graph:
        return skip_zeros(graph, sparse)

    graph = run(skipping, found.graph, within_loops=False)
    return Specialized(run(merge_common, graph), data, sizes)


def _multiplied(graph: Graph) -> list[str]:
    """The inputs that are matrices and factors of contractions."""
    factors = (operand for node in graph if isinstance(node.operator, Contract) for operand in node.inputs)
    matrices = (x for x in factors if x.type.rank == 2 and x.type.element is Element.REAL)
    return list(dict.fromkeys(x.operator.key for x in matrices if isinstance(x.operator, Input)))


def _is_sparse(matrix: Array) -> bool:
    return bool(np.count_nonzero(matrix) <= DENSITY_MOST * matrix.size)
