"""Counting the connections and the free weights of one connection, as the textbook does."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from nndsl.semantics.model import Connect, ConnectionKind, Model, Parameter, ParameterRole
from nndsl.semantics.walk import along_axis, walk
from nndsl.topology.count import Count

if TYPE_CHECKING:
    from nndsl.operators.lazy import Array


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
            from nndsl.building.expressions import wired_pairs

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


def learned_numbers(model: Model, role: ParameterRole | None = None) -> int:
    """How many numbers are learned, of all parameters or those of one role."""
    pairs = joined_pairs(model)
    return sum(
        int(pairs[parameter.name].sum()) if parameter.name in pairs else parameter_count(parameter)
        for parameter in model.parameters
        if parameter.learned and role in (None, parameter.role)
    )


def parameter_count(parameter: Parameter) -> int:
    """The different numbers in a parameter: a symmetric pair once, without the diagonal if `no_self`."""
    count = prod(parameter.shape)
    diagonal = parameter.shape[0] if parameter.symmetric or parameter.no_self else 0
    if parameter.symmetric:
        count = (count - diagonal) // 2 + diagonal
    return count - diagonal if parameter.no_self else count


def joined_pairs(model: Model) -> dict[str, Array]:
    """The pairs of units that any use joins, for weights that only `wired` and `sparse` connections use."""
    from nndsl.building.expressions import wired_pairs

    found: dict[str, Array] = {}
    whole: set[str] = set()
    expressions = [definition.expression for definition in model.definitions]
    for part in (part for expression in expressions for part in walk(expression)):
        match part:
            case Connect(kind=ConnectionKind.WIRED | ConnectionKind.SPARSE, weights=weights):
                pairs = wired_pairs(part)
                own = pairs.T if part.transposed else pairs
                found[weights.name] = own | found[weights.name] if weights.name in found else own
            case Connect(weights=weights):
                whole.add(weights.name)
            case _:
                pass
    return {name: pairs for name, pairs in found.items() if name not in whole}


def wired_structure(connect: Connect) -> str:
    """What the rule of a `wired` connection turned out to be (see `Structure`); empty for other kinds."""
    if connect.kind is not ConnectionKind.WIRED:
        return ""
    from nndsl.building.expressions import structure_of

    found = structure_of(connect)
    return "" if found is None else found.name


def has_zeros(connect: Connect) -> bool:
    """Whether a connection is run as a full one, with zeros for the pairs that it does not join."""
    if connect.kind is not ConnectionKind.WIRED:
        return connect.kind is ConnectionKind.SPARSE
    from nndsl.building.expressions import structure_of

    found = structure_of(connect)
    return found is None or not found.pays(connect.source.type.unit_count)
