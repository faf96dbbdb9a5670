"""Model -> mistakes: what is wrong with the energies of a model and with what is asked of them."""

from __future__ import annotations

from collections.abc import Iterator

from nndsl.building.refusals import stages
from nndsl.diagnostics.catalogue.energies import NotIndependent
from nndsl.diagnostics.catalogue.recall import NotPairwise, NotTwoStates
from nndsl.diagnostics.diagnostic import Diagnostic
from nndsl.energies.energy import groups_of
from nndsl.energies.schedule import schedule
from nndsl.energies.structure import Structure, is_pairwise, structure
from nndsl.semantics.model import EnergyModel, Expression, Infer, Likelihood, Minimize, Model, Rule, Stage
from nndsl.semantics.queries import DESCENTS
from nndsl.semantics.walk import walk

CHAINS = ("sample", "mean_field", "likelihood", "reconstruction_error")
"""The questions that are answered by sweeps through the units."""


def mistakes(model: Model) -> tuple[Diagnostic, ...]:
    """Every mistake in the energies; where there is none, in what is asked of them."""
    energies = {energy.name: energy for energy in model.energies}
    found = {name: structure(energy) for name, energy in energies.items()}
    wrong = [mistake for each in found.values() for mistake in each.mistakes]
    if not wrong:
        for infer in questions(model):
            wrong += _inexact(infer, found[infer.energy])
            wrong += _not_one_by_one(infer, energies[infer.energy], found[infer.energy])
    return tuple(wrong)


def questions(model: Model) -> Iterator[Infer]:
    """All that is asked of energies, in layers and in stages."""
    asked = [definition.expression for definition in model.definitions]
    asked += [expression for stage in stages(model) for expression in _expressions(stage)]
    for expression in asked:
        yield from (part for part in walk(expression) if isinstance(part, Infer))


def _expressions(stage: Stage) -> Iterator[Expression]:
    match stage.how:
        case Minimize(objective=objective) | Likelihood(objective=objective):
            yield objective
        case Rule(arguments=arguments):
            yield from arguments
    for measure in stage.measures:
        yield measure.expression


def _inexact(infer: Infer, found: Structure) -> Iterator[Diagnostic]:
    """Whether an exact answer is asked for that there is none to."""
    clamped = dict(infer.clamped)
    free = [group for group in found.groups if group not in clamped]
    asked = free if infer.query in ("free_energy", "pseudo_likelihood") else []
    for group in [infer.unit] if infer.query == "mean" and infer.unit else asked:
        others = tuple(other for other in free if found.interact(group, other))
        if others:
            yield NotIndependent(infer.query, group, others, span=infer.span)
            return


def _not_one_by_one(infer: Infer, energy: EnergyModel, found: Structure) -> Iterator[Diagnostic]:
    """Whether units are to change one by one that cannot: those of a descent, or coupled within a group."""
    clamped = {} if infer.query == "likelihood" else dict(infer.clamped)
    free = {name: group for name, group in groups_of(energy).items() if name not in clamped}
    if infer.query not in DESCENTS and not (infer.query in CHAINS and schedule(found, tuple(free)) is None):
        return
    domains = tuple((name, group.type.domain.value) for name, group in free.items())
    if {domain for _, domain in domains} not in ({"binary"}, {"bipolar"}):
        yield NotTwoStates(infer.query, domains, energy.span, span=infer.span)
    elif not is_pairwise(energy):
        yield NotPairwise(infer.query, energy.span, span=infer.span)
