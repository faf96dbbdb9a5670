"""Data graphs as columns of indices: which nodes an edge joins, and which graph of the batch a node is of.

The graphs of a batch stand side by side as one graph, whose nodes are counted through. The columns are
fed under the names of the sets: `G.edges.source`, `G.edges.target`, `G.nodes.graph`, and `G.nodes.number`,
the number of each node in its own graph.
"""

from __future__ import annotations

from dataclasses import replace

from nndsl.building.layout import dimension_of
from nndsl.graph.builder import Builder
from nndsl.graph.graph import Node
from nndsl.graph.types import Element, TensorType
from nndsl.operators.leaves import Input
from nndsl.operators.lookup import Gather
from nndsl.types import Axis, Extent, IndexSet, SetKind


def nodes_of(axis: Axis) -> Axis:
    """The nodes of the data graph whose nodes or edges an axis runs over."""
    name = f"{axis.set.graph}.nodes"
    return Axis(IndexSet(name, SetKind.NODES, axis.set.graph), Extent(name))


def end_of(build: Builder, edges: Axis, end: str) -> Node:
    """The `source` or `target` of each edge, as the number of a node."""
    return _column(build, edges, end)


def owner(build: Builder, axis: Axis) -> Node:
    """The number in the batch of the graph that each node or edge belongs to."""
    found = _column(build, nodes_of(axis), "graph")
    if axis.set.kind is SetKind.NODES:
        return found
    return build(Gather(), found, end_of(build, axis, "target"))


def position(build: Builder, axis: Axis, end: str | None) -> Node:
    """The number of each node in its own graph, from zero; along edges that of the node at an end."""
    found = _column(build, nodes_of(axis), "number")
    return found if end is None else build(Gather(), found, end_of(build, axis, end))


def _column(build: Builder, axis: Axis, name: str) -> Node:
    type = TensorType((dimension_of(replace(axis, element=None)),), Element.INDEX)
    with build.at(None, None):
        return build.leaf(Input(f"{axis.set.name}.{name}", type))
