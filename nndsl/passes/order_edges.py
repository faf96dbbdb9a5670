"""Puts edges that never change in the order of the rows that they are added to."""

from __future__ import annotations

from collections.abc import Collection

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.operators.lookup import Gather, GatherAdd, ScatterAdd
from nndsl.operators.sparse import SparseProduct, compressed
from nndsl.passes.hold import settled


def order_edges(graph: Graph, fixed: Collection[str]) -> Graph:
    """The graph in which sums by index run row by row, where the indices depend on `fixed` inputs alone.

    They are products with sparse matrices of ones, whose rows are part of the graph, and can be held.
    """
    known = settled(graph, fixed)

    def ordered(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        match node.operator:
            case GatherAdd(dimension=dimension) if _are_known(node.inputs[::2]):
                targets, table, sources = inputs
                starts, order = compressed(build, targets, dimension)
                return build(SparseProduct(dimension), starts, build(Gather(), sources, order), table)
            case ScatterAdd(dimension=dimension, axis=0, batch=0) if _are_known(node.inputs[:1]):
                places, values = inputs
                starts, order = compressed(build, places, dimension)
                return build(SparseProduct(dimension), starts, order, values)
            case _:
                return None

    def _are_known(places: tuple[Node, ...]) -> bool:
        return known.issuperset(places) and all(index.type.rank == 1 for index in places)

    return rewrite(graph, ordered)
