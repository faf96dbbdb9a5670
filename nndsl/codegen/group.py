"""A fused group: element-wise steps and reductions over one iteration space, written as data.

It is what the planner hands to the code generator. Nothing in it names a spec, a layer or a
size, so that equal groups of different networks are equal, share one source text and are
compiled once on a machine.

The iteration space has `rank` axes, numbered from the outermost. Every value has a pattern: the axes that
it varies along, ascending. An operand or result is stored row-major over its pattern's axes,
without gaps. Adjacent axes that no pattern tells apart have been merged beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.graph.types import Element

Pattern = tuple[int, ...]

BLOCK = 1024
"""How many float32 entries are added up before their sum is added to one in float64."""


NARROW = 32
"""An axis of fewer entries than this is over before vectors are worth their remainder."""

PART = 4096
"""Larger sums are divided by their own entries: adding up parts of them would take long."""

FEW, LANES = 16, 32
"""Rows of no more than FEW entries are reduced faster in vectors that hold entries of LANES rows."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A buffer that is read: value number = its place in `operands`."""

    pattern: Pattern
    element: Element = Element.REAL


@dataclass(frozen=True, slots=True)
class Table:
    """A buffer whose rows are looked up. `pattern` is that of a row."""

    pattern: Pattern
    element: Element = Element.REAL


@dataclass(frozen=True, slots=True)
class LookUp:
    """An entry of the row of a table, an operand, that an earlier value tells; 0 for a row outside."""

    table: int
    row: int
    pattern: Pattern
    element: Element = Element.REAL


@dataclass(frozen=True, slots=True)
class Compute:
    """A scalar formula over earlier values: `code` with `{0}`, `{1}`, … for `inputs`.

    An input with a smaller pattern stands for the same number along the axes that it lacks.
    """

    code: str
    inputs: tuple[int, ...]
    pattern: Pattern
    element: Element = Element.REAL


@dataclass(frozen=True, slots=True)
class Position:
    """The index along one axis, as an integer: what a one-hot comparison reads."""

    axis: int

    @property
    def pattern(self) -> Pattern:
        return (self.axis,)


@dataclass(frozen=True, slots=True)
class Reduce:
    """`sum`, `max`, `min`, `argmax` or `argmin` of an earlier value over some of its axes.

    A value reduced over the innermost axes only may be used by later steps; one reduced
    over others is complete only after the whole loop, and may only be a result.
    """

    operation: str
    input: int
    axes: tuple[int, ...]
    pattern: Pattern
    element: Element = Element.REAL


Step = LookUp | Compute | Position | Reduce


@dataclass(frozen=True, slots=True)
class Group:
    """Values are numbered: operands first, then `constants` scalars, then the steps, in order.

    `results` are the numbers of the values that are stored, in order; `accumulate` says which of
    them add to what their buffer holds. The compiled kernel's arguments are, in order: the axes'
    sizes, where there is a `shared_axis` the first place along it and the number of places, how many rows
    each table has, the operands' addresses, the constants (as bits of a double), the results' addresses.
    Results may lie where operands lie as `in_place` says. The axes in `short` are known to have no more
    than BLOCK entries: sums along them need no blocks. The innermost axis is `narrow` where it is known to
    have fewer than NARROW. Where `lanes`, it has no more than FEW, and vectors hold entries of
    neighbouring rows instead. Where `parts`, threads that divide it may each make a part of its sums, which
    have no more than PART entries.
    """

    rank: int
    operands: tuple[Operand | Table, ...]
    constants: int
    steps: tuple[Step, ...]
    results: tuple[int, ...]
    accumulate: tuple[bool, ...]
    short: Pattern = ()
    narrow: bool = False
    lanes: bool = False
    parts: bool = False

    @property
    def tables(self) -> tuple[int, ...]:
        """The operands that are tables."""
        return tuple(place for place, read in enumerate(self.operands) if isinstance(read, Table))

    def value(self, number: int) -> Operand | Table | Step | None:
        """An operand, or a step; None for a constant."""
        first_step = len(self.operands) + self.constants
        if number < len(self.operands):
            return self.operands[number]
        return self.steps[number - first_step] if number >= first_step else None

    @property
    def shared_axis(self) -> int | None:
        """The outermost axis that several threads may divide.

        Along it, places have nothing to do with one another, or are added up to results.
        """
        found, sums = set(range(self.rank)), self._plain_sums()
        for number in self.results:
            made = self.value(number)
            found &= set(made.pattern if made is not None else ()).union(sums.get(number, ()))
        first_step = len(self.operands) + self.constants
        for number, step in enumerate(self.steps, first_step):
            if isinstance(step, Reduce) and number not in sums:
                found -= set(step.axes)
        return min(found, default=None)

    @property
    def shared_sums(self) -> tuple[int, ...]:
        """The results, by their places in the list, that are sums over the shared axis.

        Whoever computes some of its places finds a part of such a sum.
        """
        sums, axis = self._plain_sums(), self.shared_axis
        return tuple(place for place, number in enumerate(self.results) if axis in sums.get(number, ()))

    def _plain_sums(self) -> dict[int, Pattern]:
        """The axes of sums that are results and nothing else, by their numbers, if they may have parts."""
        if not self.parts:
            return {}
        first_step = len(self.operands) + self.constants
        used = {n for step in self.steps if isinstance(step, Compute) for n in step.inputs}
        used |= {step.input for step in self.steps if isinstance(step, Reduce)}
        used |= {step.row for step in self.steps if isinstance(step, LookUp)}
        adds = {number for number, adds in zip(self.results, self.accumulate, strict=True) if adds}
        return {
            number: step.axes
            for number, step in enumerate(self.steps, first_step)
            if isinstance(step, Reduce)
            and (step.operation, step.element) == ("sum", Element.REAL)
            and self.results.count(number) == 1
            and number not in used | adds
        }

    @property
    def reduces_rows(self) -> bool:
        """Whether rows along the innermost axis are reduced to a number each, and no place of an extremum is
        looked for among several rows."""
        row, column = self.rank - 2, self.rank - 1
        reductions = [step for step in self.steps if isinstance(step, Reduce)]
        places = [step for step in reductions if step.operation.startswith("arg")]
        reduces = any(step.axes == (column,) and row in step.pattern for step in reductions)
        return reduces and not any(row in step.axes for step in places)

    def in_place(self) -> frozenset[tuple[int, int]]:
        """The pairs (result, operand), by their places in the lists, that may share a buffer.

        Their patterns are equal, and the result is no reduction over outer axes: such a one
        is begun in its buffer before the operands are read. Provided that the group does not read that buffer
        as another operand too.
        """
        return frozenset(
            (result, operand)
            for result, number in enumerate(self.results)
            if (made := self.value(number)) is not None and not self._is_outer(made)
            for operand, read in enumerate(self.operands)
            if isinstance(read, Operand) and (read.pattern, read.element) == (made.pattern, element(made))
        )

    def _is_outer(self, value: Operand | Table | Step) -> bool:
        if not isinstance(value, Reduce):
            return False
        return any(axis > min(value.axes) for axis in value.pattern)


def element(value: Operand | Table | Step) -> Element:
    """The kind of a value's entries."""
    return Element.INDEX if isinstance(value, Position) else value.element
