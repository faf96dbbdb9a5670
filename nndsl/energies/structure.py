"""Which units of an energy interact, found by differentiating it.

Units interact where the net input −∂E/∂s of the one changes with the state of the other. A discrete unit's
own state must not change its net input, since E is to be linear in it; a real unit's must change it in
proportion, by a negative factor that no state changes, since E is to be quadratic in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nndsl.building.term import known
from nndsl.diagnostics.catalogue.energies import NoQuadraticTerm, NotLinear, NotQuadratic
from nndsl.diagnostics.diagnostic import Diagnostic
from nndsl.energies.energy import groups_of, summands
from nndsl.energies.probe import ROUNDING, Array, Probe, differ
from nndsl.semantics.model import EnergyModel
from nndsl.types import Domain, Type

Pairs = NDArray[np.bool_]


@dataclass(frozen=True)
class Structure:
    """Which units interact.

    `sizes` are those of each group's axes, places first, without the values of onehot units. `between` are
    the pairs of groups of which some units interact. `within` has a square matrix of truths for each group
    whose units interact among themselves; a onehot unit has one row for all its values. `mistakes` say why
    the energy has no conditionals.
    """

    sizes: Mapping[str, tuple[int, ...]]
    between: frozenset[frozenset[str]]
    within: Mapping[str, Pairs]
    mistakes: tuple[Diagnostic, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(self.sizes)

    def interact(self, a: str, b: str) -> bool:
        """Whether units of these groups interact; of one group, with each other."""
        return a in self.within if a == b else frozenset((a, b)) in self.between

    def independent(self, group: str, free: Iterable[str]) -> bool:
        """Whether the units of a group are independent of each other, and of all in some groups."""
        return not any(self.interact(group, other) for other in (group, *free))


@lru_cache(maxsize=16)
def structure(energy: EnergyModel) -> Structure:
    """What is known of an energy whatever its numbers are. A mistake is shown at its part of the sum."""
    probe, groups = Probe(energy), groups_of(energy)
    between: set[frozenset[str]] = set()
    within: dict[str, Pairs] = {}
    mistakes: list[Diagnostic] = []
    for name, value in groups.items():
        own = _own(probe, name, value.type.domain)
        between |= {frozenset((name, other)) for other in own.others}
        if own.pairs.any():
            within[name] = own.pairs
        if not own.fits(value.type.domain):
            mistakes += _blamed(energy, name, value.type.domain)
        elif value.type.domain is Domain.REAL and not (own.slopes < 0).all():
            mistakes.append(NoQuadraticTerm(name, span=value.span))
    sizes = {name: _sizes(value.type) for name, value in groups.items()}
    return Structure(sizes, frozenset(between), within, tuple(mistakes))


def _sizes(type: Type) -> tuple[int, ...]:
    places = tuple(known(axis.extent) for axis in type.space)
    return places + (type.units[:-1] if type.domain is Domain.ONEHOT else type.units)


@lru_cache(maxsize=16)
def is_pairwise(energy: EnergyModel) -> bool:
    """Whether no more than two units are multiplied with each other: no state changes how two interact."""
    probe = Probe(energy)
    here, there = probe.states(), probe.states()
    for group in groups_of(energy):
        step = probe.step(group)[None]
        one, other = (probe.changes(group, states, step) for states in (here, there))
        if any(differ(one[name], other[name]).any() for name in one):
            return False
    return True


@dataclass(frozen=True)
class _Own:
    """How a group sees itself: `slopes` ∂n/∂s of each unit at several places, the pairs of its units that
    interact, and the other groups that interact with it."""

    slopes: Array
    pairs: Pairs
    others: tuple[str, ...]

    def fits(self, domain: Domain) -> bool:
        """Whether E is linear in discrete units, or quadratic in real ones."""
        expected = self.slopes[0] if domain is Domain.REAL else 0.0
        return bool((np.abs(self.slopes - expected) <= ROUNDING * (1 + np.abs(self.slopes))).all())


def _own(probe: Probe, group: str, domain: Domain) -> _Own:
    """All units of the group are moved together; only where that does not tell, one by one."""
    here, there = probe.states(), probe.states()
    steps = [probe.step(group), probe.step(group)]
    moves = ((here, steps[0]), (here, steps[1]), (there, steps[0]))
    changes = [probe.changes(group, states, step[None]) for states, step in moves]
    others = tuple(k for k, change in changes[0].items() if k != group and change.any())
    slopes = np.stack([change[group][0] / step for change, (_, step) in zip(changes, moves, strict=True)])
    whole = _Own(slopes, np.zeros((0, 0), np.bool_), others)
    if whole.fits(domain):
        return whole
    each = 1 if domain is Domain.ONEHOT else 0
    singles = [_alone(probe, group, states, step, each) for states, step in moves]
    pairs = singles[0] != 0
    slopes = np.stack([single.diagonal() for single in singles])
    np.fill_diagonal(pairs, False)
    return _Own(slopes, pairs | pairs.T, others)


def _alone(probe: Probe, group: str, states: Mapping[str, Array], step: Array, each: int) -> Array:
    """∂n/∂s of each unit (columns) by each (rows), where the last `each` axes belong to one unit: of these
    the largest entry."""
    values = step.shape[step.ndim - each :]
    rows = step.reshape(-1, *values)
    count = len(rows)
    moved = np.eye(count).reshape(count, count, *(1 for _ in values)) * rows
    change = probe.changes(group, states, moved.reshape(count, *step.shape))[group]
    found = change.reshape(count, count, -1)
    largest = np.take_along_axis(found, np.abs(found).argmax(-1)[..., None], -1)[..., 0]
    slopes: Array = largest / rows.reshape(count, -1)[:, :1]
    return slopes


def _blamed(energy: EnergyModel, group: str, domain: Domain) -> list[Diagnostic]:
    """The parts of the sum that are not linear, or quadratic, in a group; the whole where none is alone."""
    parts = [replace(energy, expression=part, span=part.span) for _, part in summands(energy.expression)]
    wrong = [part for part in parts if not _own(Probe(part), group, domain).fits(domain)] or [energy]
    declared = groups_of(energy)[group].span
    if domain is Domain.REAL:
        return [NotQuadratic(group, declared, span=part.span) for part in wrong]
    return [NotLinear(group, domain, declared, span=part.span) for part in wrong]
