"""What data graphs a network runs over, and what it is fed of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nndsl.data.convert import Origin
from nndsl.data.examples import Array
from nndsl.data.table import Column, Ragged
from nndsl.semantics import model
from nndsl.semantics.walk import walk
from nndsl.source import Span
from nndsl.types import IndexSet, SetKind


def graph_set_of(value: model.Value) -> IndexSet | None:
    """The nodes or edges of a data graph that the index space of a value begins with."""
    space = value.type.space
    return space[0].set if space and space[0].set.graph is not None else None


def graph_sets(network: model.Model) -> tuple[IndexSet, ...]:
    """All sets of data graphs that a network runs over, those of nodes first."""
    found: dict[IndexSet, None] = {}
    for expression in expressions(network):
        for part in walk(expression):
            axes = part.axes if isinstance(part, model.Reduce) else ()
            found |= {axis.set: None for axis in (*part.type.space, *axes) if axis.set.graph is not None}
    for value in (*network.inputs, *network.targets):
        found |= {axis.set: None for axis in value.type.space if axis.set.graph is not None}
    graphs = dict.fromkeys(found_set.graph for found_set in found)
    nodes = [IndexSet(f"{graph}.nodes", SetKind.NODES, graph) for graph in graphs]
    return (*nodes, *(found_set for found_set in found if found_set.kind is SetKind.EDGES))


def expressions(network: model.Model) -> Iterator[model.Expression]:
    for definition in network.definitions:
        yield definition.expression
    for entry in network.stages:
        for stage in entry.stages if isinstance(entry, model.Alternate) else (entry,):
            if isinstance(stage.how, model.Minimize):
                yield stage.how.objective
            yield from (measure.expression for measure in stage.measures)


@dataclass(frozen=True, slots=True)
class Rows:
    """What a network is fed, a row a graph: columns by the name of the input or target, with their origins;
    edges by the name of the set; and how many nodes each graph has, where that is told."""

    columns: Mapping[str, Column]
    origins: Mapping[str, Origin]
    edges: Mapping[str, Ragged]
    nodes: Mapping[str, Array]
    name: str
    span: Span | None = None
