"""The network as the textbook draws it: populations of units, and the connections between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import networkx as nx

from nndsl.graph.export import export_dot, export_graphml, export_json
from nndsl.source import Span
from nndsl.topology.count import Count, space_count
from nndsl.topology.text import print_topology
from nndsl.types import Type


class PopulationKind(StrEnum):
    INPUT = "input"
    LAYER = "layer"
    OUTPUT = "output"
    INNER = "inner"  # units without a name of their own, inside a layer's definition
    GROUP = "group"  # a unit group of an energy


@dataclass(frozen=True, slots=True)
class Population:
    """Units that belong together; `definition` is the text that says what they are, `activation` its outer
    function."""

    name: str
    kind: PopulationKind
    type: Type
    activation: str = ""
    definition: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def units(self) -> Count:
        """Units, over the whole index space."""
        return Count.of(self.type.unit_count) * space_count(self.type.space)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Who is wired to whom, and with which weights.

    `kind` is the wiring: full, local, each, sparse, wired or distance2 with weights; one-to-one, pooling,
    all units, neighbours, over a set, or by an energy without. `connections` counts the pairs of units that
    are wired, over the whole index space; `weights` the numbers that learning may change. `shared` names the
    sets that the weights are the same over; `tied_to` the connection that brought in the same parameter.
    `structure` is what the rule of a `wired` connection turned out to be; with `zeros` for the pairs that are
    not joined it is run as a full one. An energy's connections are `undirected`.
    """

    name: str
    source: str
    target: str
    kind: str
    connections: Count
    parameter: str | None = None
    shape: tuple[int, ...] = ()
    weights: int = 0
    window: tuple[int, ...] = ()
    delay: int = 0
    along: str | None = None
    shared: tuple[str, ...] = ()
    tied_to: str | None = None
    transposed: bool = False
    symmetric: bool = False
    fixed: bool = False
    undirected: bool = False
    structure: str = ""
    zeros: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)


class Topology(nx.MultiDiGraph):  # type: ignore[misc]
    """A frozen multigraph: nodes are the names of populations, edge keys the names of connections.

    `populations` and `connections` are the typed values, in the order of the spec; for networkx's
    algorithms and exports the same facts are plain attributes of nodes and edges.
    """

    def __init__(
        self, populations: Iterable[Population] = (), connections: Iterable[Connection] = ()
    ) -> None:
        super().__init__()
        self.populations = tuple(populations)
        self.connections = tuple(connections)
        self._populations = {population.name: population for population in self.populations}
        self._connections = {connection.name: connection for connection in self.connections}
        for population in self.populations:
            self.add_node(population.name, **_node_attributes(population))
        for connection in self.connections:
            self.add_edge(
                connection.source, connection.target, key=connection.name, **_edge_attributes(connection)
            )

    def __str__(self) -> str:
        return print_topology(self)

    def to_json(self) -> str:
        """Node-link JSON."""
        return export_json(self)

    def to_graphml(self) -> str:
        """GraphML, for yEd, Gephi and the like."""
        return export_graphml(self)

    def to_dot(self) -> str:
        """DOT, for Graphviz; each population with its type."""
        return export_dot(self, "type")

    def population(self, name: str) -> Population:
        """Raises KeyError where there is none of that name."""
        return self._populations[name]

    def connection(self, name: str) -> Connection:
        """Raises KeyError where there is none of that name."""
        return self._connections[name]

    def between(self, source: str, target: str) -> tuple[Connection, ...]:
        """All connections from one population to another."""
        return tuple(c for c in self.connections if (c.source, c.target) == (source, target))


def draw(populations: Iterable[Population], connections: Iterable[Connection]) -> Topology:
    """The frozen topology of these populations and connections."""
    frozen: Topology = nx.freeze(Topology(populations, connections))
    return frozen


def _counted(count: Count) -> int | str:
    """A number to calculate with, or the formula where index sets are open."""
    return str(count) if count.known is None else count.known


def _node_attributes(population: Population) -> dict[str, Any]:
    return {
        "kind": str(population.kind),
        "type": str(population.type),
        "units": _counted(population.units),
        "activation": population.activation,
        "definition": population.definition,
    }


def _edge_attributes(connection: Connection) -> dict[str, Any]:
    return {
        "kind": connection.kind,
        "weight": connection.parameter or "",
        "shape": "x".join(map(str, connection.shape)),
        "connections": _counted(connection.connections),
        "weights": connection.weights,
        "delay": connection.delay,
        "along": connection.along or "",
        "shared": ", ".join(connection.shared),
        "tied_to": connection.tied_to or "",
        "transposed": connection.transposed,
        "undirected": connection.undirected,
        "structure": connection.structure,
    }
