"""How the units of a group are distributed while all others are held: the softmax of −E over a unit's values.

With the net input n = −∂E/∂s, of which E is linear in s, a unit's state s has the probability

    binary  s ∈ {0, 1}     p(1) = σ(n)
    bipolar s ∈ {−1, +1}   p(+1) = σ(2n)
    onehot  s ∈ {e₁ … eₖ}  p = softmax(n)
    real    s              normal, of mean n / a and variance 1 / a, where a = ∂²E/∂s² and n is at s = 0
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi

from nndsl.building.chance import Noise
from nndsl.building.reductions import softmax
from nndsl.building.scope import Scope
from nndsl.building.term import Term
from nndsl.energies.energy import Energy, States, apart, gradient, summed_up
from nndsl.operators.lookup import OneHot
from nndsl.operators.reductions import ArgMax
from nndsl.types import Domain


@dataclass(frozen=True)
class Conditional:
    """The distribution of each unit of a group. `net` is n, and `precision` a, of real units alone."""

    scope: Scope
    domain: Domain
    net: Term
    precision: Term | None = None

    def mean(self) -> Term:
        """The expected state."""
        match self.domain:
            case Domain.BINARY:
                return self.net.apply("sigmoid")
            case Domain.BIPOLAR:
                return self.net.apply("tanh")
            case Domain.ONEHOT:
                return softmax(self.net, (self._values,), None)
            case _:
                assert self.precision is not None
                return self.net / self.precision

    def draw(self) -> Term:
        """A state, drawn for each example."""
        noise = Noise(self.scope, self.net.layout)
        match self.domain:
            case Domain.BINARY:
                return noise.uniform().apply("less", self.mean()).real()
            case Domain.BIPOLAR:
                upper = noise.uniform().apply("less", (2 * self.net).apply("sigmoid"))
                return 2 * upper.real() - 1
            case Domain.ONEHOT:
                gumbel = -(-noise.uniform().apply("log")).apply("log")
                return self._winner(self.net + gumbel)
            case _:
                assert self.precision is not None
                return self.mean() + noise.normal() / self.precision.apply("sqrt")

    def log_partition(self) -> Term:
        """log Σ exp(n·s) over the values of a unit, summed over all units of the group; of a real unit
        log ∫ exp(n·s − a·s²/2) ds."""
        match self.domain:
            case Domain.BINARY:
                each = self.net.apply("softplus")
            case Domain.BIPOLAR:
                each = (2 * self.net).apply("softplus") - self.net
            case Domain.ONEHOT:
                each = self.net.log_sum_exp((self._values,))
            case _:
                assert self.precision is not None
                width = log(2 * pi) - self.precision.apply("log")
                each = self.net.square() / (2 * self.precision) + width * 0.5
        return summed_up(each)

    def score(self, state: Term) -> Term:
        """n·s, of real units n·s − a·s²/2, summed over all units of the group."""
        score = self.net * state
        if self.precision is not None:
            score = score - self.precision * state.square() * 0.5
        return summed_up(score)

    def log_probability(self, state: Term) -> Term:
        """log p of a state, summed over all units of the group."""
        return self.score(state) - self.log_partition()

    @property
    def _values(self) -> int:
        """The axis along which the values of a onehot unit lie: the last."""
        return self.net.node.type.rank - 1

    def _winner(self, scores: Term) -> Term:
        chosen = scores.made(ArgMax(self._values), scores.layout.without((self._values,)))
        return chosen.made(OneHot(scores.layout.dimensions[-1]), scores.layout)


def conditional(energy: Energy, group: str, states: States, among: Term | None = None) -> Conditional:
    """How a group is distributed given the states of all others, and of its own other units.

    Where its units interact, `among` is one at units that do not, and zero at the others, of which nothing is
    said then.
    """
    domain = energy.groups[group].type.domain
    if domain is not Domain.REAL:
        return Conditional(energy.scope, domain, energy.field(group, states))
    here = apart(states[group])
    net = gradient(-energy.of({**states, group: here}), here)
    precision = -gradient(net if among is None else net * among, here)
    return Conditional(energy.scope, domain, net + precision * here, precision)


def uniform(energy: Energy, group: str) -> Conditional:
    """All states alike; of real units, standard normal."""
    domain = energy.groups[group].type.domain
    precision = energy.filled(group, 1) if domain is Domain.REAL else None
    return Conditional(energy.scope, domain, energy.filled(group, 0), precision)
