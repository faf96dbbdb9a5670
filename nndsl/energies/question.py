"""What is asked of an energy at one place of a network, and the answers that all questions are made of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add

from nndsl.building.layout import Layout
from nndsl.building.scope import Scope
from nndsl.building.term import Term
from nndsl.energies import annealing, enumeration
from nndsl.energies.chain import Update, swept
from nndsl.energies.chains import among, chain
from nndsl.energies.conditional import Conditional, conditional, uniform
from nndsl.energies.coupling import Chain, Row
from nndsl.energies.energy import Energy, States, count_of, summed_up
from nndsl.energies.enumeration import MOST_BITS, bits, enumerated
from nndsl.energies.recall import Descent
from nndsl.energies.schedule import schedule
from nndsl.energies.structure import Structure, structure
from nndsl.functions.catalogue import family
from nndsl.operators.movement import Reshape
from nndsl.operators.random import Uniform
from nndsl.operators.sweeps import Mode, Order
from nndsl.semantics.model import EXACT, Infer, Likelihood, Parameter
from nndsl.types import Domain

MEAN_FIELD_SWEEPS = 20
"""How many sweeps lead to the means of units that depend on each other, where nothing is said."""


def answer(scope: Scope, infer: Infer) -> Term:
    """What a question comes to in a graph."""
    result: Term = family("query")[infer.query].lower(Question.of(scope, infer), **dict(infer.options))
    return result


def surrogate(scope: Scope, likelihood: Likelihood) -> Term:
    """A number for each example, whose gradient is what a rule takes for that of −log p. Itself it means
    nothing."""
    question = replace(Question.of(scope, likelihood.objective), chains=likelihood.chains)
    if likelihood.method == EXACT:
        return enumeration.log_partition(question) - question.log_sum()
    result: Term = family("rule")[likelihood.method].lower(question, **dict(likelihood.options))
    return result


@dataclass(frozen=True)
class Question:
    """An energy, what is clamped (`v = x`), and the group that is asked for (`h | E`), empty if none is."""

    energy: Energy
    unit: str
    clamped: States
    start: States = field(default_factory=dict)
    chains: tuple[Parameter, ...] = ()

    @classmethod
    def of(cls, scope: Scope, infer: Infer) -> Question:
        """The question that an expression asks."""
        energy = Energy(scope.energies[infer.energy], scope)
        clamped, start = (energy.states(given) for given in (infer.clamped, infer.start))
        return cls(energy, infer.unit or "", clamped, start)

    @property
    def structure(self) -> Structure:
        return structure(self.energy.model)

    @property
    def free(self) -> tuple[str, ...]:
        """The groups that are not clamped."""
        return tuple(group for group in self.energy.groups if group not in self.clamped)

    @property
    def given_count(self) -> int:
        """How many units are clamped."""
        return sum(count_of(self.energy.groups[group].type) for group in self.clamped)

    @property
    def is_exact(self) -> bool:
        """Whether the units that are not given are independent."""
        return all(self.structure.independent(group, self.free) for group in self.free)

    def conditional(self, group: str, states: States) -> Conditional:
        """How a group is distributed, given the states of those that it interacts with."""
        others = {other: self.energy.filled(other, 0) for other in self.energy.groups}
        return conditional(self.energy, group, {**others, **states})

    def descent(self, order: Order) -> Descent:
        """The descent of the groups that are not clamped; one without a start begins at zero, where its units
        say nothing."""
        begun = {group: self.energy.filled(group, 0) for group in self.free}
        return Descent(Row(self.energy, self.free), {**begun, **self.start, **self.clamped}, order)

    def drawn(self, sweeps: int) -> States:
        """What is clamped, and for all other groups a state after Gibbs sweeps from `start`, else a random
        one."""
        begun = {group: uniform(self.energy, group).draw() for group in self.free}
        return self._led(begun, Conditional.draw, sweeps)

    def averaged(self, sweeps: int) -> States:
        """The same with means: each unit's given the means of all others, at first that of all its states."""
        begun = {group: uniform(self.energy, group).mean() for group in self.free}
        return self._led(begun, Conditional.mean, sweeps)

    def _led(self, begun: States, update: Update, sweeps: int) -> States:
        """Where sweeps lead to. A group that begins at `start` is updated last, so that all others see it."""
        states = {**begun, **self.start, **self.clamped}
        return self._swept(states, self.free, update, sweeps, next(iter(self.start), self.unit))

    def means(self) -> States:
        """What is clamped, and the means of all other groups: exact, or by as many sweeps as lead there."""
        return self.averaged(1 if self.is_exact else MEAN_FIELD_SWEEPS)

    def fantasy(self, states: States, sweeps: int) -> States:
        """The states after Gibbs sweeps through all groups, those that are not clamped last."""
        groups = tuple(self.energy.groups)
        return self._swept(states, groups, Conditional.draw, sweeps, next(iter(self.free), ""))

    def _swept(
        self, states: States, groups: tuple[str, ...], update: Update, sweeps: int, last: str
    ) -> States:
        classes = schedule(self.structure, groups, last)
        if classes is not None:
            return swept(self.energy, states, classes, update, sweeps)
        row = Row(self.energy, sorted(groups, key=lambda group: group == last))
        mode: Mode = "sample" if update is Conditional.draw else "mean"
        return Chain(row, states, mode, "sequential", self.energy.scope.stream()).swept(states, sweeps)

    def persistent(self, sweeps: int) -> Term:
        """The mean of `phase` over chains that go on by some sweeps with every step."""
        by_group = dict(zip(self.energy.groups, self.chains, strict=True))

        def derive(scope: Scope) -> dict[str, Term]:
            question = replace(self, energy=replace(self.energy, scope=scope))
            before = {group: chain(question.energy, group, by_group[group]) for group in by_group}
            states = replace(question, clamped={g: before[g] for g in self.clamped})
            after = states.fantasy(before, sweeps)
            return {"": states.phase(after).mean_examples(), **after}

        found = among(self.energy.scope, self.chains[0].shape[0], derive)
        for group, parameter in by_group.items():
            self.energy.scope.states[parameter.name] = found[group]
        return found[""]

    def free_energy(self, states: States) -> Term:
        """−log Σ exp(−E) over all states of the groups that are not clamped, which must be independent.

        With E = E(s = 0) − n·s that is E(0) − log Σ exp(n·s), one unit at a time.
        """
        none = {group: self.energy.filled(group, 0) for group in self.free}
        total = self.energy.of({**states, **none})
        for group in self.free:
            total = total - self.conditional(group, states).log_partition()
        return total

    def log_sum(self) -> Term:
        """log Σ exp(−E) over all states of the groups that are not clamped."""
        return enumeration.log_sum(self)

    def log_partition(self, chains: int, temperatures: int) -> Term:
        """The same where nothing is clamped, estimated where there are too many states."""
        if self._countable:
            return enumeration.log_partition(self)
        return annealing.log_partition(self, chains, temperatures)

    def log_partition_error(self, chains: int, temperatures: int) -> Term:
        """The standard error of that."""
        if self._countable:
            return self.energy.scope.constant(0)
        return annealing.log_partition_error(self, chains, temperatures)

    @property
    def _countable(self) -> bool:
        """Whether all states can be looked at."""
        energy = self.energy.model
        return bits(energy, enumerated(energy, tuple(self.energy.groups))) <= MOST_BITS

    def phase(self, states: States) -> Term:
        """A number whose gradient by the parameters is that of E, averaged over the groups not clamped.

        As E is linear in discrete units and quadratic in real ones, that is E at their means, and for real
        units log(a) / 2 more, whose gradient is that of their variance's part. Where units depend on each
        other it is E at their states.
        """
        if not self.is_exact:
            return self.energy.of(held(states))
        found = {group: self.conditional(group, held(states)) for group in self.free}
        means = {group: each.mean() for group, each in found.items()}
        total = self.energy.of(held({**states, **means}))
        for precision in (each.precision for each in found.values()):
            if precision is not None:
                total = total + 0.5 * summed_up(precision.apply("log"))
        return total

    def log_conditionals(self) -> Term:
        """Σ log p(x_i | all others) over all units, where all groups are clamped."""
        found = [self.conditional(group, self.clamped) for group in self.clamped]
        states = self.clamped.values()
        return reduce(add, (each.log_probability(x) for each, x in zip(found, states, strict=True)))

    def distance(self, means: States) -> Term:
        """Σ (x − m)² over all units that are clamped at x, and are m in some other states."""
        squares = [(means[group] - state).square() for group, state in self.clamped.items()]
        return reduce(add, map(summed_up, squares))

    def activity(self, wanted: float) -> Term:
        """Σ (wanted − q)² over the units of the groups that are not clamped, where q is the mean over the
        batch of a unit's mean."""
        means = self.means()
        found = (means[group].mean_examples() for group in self.free)
        return reduce(add, ((wanted - mean).square().sum_units() for mean in found))

    def one_turned(self) -> States:
        """What is clamped, with the other state of one unit, drawn for each example. Units are binary or
        bipolar."""
        drawn = self.energy.scope.drawn(Uniform, Layout(batch=True))
        place = (drawn * self.given_count).apply("floor")
        turned: dict[str, Term] = {}
        for group, state in self.clamped.items():
            layout, count = state.layout, count_of(self.energy.groups[group].type)
            chosen = state.unit_number(count).apply("equal", place).real()
            chosen = chosen.made(Reshape(layout.dimensions), layout)
            both = 1 if self.energy.groups[group].type.domain is Domain.BINARY else 0
            turned[group] = state + chosen * (both - 2 * state)
            place = place - count
        return turned


def held(states: States) -> States:
    """States that do not vary with the parameters that they were drawn by."""
    return {group: state.apply("stop_gradient") for group, state in states.items()}
