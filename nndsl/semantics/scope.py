"""Names and what they stand for, in a network or in one use of a block."""

from __future__ import annotations

from dataclasses import dataclass, field

from nndsl.diagnostics.catalogue.names import DuplicateName, ReservedName, UnknownGraph, UnknownSet
from nndsl.diagnostics.diagnostic import Diagnostics
from nndsl.semantics.draft import DraftDefinition, DraftEnergy, DraftParameter, DraftValue
from nndsl.semantics.places import Element, GraphTerm, SetTerm
from nndsl.semantics.units import Size
from nndsl.source import Span
from nndsl.syntax import tree


@dataclass(eq=False, slots=True)
class NetworkParameter:
    """`hidden = 128` of a network, with the value that is used."""

    name: str
    span: Span
    value: float | int | bool | str
    used: bool = False


@dataclass(eq=False, slots=True)
class BlockConstant:
    """A constant of a block: an expression that is read where the block is used."""

    name: str
    span: Span
    expression: tree.Expression
    scope: Scope
    used: bool = False


@dataclass(eq=False, slots=True)
class SizeVariable:
    """A size that a block's inputs bind: the d of `x[d]`."""

    name: str
    span: Span
    size: Size
    used: bool = True


@dataclass(eq=False, slots=True)
class SharedBlock:
    """`share decode = decoder()`: one set of weights for every use."""

    name: str
    span: Span
    block: tree.Block
    call: tree.Call
    scope: Scope
    weights: dict[tuple[str, ...], DraftParameter] = field(default_factory=dict)
    parameters: list[DraftParameter] = field(default_factory=list)
    used: bool = False


RESERVED = frozenset({"bias", "weights"})

Entity = (
    NetworkParameter
    | BlockConstant
    | SizeVariable
    | SharedBlock
    | DraftValue
    | DraftParameter
    | DraftEnergy
    | GraphTerm
)


def parameters_of(entity: Entity) -> list[DraftParameter]:
    """What a layer, a shared block or an energy owns; a parameter is its own."""
    match entity:
        case DraftParameter():
            return [entity]
        case DraftValue(definition=DraftDefinition(owned=owned)):
            return owned
        case SharedBlock(parameters=parameters) | DraftEnergy(parameters=parameters):
            return parameters
    return []


@dataclass(eq=False, slots=True)
class Scope:
    """One network, or one use of a block: hygienic, so nothing of the caller is seen but by arguments.

    `path` is what the names of its layers begin with. `weights` holds the parameters of a shared block,
    by their path inside it, and is None where each use makes its own.
    """

    diagnostics: Diagnostics
    blocks: dict[str, tree.Block]
    path: tuple[str, ...] = ()
    names: dict[str, Entity] = field(default_factory=dict)
    sets: dict[str, SetTerm] = field(default_factory=dict)
    elements: dict[str, list[Element]] = field(default_factory=dict)
    weights: dict[tuple[str, ...], DraftParameter] | None = None
    shared_path: tuple[str, ...] = ()
    store_path: tuple[str, ...] = ()  # where the shared weights themselves belong
    mistaken: set[str] = field(default_factory=set)  # names whose declaration is wrong
    inside: tuple[str, ...] = ()  # the blocks that are being expanded
    in_block: bool = False
    block_uses: dict[str, int] = field(default_factory=dict)
    block_counts: dict[str, int] = field(default_factory=dict)

    def declare(self, name: tree.Name, entity: Entity) -> None:
        """Gives a name its meaning; a second meaning is a mistake, and the first stays."""
        if name.name in RESERVED:
            self.diagnostics.add(ReservedName(name.name, span=name.span))
            return
        before = self.names.get(name.name)
        if before is not None:
            self.diagnostics.add(DuplicateName(name.name, before.span, span=name.span))
            return
        self.names[name.name] = entity

    def find(self, name: str) -> Entity | None:
        entity = self.names.get(name)
        if entity is not None:
            entity.used = True
        return entity

    def qualified(self, name: str) -> str:
        """The name of a layer in the whole network."""
        return ".".join((*self.path, name))

    def qualified_parameter(self, name: str) -> str:
        """The name of a parameter, which stays the same at every use of a shared block."""
        if self.weights is None:
            return self.qualified(name)
        return ".".join((*self.store_path, *self.shared_path, name))

    def graph(self, name: tree.Name) -> GraphTerm | None:
        entity = self.names.get(name.name)
        if isinstance(entity, GraphTerm):
            entity.used = True
            return entity
        graphs = [key for key, other in self.names.items() if isinstance(other, GraphTerm)]
        self.diagnostics.add(UnknownGraph(name.name, tuple(graphs), span=name.span))
        return None

    def set_of(self, name: tree.Name) -> SetTerm | None:
        term = self.sets.get(name.name)
        if term is None:
            self.diagnostics.add(UnknownSet(name.name, tuple(self.sets), span=name.span))
        return term

    def name_element(self, element: Element) -> None:
        """Remembers under which name a set's element was first declared."""
        self.elements.setdefault(element.name, []).append(element)
