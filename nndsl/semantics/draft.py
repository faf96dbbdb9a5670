"""The model while it is being worked out: names are resolved and blocks expanded, types still open.

Each expression of a spec becomes a tree of drafts. `units` are found by unification while the
tree is made, `places` (the index space) afterwards, along the dependencies of the definitions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nndsl.functions.catalogue import Function
from nndsl.semantics.model import ConnectionKind, Parameter, ParameterRole, Value, ValueKind
from nndsl.semantics.places import Element, Place, SetTerm
from nndsl.semantics.units import Size, Units
from nndsl.source import Span
from nndsl.types import Domain, IndexSet

Places = tuple[Place, ...]


# --- what is declared --------------------------------------------------------------


@dataclass(eq=False, slots=True)
class DraftValue:
    """A population of units: an input, a target, a layer, an output, a unit group of an energy."""

    name: str
    kind: ValueKind
    span: Span
    units: Units
    unit_names: tuple[str, ...] = ()
    declared_domain: Domain | None = None
    scope: tuple[str, ...] = ()
    places: Places | None = None  # known for ports; found for layers
    definition: DraftDefinition | None = None
    domain: Domain | None = None
    used: bool = False
    written: bool = True  # false for a value that the compiler introduced
    value: Value | None = None  # of the model, when finished


@dataclass(eq=False, slots=True)
class Statement:
    """The statement that an expression stands in: the elements that it names.

    `over` is None where the statement says nothing of its index space and inherits it.
    """

    over: tuple[tuple[SetTerm, str | None], ...] | None = None
    elements: tuple[Element, ...] = ()


@dataclass(eq=False, slots=True)
class DraftDefinition:
    value: DraftValue
    span: Span
    statement: Statement
    expression: Draft
    start: Draft | None = None
    start_span: Span | None = None
    until_stable: bool = False
    owned: list[DraftParameter] = field(default_factory=list)
    position: int = 0  # in dependency order
    component: int = 0  # the strongly connected component, by number


@dataclass(eq=False, slots=True)
class Use:
    """One place where a parameter is used as the weights of a connection."""

    connection: Connect
    span: Span
    transposed: bool


@dataclass(eq=False, slots=True)
class DraftParameter:
    """A parameter; `form` is what its uses make of it.

    `out` and `source` are the unit axes of a weight matrix, `window` the sides of a local one,
    `units` the whole shape when it is used as a number.
    """

    name: str
    span: Span
    role: ParameterRole | None = None
    units: Units = field(default_factory=Units)
    attributes: frozenset[str] = frozenset()
    given: Any = None  # nested tuples of numbers, or one number
    distribution: tuple[str, tuple[float, ...]] | None = None
    owner: str | None = None
    form: WeightForm | None = None
    uses: list[Use] = field(default_factory=list)
    used: bool = False
    declared_units: bool = False
    from_examples: bool = False  # a rule lets it start as rows of the data
    parameter: Parameter | None = None

    @property
    def learned(self) -> bool:
        return "fixed" not in self.attributes


@dataclass(eq=False, slots=True)
class WeightForm:
    """How connection weights are laid out: a matrix, a window, or one number a unit."""

    layout: str  # matrix, window, unit
    out: Units
    source: Units | None
    window: tuple[int, ...] = ()
    groups: int = 1


@dataclass(eq=False, slots=True)
class DraftEnergy:
    name: str
    span: Span
    groups: dict[str, DraftValue]
    expression: Draft | None = None
    parameters: list[DraftParameter] = field(default_factory=list)
    used: bool = False


# --- expressions -------------------------------------------------------------------


@dataclass(eq=False, slots=True, kw_only=True)
class Draft:
    """`shapeless` tells units that only the context can give: connections, biases, unsized parameters."""

    span: Span
    units: Units
    shapeless: bool = False
    places: Places | None = None
    domain: Domain = Domain.REAL

    def children(self) -> tuple[Draft, ...]:
        return ()


@dataclass(eq=False, slots=True, kw_only=True)
class Number(Draft):
    """A number, or a size that will be one."""

    number: float | Size


@dataclass(eq=False, slots=True, kw_only=True)
class Wrong(Draft):
    """What an expression that is mistaken is taken for, so that nothing else complains of it."""


def mistaken(span: Span) -> Wrong:
    """Stands in for an expression whose mistake is reported."""
    return Wrong(span=span, units=Units.mistaken())


@dataclass(eq=False, slots=True, kw_only=True)
class Ref(Draft):
    """A value at the statement's own elements; `picks` once they are resolved (see places.Picked)."""

    value: DraftValue
    picks: tuple[Any, ...] = ()


