"""Schedules: rates that change from step to step, as formulas of the step number t (from 1) and the
number of steps n of the stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.functions.catalogue import entry

if TYPE_CHECKING:
    from nndsl.building.term import Term
    from nndsl.learning.update import Terms


@entry("schedule", "warmup", "(; peak: number, steps: number)")
def warmup(terms: Terms, peak: float, steps: float) -> Term:
    """Linear rise to the peak, then the inverse square root: peak · min(t / steps, √(steps / t)).

    Source: Vaswani et al. (2017), with the peak in place of d^−½.
    """
    return (terms.step / steps).apply("minimum", (steps / terms.step).apply("sqrt")) * peak


@entry("schedule", "cosine", "(; start: number, end: number = 0)")
def cosine(terms: Terms, start: float, end: float) -> Term:
    """Half a cosine over the stage: end + (start − end) · (1 + cos(π (t−1)/n)) / 2.

    Source: Loshchilov, Hutter (2017), without restarts.
    """
    return ((terms.progress * 3.141592653589793).apply("cos") + 1.0) * ((start - end) / 2) + end


@entry("schedule", "exponential", "(; start: number, end: number)")
def exponential(terms: Terms, start: float, end: float) -> Term:
    """Geometric from start to end over the stage: start · (end/start)^((t−1)/n). Both must be positive."""
    return terms.power(end / start, terms.progress) * start
