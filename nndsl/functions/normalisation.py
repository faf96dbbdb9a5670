"""Normalisation and noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.functions.catalogue import function

if TYPE_CHECKING:
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
    deviation = (centred.square().mean_units() + epsilon).apply("sqrt")
    return centred / deviation * gain + offset


@function(
    "batch_norm",
    "(x: real[*u]; epsilon: number = 1e-5, momentum: number = 0.1) -> real[*u]",
    gain=("*u", 1.0),
    offset=("*u", 0.0),
)
def batch_norm(x: Term, epsilon: float, momentum: float, gain: Term, offset: Term) -> Term:
    """(x - mean) / sqrt(variance + epsilon) · gain + offset, mean and variance over the batch and the index
    space for each unit (Ioffe and Szegedy 2015).

    Outside training, running averages of the training batches' statistics are taken instead; each batch
    moves them by `momentum`.
    """
    centred = x - x.mean_examples()
    deviation = (centred.square().mean_examples() + epsilon).apply("sqrt")
    return centred / deviation * gain + offset


@function("dropout", "(x: real[*u]; p: number) -> real[*u]")
def dropout(x: Term, p: float, noise: Term | None) -> Term:
    """In training each unit is 0 with probability p, else x / (1 - p); x itself otherwise
    (Srivastava et al. 2014). A body that has `noise` gets it, uniform in [0, 1), in training only.
    """
    if noise is None:
        return x
    return x * x.constant(p).apply("less_equal", noise) * (1 / (1 - p))
