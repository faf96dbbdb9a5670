"""Model -> mistakes: what is wrong with the energies of a model and with what is asked of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nndsl.building.refusals import stages
from nndsl.diagnostics.catalogue.energies import NotIndependent, TooManyStates
from nndsl.diagnostics.catalogue.recall import NotPairwise, NotTwoStates
from nndsl.diagnostics.diagnostic import Diagnostic
from nndsl.energies.energy import groups_of
from nndsl.energies.enumeration import MOST_TURNS, bits, enumerated
from nndsl.energies.legality import malformed, misgiven
from nndsl.energies.schedule import schedule
from nndsl.energies.structure import Structure, is_pairwise, structure
from nndsl.semantics.model import (
    EXACT,
    EnergyModel,
    Expression,
    Infer,
    Likelihood,
    Minimize,
    Model,
    Rule,
    Stage,
)
from nndsl.semantics.queries import DESCENTS
from nndsl.semantics.walk import walk

PARTITIONS = ("likelihood", "log_partition", "log_partition_error")
"""The questions that are answered by sums over all states."""

CHAINS = ("sample", "mean_field", "likelihood", "reconstruction_error")
"""The questions that are answered by sweeps through the units."""


def mistakes(model: Model) -> tuple[Diagnostic, ...]:
    """Every mistake in the energies; where there is none, in what is asked of them."""
    return tuple(_in_energies(model) or _in_questions(model))


def _in_energies(model: Model) -> list[Diagnostic]:
    found = [mistake for energy in model.energies for mistake in malformed(energy)]
    return found or [mistake for energy in model.energies for mistake in structure(energy).mistakes]


def _in_questions(model: Model) -> list[Diagnostic]:
    energies = {energy.name: energy for energy in model.energies}
    asked = [(infer, energies[infer.energy]) for infer in questions(model)]
    if found := [mistake for infer, energy in asked for mistake in misgiven(infer, energy)]:
        return found
    for infer, energy in asked:
        found += _inexact(infer, structure(energy))
        found += _not_one_by_one(infer, energy, structure(energy))
    return [*found, *_too_many_states(model, energies)]


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


def _too_many_states(model: Model, energies: Mapping[str, EnergyModel]) -> Iterator[Diagnostic]:
    """Where a sum would run over more states than can be looked at: over all with each step of a stage, or
    over those of groups that are not given with each example."""
    for expression in (definition.expression for definition in model.definitions):
        for infer in _partitions(expression):
            yield from _counted(infer, energies[infer.energy], in_stage=False)
    for stage in stages(model):
        again = [measure.expression for measure in stage.measures]
        if isinstance(stage.how, Likelihood) and stage.how.method == EXACT:
            again.append(stage.how.objective)
        for infer in (infer for expression in again for infer in _partitions(expression)):
            yield from _counted(infer, energies[infer.energy], in_stage=True)


def _partitions(expression: Expression) -> Iterator[Infer]:
    return (part for part in walk(expression) if isinstance(part, Infer) and part.query in PARTITIONS)


def _counted(infer: Infer, energy: EnergyModel, *, in_stage: bool) -> Iterator[Diagnostic]:
    clamped = dict(infer.clamped)
    free = [group for group in groups_of(energy) if in_stage or group not in clamped]
    found = bits(energy, enumerated(energy, free))
    if found > MOST_TURNS and (in_stage or clamped):
        yield TooManyStates(infer.query, found, MOST_TURNS, in_stage, span=infer.span)


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
