"""Distributions: how a layer is drawn (`layer z ~ normal(mu, s)`), a parameter starts, what `kl` compares."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

from nndsl.functions.catalogue import entry, function

if TYPE_CHECKING:
    from nndsl.building.chance import Distribution, Noise
    from nndsl.building.term import Term

LEAST = 1e-30
"""What a probability is taken to be at least where its logarithm is needed."""


@entry("distribution", "normal", "(mean: real[*u], deviation: real[*u]) -> real[*u]")
def normal(mean: Term, deviation: Term, noise: Noise) -> Term:
    """mean + deviation · noise, noise standard normal: differentiable in both (Kingma and Welling 2014)."""
    return mean + deviation * noise.normal()


@entry("distribution", "uniform", "(low: real[*u], high: real[*u]) -> real[*u]")
def uniform(low: Term, high: Term, noise: Noise) -> Term:
    """low + (high - low) · noise, noise uniform in (0, 1): differentiable in both."""
    return low + (high - low) * noise.uniform()


@entry("distribution", "bernoulli", "(p: real[*u]) -> binary[*u]")
def bernoulli(p: Term, noise: Noise) -> Term:
    """1 with probability p, else 0: whether noise, uniform in (0, 1), is less than p. Not differentiable."""
    return noise.uniform().apply("less", p)


@function("kl", "(q: distribution[*u], p: distribution[*u]) -> real[1]")
def kl(q: Distribution, p: Distribution) -> Term:
    """Kullback-Leibler divergence KL(q ‖ p) = E_q[log q - log p], exactly, summed over the units.

    q and p are of one kind. q is a layer that is drawn (`z ~ normal(mu, s)`) or a distribution, as p is:
    `kl(z, normal(0, 1))`.
    """
    divergences: dict[str, Callable[..., Term]] = {
        "normal": _normal_kl,
        "uniform": _uniform_kl,
        "bernoulli": _bernoulli_kl,
    }
    return divergences[q.name](*q.parameters, *p.parameters).sum_units()


def _normal_kl(mean: Term, deviation: Term, other_mean: Term, other_deviation: Term) -> Term:
    """log(s₂ / s₁) + (s₁² + (m₁ - m₂)²) / (2 s₂²) - 1/2"""
    squares = deviation.square() + (mean - other_mean).square()
    logarithms = other_deviation.apply("log") - deviation.apply("log")
    return logarithms + squares / (2 * other_deviation.square()) - 0.5


def _uniform_kl(low: Term, high: Term, other_low: Term, other_high: Term) -> Term:
    """log((b₂ - a₂) / (b₁ - a₁)) where [a₁, b₁] lies in [a₂, b₂], else infinite"""
    inside = other_low.apply("less_equal", low).apply("and", high.apply("less_equal", other_high))
    ratio = (other_high - other_low) / (high - low)
    return ratio.apply("log").where(inside, inf)


def _bernoulli_kl(p: Term, other: Term) -> Term:
    """p log(p / q) + (1 - p) log((1 - p) / (1 - q)), with 0 log 0 = 0"""
    return _weighed(p, other) + _weighed(1 - p, 1 - other)


def _weighed(p: Term, other: Term) -> Term:
    logarithms = [x.apply("maximum", x.constant(LEAST)).apply("log") for x in (p, other)]
    return p * (logarithms[0] - logarithms[1])
