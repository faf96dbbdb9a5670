"""Model -> mistakes: what is wrong with the energies of a model and with what is asked of them."""

from __future__ import annotations

from collections.abc import Iterator

from nndsl.building.refusals import stages
from nndsl.diagnostics.catalogue.energies import NotIndependent
from nndsl.diagnostics.diagnostic import Diagnostic
from nndsl.energies.structure import Structure, structure
from nndsl.semantics.model import Expression, Infer, Likelihood, Minimize, Model, Rule, Stage
from nndsl.semantics.walk import walk


def mistakes(model: Model) -> tuple[Diagnostic, ...]:
    """Every mistake in the energies; where there is none, in what is asked of them."""
    found = {energy.name: structure(energy) for energy in model.energies}
    wrong = [mistake for each in found.values() for mistake in each.mistakes]
    if not wrong:
        for infer in questions(model):
            wrong += _inexact(infer, found[infer.energy])
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
