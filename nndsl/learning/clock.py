"""How far a stage has come, as terms: what schedules are formulas of."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.building.layout import Layout
from nndsl.building.term import Term
from nndsl.functions.catalogue import family
from nndsl.graph.builder import Builder
from nndsl.graph.types import Element, TensorType
from nndsl.operators.leaves import Input
from nndsl.operators.random import STEP, STEPS
from nndsl.semantics.model import Ramp, Schedule, Setting


@dataclass(frozen=True)
class Clock:
    """The number of a step, from one, and the number of steps of the stage."""

    step: Term
    steps: Term

    @classmethod
    def counted(cls, build: Builder) -> Clock:
        """The clock of steps that the runtime counts (see `STEP` and `STEPS`)."""
        type = TensorType((), Element.INDEX)
        with build.at(None, None):
            step, steps = (Term(build, build.leaf(Input(key, type)), Layout()) for key in (STEP, STEPS))
        return cls(step.real() + 1.0, steps.real())

    @property
    def progress(self) -> Term:
        """How much of the stage is done, from 0 at its first step to 1 at its end."""
        return (self.step - 1.0) / self.steps

    def power(self, base: float, exponent: Term) -> Term:
        """A number to the power of a term."""
        return self.step.constant(base).power(exponent)

    def at(self, setting: Setting) -> Term | float:
        """What a number, a ramp or a schedule is at this step."""
        match setting:
            case Ramp(start=start, end=end):
                return self.progress * (end - start) + start
            case Schedule(name=name, numbers=numbers):
                scheduled: Term = family("schedule")[name].lower(self, *numbers)
                return scheduled
            case int() | float():
                return float(setting)
            case _:
                raise AssertionError(setting)
