"""What an energy may not read, and how its units may not be given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nndsl.diagnostics.catalogue.observation import (
    MoreThanTwoStates,
    NothingBegins,
    NothingObserved,
    OpenUnits,
    OtherPlaces,
    ReadsOther,
)
from nndsl.diagnostics.diagnostic import Diagnostic
from nndsl.energies.energy import groups_of
from nndsl.semantics.model import EnergyModel, Infer, Reference
from nndsl.semantics.queries import DESCENTS
from nndsl.semantics.walk import walk
from nndsl.types import Axis, Domain, Extent, SetKind, Type, space_text

OBSERVING = ("likelihood", "pseudo_likelihood", "reconstruction_error")
"""The questions that are about units that are given."""

BEGINNING = (*DESCENTS, "sample", "mean_field")
"""The questions that are answered by going on from a state."""


def malformed(energy: EnergyModel) -> Iterator[Diagnostic]:
    """Whether an energy depends on more than its units and parameters, or has units without number."""
    own = {group.name for group in energy.groups}
    for part in walk(energy.expression):
        if isinstance(part, Reference) and part.value.name not in own:
            yield ReadsOther(part.value.name, energy.name, part.value.span, span=part.span)
    for name, group in groups_of(energy).items():
        if any(axis.extent.known is None for axis in group.type.space):
            yield OpenUnits(name, space_text(group.type.space), span=group.span)


def misgiven(infer: Infer, energy: EnergyModel) -> Iterator[Diagnostic]:
    """Whether units are given over other places than theirs, none where some must be, or too many states."""
    groups = groups_of(energy)
    if infer.query in OBSERVING and not infer.clamped:
        yield NothingObserved(infer.query, energy.name, tuple(groups), energy.span, span=infer.span)
    if infer.start and infer.query not in BEGINNING:
        (name, given), *_ = infer.start
        yield NothingBegins(infer.query, name, given.span.text, span=given.span)
    for name, given in (*infer.clamped, *infer.start):
        group = groups[name]
        if not _fits(given.type, group.type):
            found, wanted = (_over(type.space) for type in (given.type, group.type))
            yield OtherPlaces(name, found, wanted, group.span, span=given.span)
    if infer.query == "pseudo_likelihood" and len(infer.clamped) < len(groups):
        for name, _ in infer.clamped:
            domain = groups[name].type.domain
            if domain not in (Domain.BINARY, Domain.BIPOLAR):
                yield MoreThanTwoStates(name, domain.value, groups[name].span, span=infer.span)


def _fits(given: Type, group: Type) -> bool:
    """Whether a value is over the places of a group, or some of its axes, along the others of which it is the
    same."""
    sides = _sides(given.space)
    others = {axis.set for axis in given.space if axis.set.kind is not SetKind.GRID}
    return sides in ((), _sides(group.space)) and others <= {axis.set for axis in group.space}


def _over(space: tuple[Axis, ...]) -> str:
    return space_text(space) if space else "no index set"


def _sides(space: Iterable[Axis]) -> tuple[Extent, ...]:
    """The sides of the grid in an index space."""
    return tuple(axis.extent for axis in space if axis.set.kind is SetKind.GRID)
