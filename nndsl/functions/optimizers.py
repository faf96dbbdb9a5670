"""Optimizers: each entry is the formula of one update, entry by entry over all learned numbers.

An optimizer's body gets the parameter w, its gradient g, the step number t (from 1) as a value of the
graph, and its options; `state(name)` is a number kept for each parameter entry, zero at first.
It returns the new w and the new states. Everything is a graph: the compiler fuses it into one kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.functions.catalogue import entry

if TYPE_CHECKING:
    from nndsl.building.term import Term
    from nndsl.learning.update import Terms, Updated
    from nndsl.semantics.model import Setting


@entry(
    "optimizer",
    "sgd",
    "(; rate: schedule = 0.01, momentum: number = 0, nesterov: truth = no, weight_decay: number = 0)",
)
def sgd(terms: Terms, rate: Setting, momentum: float, nesterov: bool, weight_decay: float) -> Updated:
    """Stochastic gradient descent with momentum.

    v ← momentum·v + g;  w ← w − rate·v, and with Nesterov's step w ← w − rate·(g + momentum·v).
    Source: Sutskever, Martens, Dahl, Hinton (2013), with the rate outside the velocity.
    """
    w, g = terms.parameter, terms.gradient
    if weight_decay:
        g = g + w * weight_decay
    if not momentum:
        return terms.updated(w - terms.scheduled(rate) * g)
    v = terms.state("velocity") * momentum + g
    direction = g + v * momentum if nesterov else v
    return terms.updated(w - terms.scheduled(rate) * direction, velocity=v)


@entry(
    "optimizer",
    "adam",
    "(; rate: schedule = 1e-3, betas: numbers = (0.9, 0.999), epsilon: number = 1e-8, "
    "weight_decay: number = 0)",
)
def adam(
    terms: Terms, rate: Setting, betas: tuple[float, float], epsilon: float, weight_decay: float
) -> Updated:
    """Adaptive moments.

    m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  w ← w − rate · m̂ / (√v̂ + ε), m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ).
    Source: Kingma, Ba (2015). `weight_decay` adds weight_decay·w to g (for the decoupled form see adamw).
    """
    g = terms.gradient
    if weight_decay:
        g = g + terms.parameter * weight_decay
    return _adam(terms, terms.parameter, g, rate, betas, epsilon)


@entry(
    "optimizer",
    "adamw",
    "(; rate: schedule = 1e-3, betas: numbers = (0.9, 0.999), epsilon: number = 1e-8, "
    "weight_decay: number = 0.01)",
)
def adamw(
    terms: Terms, rate: Setting, betas: tuple[float, float], epsilon: float, weight_decay: float
) -> Updated:
    """Adam with decoupled weight decay: w ← (1 − rate·weight_decay)·w before Adam's step.

    Source: Loshchilov, Hutter (2019).
    """
    decayed = terms.parameter * (1.0 - terms.scheduled(rate) * weight_decay)
    return _adam(terms, decayed, terms.gradient, rate, betas, epsilon)


def _adam(
    terms: Terms, w: Term, g: Term, rate: Setting, betas: tuple[float, float], epsilon: float
) -> Updated:
    first, second = betas
    m = terms.state("mean") * first + g * (1.0 - first)
    v = terms.state("square") * second + g * g * (1.0 - second)
    # m̂ / (√v̂ + ε) with both corrections taken out of what is done for each number (section 2 there).
    root = (1.0 - terms.power(second, terms.step)).apply("sqrt")
    length = terms.scheduled(rate) * root / (1.0 - terms.power(first, terms.step))
    return terms.updated(w - m / (v.apply("sqrt") + epsilon * root) * length, mean=m, square=v)


@entry(
    "optimizer",
    "rmsprop",
    "(; rate: schedule = 0.01, decay: number = 0.99, epsilon: number = 1e-8, momentum: number = 0)",
)
def rmsprop(terms: Terms, rate: Setting, decay: float, epsilon: float, momentum: float) -> Updated:
    """Gradients scaled by a running root mean square.

    v ← decay·v + (1−decay)·g²;  b ← momentum·b + g / (√v + ε);  w ← w − rate·b.
    Source: Tieleman, Hinton (2012), lecture 6.5.
    """
    g = terms.gradient
    v = terms.state("square") * decay + g * g * (1.0 - decay)
    step = g / (v.apply("sqrt") + epsilon)
    if not momentum:
        return terms.updated(terms.parameter - terms.scheduled(rate) * step, square=v)
    b = terms.state("velocity") * momentum + step
    return terms.updated(terms.parameter - terms.scheduled(rate) * b, square=v, velocity=b)


@entry("optimizer", "adagrad", "(; rate: schedule = 0.01, epsilon: number = 1e-10)")
def adagrad(terms: Terms, rate: Setting, epsilon: float) -> Updated:
    """Gradients scaled by the root of all their squares: s ← s + g²;  w ← w − rate·g / (√s + ε).

    Source: Duchi, Hazan, Singer (2011).
    """
    g = terms.gradient
    s = terms.state("square") + g * g
    return terms.updated(terms.parameter - terms.scheduled(rate) * g / (s.apply("sqrt") + epsilon), square=s)
