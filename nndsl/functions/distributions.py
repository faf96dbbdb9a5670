"""Distributions: how a layer is drawn (`layer z ~ normal(mu, s)`), a parameter starts, what `kl` compares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.functions.catalogue import entry

if TYPE_CHECKING:
    from nndsl.building.term import Term


@entry("distribution", "normal", "(mean: real[*u], deviation: real[*u]) -> real[*u]")
def normal(mean: Term, deviation: Term, noise: Term) -> Term:
    """mean + deviation · noise, noise standard normal: differentiable in both (Kingma and Welling 2014)."""
    return mean + deviation * noise


@entry("distribution", "uniform", "(low: real[*u], high: real[*u]) -> real[*u]")
def uniform(low: Term, high: Term, noise: Term) -> Term:
    """low + (high - low) · noise, noise uniform in [0, 1): differentiable in both."""
    return low + (high - low) * noise


@entry("distribution", "bernoulli", "(p: real[*u]) -> binary[*u]")
def bernoulli(p: Term, noise: Term) -> Term:
    """1 with probability p, else 0; noise uniform in [0, 1). Not differentiable."""
    return noise.apply("less", p)
