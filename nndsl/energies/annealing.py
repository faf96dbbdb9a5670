"""Annealed importance sampling: a partition function from chains that go from free units to coupled ones.

Of an energy E let E₀ be the part without interactions, in which each unit has the net input that it has in E
where all others are zero, and E_β = E₀ + β (E − E₀). A chain begins with a draw from exp(−E₀) / Z₀; at each
of K temperatures it takes the weight exp(F_β(s) − F_β'(s)) with β = k / K and β' = (k + 1) / K, and a Gibbs
sweep at β'. F sums over the states of groups that are independent given the rest, so that these add no
noise. The mean of the products of all weights is Z / Z₀. Sources: Neal (2001), Annealed importance sampling,
Statistics and Computing 11; Salakhutdinov and Murray (2008), On the quantitative analysis of deep belief
networks, ICML.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING
from zlib import crc32

from nndsl.building.layout import Layout
from nndsl.building.scope import Scope
from nndsl.building.term import Term
from nndsl.energies.conditional import Conditional, conditional
from nndsl.energies.energy import Energy, States, Transfer
from nndsl.energies.enumeration import enumerated, of_no_example
from nndsl.energies.repetition import Turning, repeated

if TYPE_CHECKING:
    from nndsl.energies.question import Question

WEIGHT = "log weight"
"""What is carried beside the states of the groups; no group has a name like this."""


def log_partition(question: Question, chains: int, temperatures: int) -> Term:
    """log Z, from the mean of the chains' weights."""
    return _estimated(
        question, chains, temperatures, lambda w: w.log_sum_exp((0,)) - w.constant(chains).apply("log")
    )


def log_partition_error(question: Question, chains: int, temperatures: int) -> Term:
    """The standard error of log Z: that of the mean weight, divided by the mean weight."""

    def error(logarithms: Term) -> Term:
        weights = (logarithms - logarithms.log_sum_exp((0,))).apply("exp")
        deviations = (weights - 1 / chains).square().mean_examples()
        return (deviations * (chains / (1 - 1 / chains))).apply("sqrt")

    return _estimated(question, chains, temperatures, error)


def _estimated(question: Question, chains: int, temperatures: int, summary: Callable[[Term], Term]) -> Term:
    """What is made of log (w Z₀) of all chains. All that is asked of one energy sees the same chains."""

    def derive(inner: Question) -> Term:
        scope = inner.energy.scope.drawing(crc32(inner.energy.model.name.encode()))
        return summary(_weights(replace(inner, energy=replace(inner.energy, scope=scope)), temperatures))

    return of_no_example(question, chains, derive)


def _weights(question: Question, temperatures: int) -> Term:
    """log (w Z₀) of a chain for each example."""
    energy, kept = question.energy, enumerated(question.energy.model, question.free)
    alone = _alone(energy)
    begun = {group: each.draw() for group, each in alone.items()}
    total = reduce(add, (each.log_partition() for each in alone.values()), -energy.of(_none(energy)))

    def body(turn: Turning) -> States:
        states = {group: turn.before[group] for group in begun}
        cold, warm = (_tempered(question, turn, (turn.place + k) / temperatures) for k in (0.0, 1.0))
        gain = _free_energy(cold, kept, states) - _free_energy(warm, kept, states)
        return {**warm.fantasy(states, 1), WEIGHT: turn.before[WEIGHT] + gain}

    begun[WEIGHT] = total.stretched(Layout(batch=True))
    return repeated(energy, temperatures, begun, {}, body)[WEIGHT]


def _free_energy(question: Question, kept: tuple[str, ...], states: States) -> Term:
    clamped = {group: states[group] for group in kept}
    return replace(question, clamped=clamped).free_energy(clamped)


@dataclass(frozen=True)
class Tempered(Energy):
    """E_β, where β is `share`."""

    share: Term

    def of(self, states: States) -> Term:
        whole = Energy(self.model, self.scope)
        free = whole.of(_none(whole))
        for group, each in _alone(whole).items():
            free = free - each.score(states[group])
        return free + self.share * (whole.of(states) - free)

    def within(self, scope: Scope, transfer: Transfer) -> Energy:
        return replace(self, scope=scope, share=transfer("share", self.share))


def _tempered(question: Question, turn: Turning, share: Term) -> Question:
    return replace(question, energy=Tempered(turn.energy.model, turn.energy.scope, share))


def _alone(energy: Energy) -> dict[str, Conditional]:
    """How each group is distributed where all other units are zero."""
    return {group: conditional(energy, group, _none(energy)) for group in energy.groups}


def _none(energy: Energy) -> States:
    return {group: energy.filled(group, 0) for group in energy.groups}
