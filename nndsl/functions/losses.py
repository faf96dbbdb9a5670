"""What training minimises. Each gives one number an example; the objective averages over the batch.

An index space stays: a loss over `T` has a number at every position, which the objective then sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.functions.catalogue import function

if TYPE_CHECKING:
    from nndsl.building.term import Term


@function("cross_entropy", "(logits: real[*u], target: onehot[*u]; smoothing: number = 0) -> real[1]")
def cross_entropy(logits: Term, target: Term, smoothing: float) -> Term:
    """log Σ_k exp(logits_k) - Σ_k target_k · logits_k, over all units.

    `smoothing` s mixes the target with the uniform distribution: (1 - s) · target + s / K
    (Szegedy et al. 2016). The target may be any distribution.
    """
    expected = (target * logits).sum_units()
    if smoothing:
        expected = (1 - smoothing) * expected + smoothing * logits.mean_units()
    return logits.log_sum_exp_units() - expected


@function("bce", "(logits: real[*u], target: binary[*u]) -> real[1]")
def bce(logits: Term, target: Term) -> Term:
    """Binary cross entropy, Σ_k log(1 + exp(logits_k)) - target_k · logits_k. Targets may lie in [0, 1]."""
    return (logits.apply("softplus") - target * logits).sum_units()


@function("mse", "(y: real[*u], target: real[*u]) -> real[1]")
def mse(y: Term, target: Term) -> Term:
    """Mean squared error, the average over the units of (y_k - target_k)²."""
    return (y - target).square().mean_units()


@function("mae", "(y: real[*u], target: real[*u]) -> real[1]")
def mae(y: Term, target: Term) -> Term:
    """Mean absolute error, the average over the units of |y_k - target_k|."""
    return (y - target).apply("absolute").mean_units()


@function("huber", "(y: real[*u], target: real[*u]; delta: number = 1) -> real[1]")
def huber(y: Term, target: Term, delta: float) -> Term:
    """The average over the units of d²/2 where |d| ≤ delta, else delta · (|d| - delta/2), d = y - target."""
    distance = (y - target).apply("absolute")
    near = distance.apply("minimum", distance.constant(delta))
    return (near * (distance - 0.5 * near)).mean_units()


@function("hinge", "(scores: real[*u], target: onehot[*u]; margin: number = 1) -> real[1]")
def hinge(scores: Term, target: Term, margin: float) -> Term:
    """Multi-class hinge loss, Σ_{k ≠ c} max(0, margin + scores_k - scores_c), c the class of the target
    (Weston and Watkins 1999)."""
    correct = (target * scores).sum_units()
    return ((1 - target) * (scores - correct + margin).apply("relu")).sum_units()


@function("l2", "(x: real[*u]) -> real[1]")
def l2(x: Term) -> Term:
    """Σ x² over all units, or all entries of a parameter; `l2(weights)` over all but biases."""
    return x.square().sum_units()


@function("l1", "(x: real[*u]) -> real[1]")
def l1(x: Term) -> Term:
    """Σ |x| over all units, or all entries of a parameter; `l1(weights)` over all but biases."""
    return x.apply("absolute").sum_units()
