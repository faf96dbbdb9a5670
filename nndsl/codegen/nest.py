"""Finds the order of a fused group's loops: what is computed at which depth, in which pass.

Depth d is the body inside the loops over axes 0 … d−1. A reduction over inner axes needs a pass over them
before what uses it; what lies deeper is computed anew in each pass, for that
is cheaper than keeping it. Results are stored in the last pass, when nothing reads the operands any more
whose memory they may share.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from nndsl.codegen.group import Compute, Group, LookUp, Operand, Pattern, Position, Reduce, Table
from nndsl.graph.types import Element


@dataclass(frozen=True, slots=True)
class Scalar:
    """One of a group's constants."""

    pattern: Pattern = ()
    element: Element = Element.REAL


Value = Operand | Table | Scalar | LookUp | Compute | Position | Reduce


@dataclass(frozen=True, slots=True)
class Store:
    """A value goes to a result's buffer."""

    value: int
    result: int


@dataclass(frozen=True, slots=True)
class Gather:
    """A value is taken up by a reduction over inner axes, in a local variable."""

    value: int
    reduction: int


@dataclass(frozen=True, slots=True)
class Scatter:
    """A value is taken up by a reduction over outer axes, in the result's buffer."""

    value: int
    reduction: int
    result: int


Sink = Store | Gather | Scatter


@dataclass(frozen=True)
class Pass:
    """What is to be reached over an axis: in a loop over it, or, where nothing varies along it, without."""

    loops: bool
    sinks: tuple[Sink, ...]
    finished: tuple[int, ...]  # the reductions that are complete afterwards


@dataclass
class Body:
    """A body's values by stage, the passes that end each stage, and what remains to be done last."""

    values: list[list[int]] = field(default_factory=list)
    passes: list[list[Pass]] = field(default_factory=list)
    ends: list[Sink] = field(default_factory=list)


