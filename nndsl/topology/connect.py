"""Model -> Topology: which populations there are, and who is wired to whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Any

from nndsl.semantics.model import (
    Apply,
    At,
    Connect,
    Definition,
    EnergyModel,
    Expression,
    Infer,
    Model,
    Reduce,
    Reference,
    Sample,
    Value,
    ValueKind,
)
from nndsl.semantics.walk import children, values_of, walk
from nndsl.topology.count import Count, space_count
from nndsl.topology.topology import Connection, Population, PopulationKind, Topology, draw
from nndsl.topology.weights import connection_count, free_weights, has_zeros, wired_structure
from nndsl.types import Axis, SetKind, space_text

ARITHMETIC = ("add", "subtract", "multiply", "divide", "negate", "power")
REARRANGING = ("flatten", "dropout")
"""Functions that move or thin out units, and make no new ones."""


def connect(model: Model) -> Topology:
    """The network as the textbook draws it. Targets are no part of it."""
    drawing = _Drawing()
    for value in model.inputs:
        drawing.populate(value, PopulationKind.INPUT)
    for energy in model.energies:
        for group in energy.groups:
            drawing.populate(group, PopulationKind.GROUP)
    for definition in model.definitions:
        output = definition.value.kind is ValueKind.OUTPUT
        kind = PopulationKind.OUTPUT if output else PopulationKind.LAYER
        drawing.populate(definition.value, kind, definition.expression)
    for energy in model.energies:
        drawing.couple(energy)
    for definition in model.definitions:
        drawing.wire(definition)
    return draw(drawing.arranged(), drawing.connections)


@dataclass
class _Drawing:
    """What has been drawn so far."""

    populations: dict[str, Population] = field(default_factory=dict)
    connections: list[Connection] = field(default_factory=list)
    _inner: dict[str, list[str]] = field(default_factory=dict)  # by the population that they feed
    _names: dict[str, int] = field(default_factory=dict)
    _first_use: dict[str, str] = field(default_factory=dict)

    def populate(self, value: Value, kind: PopulationKind, expression: Expression | None = None) -> None:
        """Draws a value; `expression` is what defines it."""
        self.populations[value.name] = Population(
            value.name, kind, value.type, *_definition(expression), value.span
        )

    def inner(self, target: str, expression: Expression) -> str:
        """Draws units inside a definition that have no name: `full(relu(full(x, to 64)))`."""
        name = self._fresh(f"{target}.inner")
        self.populations[name] = Population(
            name, PopulationKind.INNER, expression.type, *_definition(expression), expression.span
        )
        self._inner.setdefault(target, []).append(name)
        return name

    def arranged(self) -> Iterator[Population]:
        """All populations in the order of the model, inner ones before what they feed."""
        inner = {name for names in self._inner.values() for name in names}
        pending = [name for name in reversed(self.populations) if name not in inner]
        while pending:
            name = pending.pop()
            feeding = self._inner.pop(name, [])
            if feeding:
                pending += [name, *reversed(feeding)]
            else:
                yield self.populations[name]

    # --- definitions --------------------------------------------------------------------

    def wire(self, definition: Definition) -> None:
        """Draws all connections into a layer, and the inner populations that they pass."""
        pending: list[tuple[str, Expression]] = [(definition.value.name, definition.expression)]
        while pending:
            target, expression = pending.pop()
            match expression:
                case Reference() | At(value=Reference()):
                    self.each(target, expression)
                case Infer(energy=energy):
                    for source in _sources(expression):
                        self._add(target, source, f"by {energy}", Count(), expression)
                case Connect(source=source):
                    found = plain(source)
                    if found is None:
                        found = self.inner(target, source)
                        pending.append((found, source))
                    self.weigh(target, found, expression)
                case Reduce() if not _makes_units(expression.body):
                    self.reduce(target, expression)
                case _:
                    pending += [(target, child) for child in reversed(children(expression))]

    def each(self, target: str, expression: Reference | At) -> None:
        """Unit i to unit i, without a weight."""
        type = expression.type
        count = Count.of(type.unit_count) * space_count(type.space)
        self._add(target, next(values_of(expression)).name, "one-to-one", count, expression)

    def reduce(self, target: str, reduce: Reduce) -> None:
        """A window that pools; or a sum and the like over all units, over a set, over the neighbours."""
        body = reduce.body.type
        if reduce.window:
            kind = "pooling"
            count = Count.of(reduce.type.unit_count * prod(reduce.window)) * space_count(reduce.type.space)
        elif reduce.axes:
            missing = tuple(axis for axis in reduce.axes if axis not in body.space)
            kind = "neighbours" if reduce.neighbours else f"over {space_text(reduce.axes)}"
            count = Count.of(body.unit_count) * space_count((*body.space, *missing))
        else:
            kind = "all units"
            count = Count.of(body.unit_count * reduce.type.unit_count) * space_count(body.space)
        for source in _sources(reduce.body):
            self._add(target, source, kind, count, reduce, window=reduce.window)

    def weigh(self, target: str, source: str, connect: Connect) -> None:
        """A connection with weights."""
        places = connect.source.type.space if connect.transposed and connect.window else connect.type.space
        count = connection_count(connect, space_count(places))
        self._add(target, source, str(connect.kind), count, connect, **self._weights(connect))

    def _weights(self, connect: Connect) -> dict[str, Any]:
        parameter = connect.weights
        return {
            "parameter": parameter.name,
            "shape": parameter.shape,
            "weights": free_weights(connect),
            "fixed": not parameter.learned,
            "window": connect.window,
            "shared": _shared(connect),
            "tied_to": self._first_use.get(parameter.name),
            "transposed": connect.transposed and not connect.window,
            "symmetric": parameter.symmetric,
            "structure": wired_structure(connect),
            "zeros": has_zeros(connect),
        }

    # --- energies -----------------------------------------------------------------------

    def couple(self, energy: EnergyModel) -> None:
        """Undirected connections: each product of units and a connection of others, `dot(v, full(h, W))`."""
        for product in walk(energy.expression):
            if isinstance(product, Apply) and product.function in ("dot", "multiply"):
                connects = [part for part in product.arguments if isinstance(part, Connect)]
                others = [part for part in product.arguments if not isinstance(part, Connect)]
                for connect in connects:
                    for end in dict.fromkeys(value.name for other in others for value in values_of(other)):
                        self.join(end, connect)

    def join(self, end: str, connect: Connect) -> None:
        """An undirected connection between the source of a connection and other units."""
        for source in _sources(connect):
            places = space_count(connect.type.space)
            count = connection_count(connect, places, undirected=source == end)
            kind, weights = str(connect.kind), self._weights(connect)
            self._add(end, source, kind, count, connect, undirected=True, **weights)

    # --- one connection -----------------------------------------------------------------

    def _add(
        self, target: str, source: str, kind: str, count: Count, place: Expression, **facts: Any
    ) -> None:
        arrow = "--" if facts.get("undirected") else "->"
        name = self._fresh(f"{source} {arrow} {target}")
        delay, along = _delay(place, source)
        self.connections.append(
            Connection(
                name=name,
                source=source,
                target=target,
                kind=kind,
                connections=count,
                delay=delay,
                along=along,
                span=place.span,
                **facts,
            )
        )
        if "parameter" in facts:
            self._first_use.setdefault(facts["parameter"], name)

    def _fresh(self, name: str) -> str:
        number = self._names[name] = self._names.get(name, 0) + 1
        return name if number == 1 else f"{name} ({number})"


# --- facts of expressions ---------------------------------------------------------------


def plain(expression: Expression) -> str | None:
    """The population that an expression is, rearranged or delayed at most; None where it makes new units."""
    match expression:
        case Reference(value=value):
            return value.name
        case At(value=value):
            return plain(value)
        case Apply(function=function, arguments=(value, *_)) if function in REARRANGING:
            return plain(value)
        case _:
            return None


def _makes_units(expression: Expression) -> bool:
    return any(isinstance(part, Connect | Reduce | Infer | Sample) for part in walk(expression))


def _sources(expression: Expression) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.name for value in values_of(expression)))


def _delay(expression: Expression, source: str) -> tuple[int, str | None]:
    """How many steps back a value is taken, and along which set."""
    for part in walk(expression):
        if isinstance(part, At) and part.delay and source in _sources(part):
            (axis,) = (pick.axis for pick in part.picks if pick.shift)
            return -part.delay, part.value.type.space[axis].set.name
    return 0, None


def _shared(connect: Connect) -> tuple[str, ...]:
    """The sets that a connection's weights are the same over."""
    space = connect.type.space
    grid = tuple(axis for axis in space if axis.set.kind is SetKind.GRID)
    others = [_set_name(axis) for axis in space if axis not in grid]
    if connect.unshared:
        return tuple(others) if grid else ()
    return (*((space_text(grid),) if grid else ()), *others)


def _set_name(axis: Axis) -> str:
    return str(axis.extent) if axis.set.ordered and axis.extent.steps else axis.set.name


def _definition(expression: Expression | None) -> tuple[str, str]:
    """The outer function of a definition, if it is more than arithmetic, and its text."""
    if expression is None:
        return "", ""
    text = " ".join(expression.span.text.split())
    match expression:
        case Apply(function=function) if function not in ARITHMETIC:
            return function, text
        case Reduce(operation=operation):
            return operation, text
        case Sample(distribution=distribution):
            return f"~ {distribution}", text
        case Infer(query=query):
            return query, text
        case _:
            return "", text
