"""Schedules: rates that change from step to step, as formulas of the step number t (from 1) and the
number of steps n of the stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.functions.catalogue import entry

if TYPE_CHECKING:
    from nndsl.building.term import Term
    from nndsl.learning.clock import Clock


@entry("schedule", "warmup", "(; peak: number, steps: number)")
def warmup(clock: Clock, peak: float, steps: float) -> Term:
    """Linear rise to the peak, then the inverse square root: peak · min(t / steps, √(steps / t)).

    Source: Vaswani et al. (2017), with the peak in place of d^−½.
    """
    return (clock.step / steps).apply("minimum", (steps / clock.step).apply("sqrt")) * peak


@entry("schedule", "cosine", "(; start: number, end: number = 0)")
def cosine(clock: Clock, start: float, end: float) -> Term:
    """Half a cosine over the stage: end + (start − end) · (1 + cos(π (t−1)/n)) / 2.

    Source: Loshchilov, Hutter (2017), without restarts.
    """
    return ((clock.progress * 3.141592653589793).apply("cos") + 1.0) * ((start - end) / 2) + end


@entry("schedule", "exponential", "(; start: number, end: number)")
def exponential(clock: Clock, start: float, end: float) -> Term:
    """Geometric from start to end over the stage: start · (end/start)^((t−1)/n). Both must be positive."""
    return clock.power(end / start, clock.progress) * start