@dataclass(eq=False, slots=True, kw_only=True)
class ParameterRef(Draft):
    parameter: DraftParameter
    transposed: bool = False


@dataclass(eq=False, slots=True, kw_only=True)
class Weights(Draft):
    """The word `weights`: every weight that the stage learns; `h.weights`: those that `of` owns."""

    of: tuple[DraftParameter, ...] | None = None
    parameters: list[DraftParameter] = field(default_factory=list)


@dataclass(eq=False, slots=True, kw_only=True)
class Position(Draft):
    """An element as a number. `candidates` are the elements that bear the name."""

    name: str
    candidates: tuple[Element, ...]
    end: str | None = None


@dataclass(eq=False, slots=True, kw_only=True)
class UnitNumber(Draft):
    """A unit's number in the rule of `wired`."""

    name: str


@dataclass(eq=False, slots=True, kw_only=True)
class Apply(Draft):
    function: Function
    arguments: tuple[Draft, ...]
    options: tuple[tuple[str, Any], ...] = ()
    parameters: tuple[DraftParameter, ...] = ()

    def children(self) -> tuple[Draft, ...]:
        return self.arguments


@dataclass(eq=False, slots=True, kw_only=True)
class Connect(Draft):
    kind: ConnectionKind
    source: Draft
    parameter: DraftParameter
    transposed: bool = False
    along: str | None = None
    window: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()
    pad: tuple[int, ...] = ()
    dilation: tuple[int, ...] = ()
    groups: int = 1
    causal: bool = False
    unshared: bool = False
    density: float | None = None
    seed: int | None = None
    rule: Draft | None = None
    rule_elements: tuple[str, str] | None = None

    def children(self) -> tuple[Draft, ...]:
        return (self.source,)


@dataclass(eq=False, slots=True, kw_only=True)
class PickDraft:
    """One index after a value: which elements the name may mean, and the shift."""

    name: str
    candidates: tuple[Element, ...]
    shift: int
    span: Span


@dataclass(eq=False, slots=True, kw_only=True)
class At(Draft):
    """`h[t-1]`; `picks` are as written, `picked` as resolved."""

    value: Draft
    picks: tuple[PickDraft, ...]
    picked: tuple[Any, ...] = ()

    def children(self) -> tuple[Draft, ...]:
        return (self.value,)

    @property
    def delayed(self) -> bool:
        return any(pick.shift for pick in self.picks)


@dataclass(eq=False, slots=True, kw_only=True)
class Reduce(Draft):
    """A reduction `over` a set, the `neighbours` of an element, a `window`, or all units."""

    operation: str
    body: Draft
    over: SetTerm | None = None
    element: str | None = None
    edge: bool = False  # over (j -> i) in an edge set
    neighbours: tuple[Element, ...] | None = None
    neighbours_name: str | None = None
    condition: Draft | None = None
    window: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()
    pad: tuple[int, ...] = ()
    over_span: Span | None = None
    reduced: Places = ()

    def children(self) -> tuple[Draft, ...]:
        return (self.body,) if self.condition is None else (self.body, self.condition)


@dataclass(eq=False, slots=True, kw_only=True)
class Draw(Draft):
    """A draw from a distribution."""

    function: Function
    arguments: tuple[Draft, ...]

    def children(self) -> tuple[Draft, ...]:
        return self.arguments


@dataclass(eq=False, slots=True, kw_only=True)
class Query(Draft):
    """A question to an energy."""

    query: str
    energy: DraftEnergy
    unit: DraftValue | None
    clamped: tuple[tuple[str, Draft], ...] = ()
    start: tuple[tuple[str, Draft], ...] = ()
    options: tuple[tuple[str, Any], ...] = ()

    def children(self) -> tuple[Draft, ...]:
        return tuple(given for _, given in (*self.clamped, *self.start))


def walk(draft: Draft) -> Iterator[Draft]:
    """The draft and all below it."""
    pending = [draft]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(current.children()))


def uses(draft: Draft) -> Iterator[tuple[Ref, int, IndexSet | None]]:
    """Every reference below a draft, with the shift it is taken at and the set that the shift is along."""
    pending: list[tuple[Draft, int, IndexSet | None]] = [(draft, 0, None)]
    while pending:
        current, shift, along = pending.pop()
        if isinstance(current, Ref):
            yield current, shift, along
        if isinstance(current, At):
            for pick in current.picked:
                if pick.shift:
                    shift, along = shift + pick.shift, pick.set
        pending.extend((child, shift, along) for child in reversed(current.children()))
