"""What memory a stage's native loop will hold, known from its plans before any of it is taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from nndsl.graph.types import BATCH
from nndsl.operators.loop import CARRIED
from nndsl.planning.plan import SUM, Buffer, Plan, Precision, item_bytes
from nndsl.runtime.vector import VectorLayout, layout_of_sums


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes of memory on so many threads, by what they hold. The data set comes on top.

    `sums` are what is added up over the examples of a minibatch, such as gradients, one vector a share of it;
    `states` the optimizer's; `arenas` all values in between; `examples` the minibatch, and what goes on
    from one to the next.
    """

    threads: int
    parameters: int
    sums: int = 0
    states: int = 0
    arenas: int = 0
    examples: int = 0

    @property
    def whole(self) -> int:
        return self.parameters + self.sums + self.states + self.arenas + self.examples


def running(plan: Plan, parameters: VectorLayout) -> Footprint:
    """Of a plan that is run on one thread and learns nothing."""
    own = (buffer for buffer in plan.externals if buffer.name not in parameters.places)
    return Footprint(
        threads=1,
        parameters=parameters.size * _real(plan.precision),
        arenas=plan.arena_bytes,
        examples=sum(buffer.size_bytes for buffer in own),
    )


def training(
    plans: Mapping[str, Plan],
    copies: int,
    batch: int,
    parameters: VectorLayout,
    learned: VectorLayout,
    states: int,
) -> Footprint:
    """Of a stage's plans: `step`, and, where each minibatch updates what is learned, `update` and `square`.

    There are so many `copies` of what belongs to a share of a minibatch. `parameters` are all of the
    network's, `states` is the number of the optimizer's vectors.
    """
    step, updates = plans["step"], [plans[name] for name in ("update", "square") if name in plans]
    real = _real(step.precision)
    own_vector = 0 if learned.start_within(parameters) is not None else learned.size
    return Footprint(
        copies * step.team,
        parameters=(parameters.size + own_vector) * real,
        sums=copies * layout_of_sums(step).size * real,
        states=states * learned.size * real,
        arenas=copies * (step.arena_bytes + max((plan.arena_bytes for plan in updates), default=0)),
        examples=_examples(step, copies, batch, parameters),
    )


def _examples(step: Plan, copies: int, batch: int, parameters: VectorLayout) -> int:
    """The shares of a minibatch, the states that loops leave for the next one, and the copies that
    all but the first have of parameters that a step changes.
    """
    changed = {step.buffers[name].name for name in step.outputs.values()} & parameters.places.keys()
    found = 0
    for buffer in (buffer for buffer in step.externals if not buffer.name.startswith(SUM)):
        if buffer.name.startswith(CARRIED):
            found += _size_bytes(buffer, {**step.bounds, BATCH: batch}, step.precision)
        elif buffer.name not in parameters.places:
            found += copies * buffer.size_bytes
        elif buffer.name in changed:
            found += (copies - 1) * buffer.size_bytes
    return found


def _size_bytes(buffer: Buffer, sizes: Mapping[str, int], precision: Precision) -> int:
    return prod(buffer.type.shape(dict(sizes))) * item_bytes(buffer.type.element, precision)


def _real(precision: Precision) -> int:
    return np.dtype(precision.value).itemsize
