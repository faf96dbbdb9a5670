"""Multiplies inputs that are mostly zero as sparse matrices."""

from __future__ import annotations

from collections.abc import Collection

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import Dimension, Element, TensorType
from nndsl.operators.contraction import Contract
from nndsl.operators.leaves import Input
from nndsl.operators.movement import reordered
from nndsl.operators.sparse import SparseProduct
from nndsl.types import Extent

ROWS, COLUMNS = "by_rows", "by_columns"
"""The two orders of a sparse matrix's entries. In `x.by_rows` they are fed as `starts`, where each row
begins, `places`, the column of each, and `values`; in `x.by_columns` the other way round."""


def entries_key(name: str) -> str:
    """The symbol of how many entries of an input are not zero."""
    return f"{name}.entries"


def skip_zeros(graph: Graph, sparse: Collection[str]) -> Graph:
    """The graph in which products with `sparse` inputs, which are matrices, skip their zeros."""

    def skipped(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if not isinstance(node.operator, Contract):
            return None
        left, right, result = node.operator.labels
        a, b = inputs
        return _product(build, a, left, b, right, result, sparse) or _product(
            build, b, right, a, left, result, sparse
        )

    return rewrite(graph, skipped)


def _product(
    build: Builder, x: Node, own: str, other: Node, labels: str, result: str, sparse: Collection[str]
) -> Node | None:
    """The product of a sparse matrix, whose labels are `own`, with something else."""
    if not isinstance(x.operator, Input) or x.operator.key not in sparse:
        return None
    row, column = tuple(own)
    for order, kept, summed in ((ROWS, row, column), (COLUMNS, column, row)):
        if kept in result and kept not in labels and summed in labels and summed not in result:
            rest = "".join(label for label in result if label != kept)
            dimension = x.type.dimensions[own.index(kept)]
            starts, places, values = _entries(build, x.operator.key, order, dimension)
            dense = reordered(build, other, labels, summed + rest)
            product = build(SparseProduct(dimension), starts, places, dense, values)
            return reordered(build, product, kept + rest, result)
    return None


def _entries(build: Builder, name: str, order: str, rows: Dimension) -> list[Node]:
    """The entries of a matrix in an order."""
    entries = Dimension("entry", Extent(entries_key(name)))
    starts = Dimension(rows.name, rows.extent.then(1))
    types = {
        "starts": TensorType((starts,), Element.INDEX),
        "places": TensorType((entries,), Element.INDEX),
        "values": TensorType((entries,)),
    }
    return [build.leaf(Input(f"{name}.{order}.{part}", type)) for part, type in types.items()]
