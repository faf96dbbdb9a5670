"""Where the time of a stage's training has gone, call by call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nndsl.graph.types import BATCH, FIRST, LEARNED
from nndsl.learning.session import Session, divided
from nndsl.passes.pipeline import optimize
from nndsl.planning.plan import Instruction, Plan
from nndsl.planning.text import group_names, kernel_name
from nndsl.planning.work import Work, work
from nndsl.runtime.limits import Limits, measured_limits
from nndsl.runtime.stopwatch import BETWEEN, MEETING, Stopwatch, What

STEP, UPDATE, RUNTIME = "step", "update", "runtime"


@dataclass(frozen=True, slots=True)
class Row:
    """One instruction of the step's or the update's plan, or a kernel that the runtime calls besides: `part`
    says which.

    `seconds` and `calls` are those of a minibatch, in one thread, on the average. `operators` are those of
    the graph that the instruction computes, more than one where they are fused. `least_seconds` is what its
    operations and bytes need at least on this machine.
    """

    part: str
    layer: str | None
    line: int | None
    kernel: str
    operators: tuple[str, ...]
    seconds: float
    calls: float
    operations: int = 0
    moved_bytes: int = 0
    least_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class StageProfile:
    """The times of a stage. All seconds are those of a minibatch, in one thread, on the average.

    `waiting_seconds` is what threads wait for one another, `between_seconds` what passes outside the native
    loop: new orders of the examples, validation, news. `clock_seconds`, which is part of the rest, is what
    reading the clock takes.
    """

    stage: str
    threads: int
    minibatches: int
    rows: tuple[Row, ...]
    waiting_seconds: float
    between_seconds: float
    clock_seconds: float

    @property
    def seconds(self) -> float:
        """A minibatch, from one to the next."""
        return sum(row.seconds for row in self.rows) + self.waiting_seconds + self.between_seconds

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Known:
    """An instruction's work, and how it is called."""

    part: str
    kernel: str
    work: Work


def profile_of(session: Session, stopwatch: Stopwatch) -> StageProfile:
    """What a stopwatch tells of the loop of a session. Measures the machine's limits."""
    threads, plan = session.loop.threads, session.loop.plan
    limits = measured_limits(threads, plan.precision)
    known = _known(session)
    seconds: defaultdict[What, float] = defaultdict(float)
    calls: defaultdict[What, int] = defaultdict(int)
    for time in stopwatch.times():
        seconds[time.what] += time.seconds / threads
        calls[time.what] += time.count
    minibatches = max(calls[BETWEEN] // threads, 1)
    rows = (
        _row(what, known, limits, seconds[what] / minibatches, calls[what] / threads / minibatches)
        for what in seconds
        if what not in (BETWEEN, MEETING)
    )
    return StageProfile(
        session.stage.name,
        threads,
        minibatches,
        tuple(rows),
        seconds[MEETING] / minibatches,
        seconds[BETWEEN] / minibatches,
        limits.lap_seconds * sum(calls.values()) / threads / minibatches,
    )


def _row(
    what: What, known: Mapping[Instruction, _Known], limits: Limits, seconds: float, calls: float
) -> Row:
    if isinstance(what, str):
        return Row(RUNTIME, None, None, what, (), seconds, calls)
    found = known[what]
    operations, moved_bytes = found.work.operations, found.work.moved_bytes
    line = found.work.span.line_number if found.work.span is not None else None
    own = (found.part, found.work.layer, line, found.kernel, found.work.operators, seconds, calls)
    return Row(*own, operations, moved_bytes, calls * limits.least_seconds(operations, moved_bytes))


def _known(session: Session) -> dict[Instruction, _Known]:
    """All instructions of a session's plans."""
    loop, procedure = session.loop, session.procedure
    sizes = {**loop.plan.bounds, FIRST: 0}
    graph, *_ = divided(procedure.step, {**sizes, BATCH: loop.step}, loop.copies)
    found = _of_plan(STEP, loop.plan, work(loop.plan, graph, sizes))
    if loop.update is not None and procedure.update is not None:
        learned = {LEARNED: -(-loop.layout.size // loop.copies)}
        plan = loop.update.plan
        found |= _of_plan(UPDATE, plan, work(plan, optimize(procedure.update), learned))
        if loop.update.square is not None and procedure.square is not None:
            plan = loop.update.square
            found |= _of_plan(UPDATE, plan, work(plan, procedure.square, {LEARNED: loop.layout.size}))
    return found


def _of_plan(part: str, plan: Plan, works: Mapping[Instruction, Work]) -> dict[Instruction, _Known]:
    names = group_names(plan)
    return {
        instruction: _Known(part, kernel_name(instruction, names), work)
        for instruction, work in works.items()
    }
