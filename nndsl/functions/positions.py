"""Functions of the place in an index set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.functions.catalogue import function

if TYPE_CHECKING:
    from nndsl.building.term import Term


@function("sinusoid", "(t: position) -> real[d]")
def sinusoid(t: Term, units: tuple[int, ...]) -> Term:
    """Unit 2i is sin(t / 10000^(2i/d)), unit 2i + 1 is cos(t / 10000^(2i/d)) (Vaswani et al. 2017).

    t counts from zero; d is the number of units here. A body that has `units` is told them.
    """
    from math import log

    (d,) = units
    frequencies = [-(unit // 2) * 2 / d * log(10000.0) for unit in range(d)]
    phases = [unit % 2 * 1.5707963267948966 for unit in range(d)]
    angle = t * t.given(frequencies).apply("exp")
    return (angle + t.given(phases)).apply("sin")
