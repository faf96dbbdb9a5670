"""Shapes of parameters and how they start.

Connection weights start by what they feed: He before a rectifier, orthogonal where a full map feeds
back, Glorot otherwise. Connections that are summed into one net input pool their fan-in; a one-hot
source has one unit on at a time and counts as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import prod

from nndsl.diagnostics.catalogue.types import GivenShapeMismatch
from nndsl.diagnostics.diagnostic import Diagnostics
from nndsl.semantics.draft import (
    Apply,
    At,
    Connect,
    Draft,
    DraftDefinition,
    DraftParameter,
    DraftValue,
    Ref,
    WeightForm,
    walk,
)
from nndsl.semantics.expressions import shape_of
from nndsl.semantics.model import ConnectionKind, Initial, Parameter, ParameterRole
from nndsl.types import Domain

RECTIFIERS = frozenset({"relu", "leaky_relu", "elu", "gelu", "silu", "softplus"})
_SUMS = frozenset({"add", "subtract", "negate"})
_TRANSPARENT = frozenset({"batch_norm", "layer_norm", "dropout"})


@dataclass(eq=False, slots=True)
class NetInput:
    """Connections that are summed, and the activation that they feed together."""

    activation: str | None
    connections: list[Connect] = field(default_factory=list)

    def fan_in(self) -> int:
        """The inputs of one unit, each set of weights counted once."""
        distinct = {id(connection.parameter): connection for connection in self.connections}
        return sum(fan_in(connection) for connection in distinct.values())


def net_inputs(definitions: Iterable[DraftDefinition], others: Iterable[Draft]) -> list[NetInput]:
    """Every net input of a network, in order."""
    ordered = list(definitions)
    fed = _activations_fed(ordered)
    found: list[NetInput] = []
    roots = [(d.expression, fed.get(id(d.value))) for d in ordered]
    roots += [(d.start, None) for d in ordered if d.start is not None]
    roots += [(draft, None) for draft in others]
    for root, activation in roots:
        _collect(root, NetInput(activation), found)
    return [net for net in found if net.connections]


def _collect(root: Draft, first: NetInput, found: list[NetInput]) -> None:
    pending: list[tuple[Draft, NetInput]] = [(root, first)]
    found.append(first)
    while pending:
        draft, net = pending.pop()
        if isinstance(draft, Connect):
            net.connections.append(draft)
        for child in reversed(draft.children()):
            inner = net if _passes(draft) else NetInput(_activation(draft, net))
            if inner is not net:
                found.append(inner)
            pending.append((child, inner))


def _passes(draft: Draft) -> bool:
    """Whether what is below still adds to the same net input."""
    if isinstance(draft, Apply):
        return draft.function.name in _SUMS or draft.function.name in _TRANSPARENT
    return isinstance(draft, At)


def _activation(draft: Draft, net: NetInput) -> str | None:
    if isinstance(draft, Connect):
        return None
    if isinstance(draft, Apply) and draft.function.name not in ("multiply", "divide"):
        return draft.function.name
    return net.activation


def _activations_fed(definitions: list[DraftDefinition]) -> dict[int, str]:
    """Rectifiers that are applied to a whole layer: they are what its net input feeds."""
    fed: dict[int, str] = {}
    for definition in definitions:
        for draft in walk(definition.expression):
            if isinstance(draft, Apply) and draft.function.name in RECTIFIERS:
                value = _value_below(draft.arguments[0])
                if value is not None:
                    fed[id(value)] = draft.function.name
    return fed


def _value_below(draft: Draft) -> DraftValue | None:
    while isinstance(draft, At) or (isinstance(draft, Apply) and draft.function.name in _TRANSPARENT):
        draft = draft.children()[0]
    return draft.value if isinstance(draft, Ref) else None


def fan_in(connection: Connect) -> int:
    """How many units one unit sums over."""
    if connection.kind is ConnectionKind.EACH:
        return 1
    form = connection.parameter.form
    assert form is not None
    incoming = form.out if connection.transposed else form.source
    units = prod(incoming.known or (1,)) if incoming is not None else 1
    if connection.kind is ConnectionKind.LOCAL:
        return units * prod(connection.window)
    if connection.source.domain is Domain.ONEHOT:
        return 1
    if connection.kind is ConnectionKind.SPARSE and connection.density is not None:
        return max(1, round(units * connection.density))
    return units


def _fan_out(connection: Connect) -> int:
    form = connection.parameter.form
    assert form is not None
    outgoing = form.source if connection.transposed else form.out
    units = prod(outgoing.known or (1,)) if outgoing is not None else 1
    return units * prod(connection.window)


class Initials:
    """How each parameter starts, by its first place among the net inputs."""

    def __init__(self, definitions: list[DraftDefinition], others: Iterable[Draft]) -> None:
        self._recurrent = _recurrent(definitions)
        self._net: dict[int, tuple[Connect, NetInput]] = {}
        for net in net_inputs(definitions, others):
            for connection in net.connections:
                known = self._net.get(id(connection.parameter))
                if known is None or (known[0].transposed and not connection.transposed):
                    self._net[id(connection.parameter)] = (connection, net)

    def of(self, parameter: DraftParameter) -> Initial:
        """The initial values of a parameter."""
        if parameter.distribution is not None:
            return self._by_distribution(parameter, *parameter.distribution)
        if isinstance(parameter.given, tuple):
            return Initial("given", values=parameter.given)
        if isinstance(parameter.given, int | float):
            return Initial("constant", (float(parameter.given),))
        if parameter.from_examples:
            return Initial("examples")
        if parameter.role is not ParameterRole.WEIGHTS or id(parameter) not in self._net:
            return Initial("constant", (0.0,))
        connection, net = self._net[id(parameter)]
        if connection.kind is ConnectionKind.EACH:
            return Initial("uniform", (-1.0, 1.0))
        if id(connection) in self._recurrent:
            return self._by_fan("orthogonal", parameter)
        return self._by_fan("he" if net.activation in RECTIFIERS else "glorot", parameter)

    def _by_distribution(self, parameter: DraftParameter, name: str, numbers: tuple[float, ...]) -> Initial:
        return Initial(name, numbers) if numbers else self._by_fan(name, parameter)

    def _by_fan(self, method: str, parameter: DraftParameter) -> Initial:
        if id(parameter) not in self._net:
            return Initial(method, fan_in=1, fan_out=1)
        connection, net = self._net[id(parameter)]
        return Initial(method, fan_in=net.fan_in(), fan_out=_fan_out(connection))


def _recurrent(definitions: list[DraftDefinition]) -> set[int]:
    """Full maps that lead from a component back into itself through a delay."""
    found: set[int] = set()
    for definition in definitions:
        for draft in walk(definition.expression):
            if isinstance(draft, Connect) and draft.kind is ConnectionKind.FULL:
                source = draft.source
                value = _value_below(source)
                if (
                    isinstance(source, At)
                    and source.delayed
                    and value is not None
                    and value.definition is not None
                    and value.definition.component == definition.component
                ):
                    found.add(id(draft))
    return found


# --- shapes ----------------------------------------------------------------------------


def finish_parameter(
    parameter: DraftParameter, initials: Initials, positions: tuple[int, ...], diagnostics: Diagnostics
) -> Parameter:
    """The parameter of the model. `positions` is the grid that unshared weights are repeated over."""
    shape, axes = _shape(parameter, positions)
    initial = initials.of(parameter)
    if initial.method == "given":
        initial = Initial("given", values=_fitted(parameter, shape, diagnostics))
    return Parameter(
        parameter.name,
        shape,
        axes,
        parameter.role or ParameterRole.FREE,
        initial,
        learned=parameter.learned,
        symmetric="symmetric" in parameter.attributes,
        no_self="no_self" in parameter.attributes,
        owner=parameter.owner,
        span=parameter.span,
    )


def _shape(parameter: DraftParameter, positions: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    form = parameter.form
    if form is None or form.layout == "unit":
        units = parameter.units.known or (form.out.known if form else None) or (1,)
        return units, _named("unit", units)
    out, source = _known(form)
    shape = (*positions, *out, *source, *form.window)
    windows = tuple(f"window{side}" for side in range(len(form.window)))
    places = tuple(f"position{side}" for side in range(len(positions)))
    return shape, (*places, *_named("unit", out), *_named("source", source), *windows)


def _known(form: WeightForm) -> tuple[tuple[int, ...], tuple[int, ...]]:
    source = form.source.known if form.source is not None else None
    return form.out.known or (1,), source or (1,)


def _named(name: str, sizes: tuple[int, ...]) -> tuple[str, ...]:
    return (name,) if len(sizes) == 1 else tuple(f"{name}{axis}" for axis in range(len(sizes)))


def _fitted(
    parameter: DraftParameter, shape: tuple[int, ...], diagnostics: Diagnostics
) -> tuple[object, ...]:
    """Given numbers in the parameter's shape: a bare window stands for one map to one map."""
    given = parameter.given
    found = shape_of(given)
    form = parameter.form
    if found == shape:
        return tuple(given)
    if form is not None and form.window == found and prod(shape) == prod(found):
        return ((given,),)
    needed = form.window if form is not None and form.window and len(form.window) == len(found) else shape
    diagnostics.add(GivenShapeMismatch(parameter.name, found, needed, span=parameter.span))
    return tuple(given)
