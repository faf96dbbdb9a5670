"""Where an expression stands while it is worked out, and what working out needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from nndsl.diagnostics.diagnostic import Diagnostic, Diagnostics
from nndsl.semantics.draft import (
    DraftDefinition,
    DraftEnergy,
    DraftParameter,
    DraftValue,
    Statement,
    Wrong,
    mistaken,
)
from nndsl.semantics.places import Element, SetTerm
from nndsl.semantics.scope import Scope
from nndsl.semantics.units import Solver
from nndsl.source import Span


@dataclass(eq=False, slots=True)
class InputSpace:
    """An argument of a block and the space that the block declares for it, compared when spaces are known."""

    value: DraftValue
    over: tuple[tuple[SetTerm, str | None], ...]
    block: str
    span: Span  # the use of the block


@dataclass(eq=False, slots=True)
class Draftbook:
    """Everything that a network turns out to consist of, in the order in which it was found."""

    diagnostics: Diagnostics
    solver: Solver
    values: list[DraftValue] = field(default_factory=list)
    parameters: list[DraftParameter] = field(default_factory=list)
    definitions: list[DraftDefinition] = field(default_factory=list)
    energies: list[DraftEnergy] = field(default_factory=list)
    input_spaces: list[InputSpace] = field(default_factory=list)
    agreements: list[Callable[[], None]] = field(default_factory=list)  # between uses of weights
    taken: set[str] = field(default_factory=set)

    def refuse(self, diagnostic: Diagnostic) -> Wrong:
        """Reports a mistake; what is returned stands in for the expression."""
        self.diagnostics.add(diagnostic)
        assert diagnostic.span is not None
        return mistaken(diagnostic.span)

    def fresh(self, name: str) -> str:
        """The name, or the name with a number where it is taken."""
        found, number = name, 1
        while found in self.taken:
            number += 1
            found = f"{name}{number}"
        self.taken.add(found)
        return found


@dataclass(eq=False, slots=True)
class Owner:
    """The statement whose parameters are being collected: anonymous ones are named after it."""

    name: str  # what the names of its parameters begin with
    key: tuple[str, ...]  # inside a shared block
    layer: str = ""  # the layer that it defines
    anonymous: list[tuple[DraftParameter, str, str]] = field(default_factory=list)  # with kind and source
    parameters: list[DraftParameter] = field(default_factory=list)
    count: int = 0


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of one expression."""

    scope: Scope
    statement: Statement
    owner: Owner
    bound: tuple[Element, ...] = ()  # elements of the enclosing reductions, innermost first
    unit_names: tuple[str, ...] = ()  # elements of the rule of a `wired` connection

    def binding(self, element: Element) -> Context:
        return replace(self, bound=(element, *self.bound))

    def candidates(self, name: str) -> tuple[Element, ...]:
        """The elements that a name may mean here, the innermost binding first."""
        for element in self.bound:
            if element.name == name:
                return (element,)
        own = tuple(element for element in self.statement.elements if element.name == name)
        if own or self.statement.over is not None:
            return own
        return tuple(self.scope.elements.get(name, ()))
