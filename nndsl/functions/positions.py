"""Functions of the place in an index set."""

from __future__ import annotations

from math import log, pi
from typing import TYPE_CHECKING

from nndsl.functions.catalogue import function

if TYPE_CHECKING:
    from nndsl.building.term import Term


@function("sinusoid", "(t: position) -> real[d]")
def sinusoid(t: Term, units: tuple[int, ...]) -> Term:
    """Unit 2i is sin(t / 10000^(2i/d)), unit 2i + 1 is cos(t / 10000^(2i/d)) (Vaswani et al. 2017).

    t counts from zero; d is the number of units here. A body that has `units` is told them.
    """
    (d,) = units
    unit = t.unit_number(d)
    odd = unit - 2 * (unit * 0.5).apply("floor")
    frequency = ((odd - unit) * (log(10000.0) / d)).apply("exp")
    return (t * frequency + odd * (pi / 2)).apply("sin")
