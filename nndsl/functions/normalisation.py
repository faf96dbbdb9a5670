"""Normalisation and noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.functions.catalogue import function

if TYPE_CHECKING:
    from nndsl.building.chance import Noise, State
    from nndsl.building.term import Term


@function(
    "layer_norm",
    "(x: real[*u]; epsilon: number = 1e-5) -> real[*u]",
    gain=("*u", 1.0),
    offset=("*u", 0.0),
)
def layer_norm(x: Term, epsilon: float, gain: Term, offset: Term) -> Term:
    """(x - mean) / sqrt(variance + epsilon) · gain + offset, mean and variance over the units of one position
    (Ba et al. 2016)."""
    centred = x - x.mean_units()
    return _normalised(centred, centred.square().mean_units(), epsilon, gain, offset)


@function(
    "batch_norm",
    "(x: real[*u]; epsilon: number = 1e-5, momentum: number = 0.1) -> real[*u]",
    states=("mean", "variance"),
    gain=("*u", 1.0),
    offset=("*u", 0.0),
    mean=("*u", 0.0),
    variance=("*u", 1.0),
)
def batch_norm(
    x: Term,
    epsilon: float,
    momentum: float,
    gain: Term,
    offset: Term,
    mean: State,
    variance: State,
    training: bool,
) -> Term:
    """(x - mean) / sqrt(variance + epsilon) · gain + offset, mean and variance over the batch and the index
    space for each unit (Ioffe and Szegedy 2015).

    Outside training, running averages of the training batches' statistics are taken instead. Each batch of
    n places moves them by `momentum`: average ← (1 - momentum) · average + momentum · statistic, where the
    variance is the unbiased one, n / (n - 1) times that of the batch.
    """
    if not training:
        return _normalised(x - mean.value, variance.value, epsilon, gain, offset)
    average = x.mean_examples()
    centred = x - average
    spread = centred.square().mean_examples()
    count = x.count_examples()
    unbiased = spread * (count / (count - 1).apply("maximum", x.constant(1)))
    mean.become((1 - momentum) * mean.value + momentum * average)
    variance.become((1 - momentum) * variance.value + momentum * unbiased)
    return _normalised(centred, spread, epsilon, gain, offset)


def _normalised(centred: Term, variance: Term, epsilon: float, gain: Term, offset: Term) -> Term:
    return centred / (variance + epsilon).apply("sqrt") * gain + offset


@function("dropout", "(x: real[*u]; p: share) -> real[*u]")
def dropout(x: Term, p: float, noise: Noise, training: bool) -> Term:
    """In training each unit is 0 with probability p, else x / (1 - p); x itself otherwise
    (Srivastava et al. 2014)."""
    if not training or p == 0:
        return x
    return x * x.constant(p).apply("less", noise.uniform()) * (1 / (1 - p))