class Nest:
    """The loop nest of a group. Raises ValueError for a group that is none."""

    def __init__(self, group: Group) -> None:
        self.group = group
        scalars = [Scalar()] * group.constants
        self.values: list[Value] = [*group.operands, *scalars, *group.steps]
        self._split_reductions()
        self._depths: dict[int, int] = {}
        for number in self.needed(range(len(self.values)), 0):
            self._depths[number] = self._depth(number)
        self._check()

    def element(self, number: int) -> Element:
        value = self.values[number]
        return Element.INDEX if isinstance(value, Position) else value.element

    def pattern(self, number: int) -> Pattern:
        return self.values[number].pattern

    def reduction(self, number: int) -> Reduce:
        value = self.values[number]
        assert isinstance(value, Reduce)
        return value

    def inputs(self, number: int) -> tuple[int, ...]:
        match self.values[number]:
            case Compute(inputs=inputs):
                return inputs
            case Reduce(input=source) | LookUp(row=source):
                return (source,)
            case _:
                return ()

    def is_outer(self, number: int) -> bool:
        """Whether a value is a reduction that leaves an axis inside those that it runs over."""
        value = self.values[number]
        return isinstance(value, Reduce) and self._inner_axes(value) != value.axes

    def _inner_axes(self, reduce: Reduce) -> Pattern:
        """The reduced axes that have only reduced axes inside them."""
        kept = set(self.pattern(reduce.input)) - set(reduce.axes)
        return tuple(sorted(axis for axis in reduce.axes if axis > max(kept, default=-1)))

    def _split_reductions(self) -> None:
        """Reduce over inner axes first where a reduction runs over inner and outer ones."""
        for number, value in enumerate(list(self.values)):
            if isinstance(value, Reduce):
                value = replace(value, axes=tuple(sorted(value.axes)))
                inner = self._inner_axes(value)
                if inner and inner != value.axes and not value.operation.startswith("arg"):
                    left = tuple(axis for axis in self.pattern(value.input) if axis not in inner)
                    self.values.append(replace(value, axes=inner, pattern=left))
                    outer = tuple(axis for axis in value.axes if axis not in inner)
                    value = replace(value, input=len(self.values) - 1, axes=outer)
                self.values[number] = value

    def _depth(self, number: int) -> int:
        value = self.values[number]
        if isinstance(value, Reduce) and not self.is_outer(number):
            return min(value.axes)
        return max(
            [0, *(axis + 1 for axis in value.pattern), *map(self._depths.__getitem__, self.inputs(number))]
        )

    def _check(self) -> None:
        outer = {number for number in range(len(self.values)) if self.is_outer(number)}
        for number in range(len(self.values)):
            if outer & set(self.inputs(number)):
                raise ValueError("a reduction over outer axes is complete only after the loop")
        for number in outer:
            if self.reduction(number).operation.startswith("arg"):
                raise ValueError(f"{self.reduction(number).operation} over outer axes is not a loop nest")
        for number, accumulate in zip(self.group.results, self.group.accumulate, strict=True):
            if accumulate and number in outer and self.reduction(number).operation != "sum":
                raise ValueError("only a sum over outer axes can be added to a buffer")

    def depth(self, number: int) -> int:
        return self._depths[number]

    @cached_property
    def sinks(self) -> tuple[Sink, ...]:
        """Where all results come from."""
        return tuple(
            Scatter(self.inputs(number)[0], number, place) if self.is_outer(number) else Store(number, place)
            for place, number in enumerate(self.group.results)
        )

    def needed(self, targets: Iterable[int], depth: int) -> list[int]:
        """The values at `depth` or deeper that the targets need, each after those that it needs."""
        found: dict[int, None] = {}
        pending = [(target, False) for target in reversed(list(targets))]
        while pending:
            number, ready = pending.pop()
            if ready:
                found[number] = None
            elif number not in found and self._depths.get(number, depth) >= depth:
                pending.append((number, True))
                pending += ((source, False) for source in self.inputs(number))
        return list(found)

    def is_innermost(self, axis: int, sinks: Sequence[Sink]) -> bool:
        """Whether a loop over `axis` to reach the sinks contains no other loop."""
        needed = self.needed((sink.value for sink in sinks), axis + 1)
        return all(self.depth(number) == axis + 1 for number in needed)

    def body(self, depth: int, sinks: Sequence[Sink]) -> Body:
        """What to do inside the loops over the axes before `depth` to reach the sinks."""
        needed = self.needed((sink.value for sink in sinks), depth)
        stages: dict[int, int] = {}
        gathers = []
        for number in needed:
            stages[number] = max((stages.get(source, 0) for source in self.inputs(number)), default=0)
            if isinstance(self.values[number], Reduce) and self.depth(number) == depth:
                gathers.append(Gather(self.inputs(number)[0], number))
                stages[number] += 1
        own = [number for number in needed if self.depth(number) == depth]
        deeper: list[Sink] = [*gathers, *(sink for sink in sinks if self.depth(sink.value) > depth)]
        last_pass = max((stages[sink.value] for sink in deeper), default=0)
        body = Body(ends=[sink for sink in sinks if self.depth(sink.value) == depth])
        for stage in range(max(stages.values(), default=0) + 1):
            here = [n for n in own if stages[n] == stage and not isinstance(self.values[n], Reduce | Scalar)]
            reached = [
                sink
                for sink in deeper
                if stage == (last_pass if isinstance(sink, Store) else stages[sink.value])
            ]
            body.values.append(here)
            body.passes.append(list(self._passes(depth, reached, {gather.reduction for gather in gathers})))
        return body

    def _passes(self, axis: int, sinks: list[Sink], own: set[int]) -> Iterable[Pass]:
        for loops in (True, False):
            part = tuple(sink for sink in sinks if (axis in self.pattern(sink.value)) is loops)
            if part:
                gathered = (sink.reduction for sink in part if isinstance(sink, Gather))
                yield Pass(loops, part, tuple(number for number in gathered if number in own))
