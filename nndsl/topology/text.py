"""A topology as text: one line a population, one a connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nndsl.topology.topology import Connection, Population, Topology


def print_topology(topology: Topology) -> str:
    """The whole topology, in the order of the spec."""
    populations = map(print_population, topology.populations)
    connections = map(print_connection, topology.connections)
    return "\n".join([*populations, *connections]) + "\n"


def print_population(population: Population) -> str:
    """`layer h: [128], 128 units = relu(full(x) + bias)`."""
    text = f"{population.kind} {population.name}: {population.type}, {population.units} units"
    return f"{text} = {population.definition}" if population.definition else text


def print_connection(connection: Connection) -> str:
    """`x -> h: full, 8,192 connections, 8,192 weights in h.weights[128x64]`."""
    return f"{connection.name}: {', '.join(_facts(connection))}"


def _facts(connection: Connection) -> Iterator[str]:
    yield " ".join([connection.kind, *(["x".join(map(str, connection.window))] if connection.window else [])])
    if connection.structure:
        yield f"which is {connection.structure}"
    if connection.connections.terms:
        yield f"{connection.connections} connections"
    if connection.parameter is not None:
        shape = "x".join(map(str, connection.shape))
        transposed = "'" if connection.transposed else ""
        yield f"{connection.weights:,} weights in {connection.parameter}{transposed}[{shape}]"
    for name, holds in (("symmetric", connection.symmetric), ("fixed", connection.fixed)):
        if holds:
            yield name
    if connection.shared:
        yield f"shared over {', '.join(connection.shared)}"
    if connection.tied_to is not None:
        yield f"tied to {connection.tied_to}"
    if connection.delay:
        yield f"delay {connection.delay} along {connection.along}"
