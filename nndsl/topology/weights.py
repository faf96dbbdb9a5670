"""Counting the connections and the free weights of one connection, as the textbook does."""

from __future__ import annotations

from math import prod

from nndsl.semantics.model import Connect, ConnectionKind, Parameter
from nndsl.semantics.walk import along_axis
from nndsl.topology.count import Count


def connection_count(connect: Connect, places: Count, *, undirected: bool = False) -> Count:
    """Pairs of units that are wired, at all places where the units here stand.

    A window counts whole also at the border, where it sees padding. Within one population an undirected
    pair counts once, and a unit that is not connected to itself not at all.
    """
    pairs = _pairs(connect)
    if connect.weights.no_self:
        pairs -= connect.type.unit_count
    if undirected:
        pairs = (pairs + (0 if connect.weights.no_self else connect.type.unit_count)) // 2
    return Count.of(pairs) * places


def _pairs(connect: Connect) -> int:
    """Pairs of units at one place."""
    sources, units = connect.source.type.unit_count, connect.type.unit_count
    match connect.kind:
        case ConnectionKind.EACH:
            return units
        case ConnectionKind.LOCAL:
            return sources * units * prod(connect.window) // connect.groups
        case ConnectionKind.SPARSE | ConnectionKind.WIRED:
            from nndsl.building.wiring import wired_pairs

            return int(wired_pairs(connect).sum())
        case _ if connect.along is not None:
            return units * connect.source.type.units[along_axis(connect)]
        case _:
            return sources * units


def free_weights(connect: Connect) -> int:
    """Numbers that learning may change: none if they are given, a symmetric pair once."""
    if not connect.weights.learned:
        return 0
    if connect.kind in (ConnectionKind.SPARSE, ConnectionKind.WIRED):
        return _pairs(connect)
    return parameter_count(connect.weights)


def parameter_count(parameter: Parameter) -> int:
    """The different numbers in a parameter: a symmetric pair once, without the diagonal if `no_self`."""
    count = prod(parameter.shape)
    diagonal = parameter.shape[0] if parameter.symmetric or parameter.no_self else 0
    if parameter.symmetric:
        count = (count - diagonal) // 2 + diagonal
    return count - diagonal if parameter.no_self else count


def wired_structure(connect: Connect) -> str:
    """What the rule of a `wired` connection turned out to be (see `structure`); empty for other kinds."""
    if connect.kind is not ConnectionKind.WIRED:
        return ""
    from nndsl.building.wiring import structure, wired_pairs

    return structure(wired_pairs(connect))
