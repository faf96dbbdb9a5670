"""Writes a cluster of nodes as a fused group: data that names no layer and no size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import prod

from nndsl.codegen.group import (
    BLOCK,
    FEW,
    LANES,
    NARROW,
    PART,
    Compute,
    Group,
    LookUp,
    Operand,
    Pattern,
    Position,
    Reduce,
    Step,
    Table,
)
from nndsl.graph.graph import Node
from nndsl.graph.types import Element
from nndsl.operators import leaves
from nndsl.operators.broadcasting import Expand
from nndsl.operators.lookup import Gather, OneHot
from nndsl.operators.operator import Kind, Operator
from nndsl.operators.reductions import Winner
from nndsl.planning.fuse import Axes, AxisName, Cluster, is_long_search, kept_axes, own_space
from nndsl.planning.plan import START, Address, Argument, Count, Instruction, Real, RealCount
from nndsl.types import Extent

LARGEST_INDEX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class _Value:
    """A value of the group before numbering: which list it stands in, and where."""

    place: str  # operands, constants, steps
    index: int


class _Writer:
    """Collects operands, constants and steps; axes are still names."""

    def __init__(self, cluster: Cluster, free: frozenset[Node]) -> None:
        self.cluster = cluster
        self.free = free
        self.operands: dict[tuple[Node, Axes], None] = {}
        self.tables: dict[tuple[Node, Axes], None] = {}
        self.constants: dict[Real | RealCount, None] = {}
        self.steps: list[tuple[Step, tuple[_Value, ...], Axes]] = []
        self.extents: dict[AxisName, Extent] = {}
        self.made: dict[tuple[Node, Axes], _Value] = {}
        for member in cluster.members:
            self.member(member)

    def member(self, node: Node) -> None:
        """Adds the step of a member; its operands are there already or are free."""
        axes = self.cluster.axes[node]
        if node.operator.kind is Kind.ELEMENTWISE:
            inputs = tuple(self.value(operand, axes) for operand in node.inputs)
            made = self.add(Compute(formula(node.operator), (), (), node.type.element), inputs, axes)
        elif isinstance(node.operator, Winner) and is_long_search(node):
            made = self.search(node, node.operator, axes)
        else:
            entries = self.spread(node.inputs[0], self.reduction_space(node))
            made = self.add(Reduce(node.operator.name, 0, (), (), node.type.element), (entries,), axes)
        self.name_axes(node, axes)
        self.made[node, axes] = made

    def search(self, node: Node, winner: Winner, axes: Axes) -> _Value:
        """The place of an extremum as the least among those of its equals, or of what is not a number: unlike
        a search that remembers the best so far, this can be done in vectors.
        """
        space = self.reduction_space(node)
        entries = self.spread(node.inputs[0], space)
        best = self.add(Reduce(winner.extremum.name, 0, (), ()), (entries,), axes)
        found = self.add(Compute("{0} == {1} or {0} != {0}", (), (), Element.TRUTH), (entries, best), space)
        place = self.add(Position(space[-1]), (), space[-1:])
        candidate = Compute(f"{{1}} if {{0}} else {LARGEST_INDEX}", (), (), Element.INDEX)
        places = self.add(candidate, (found, place), space)
        return self.add(Reduce("min", 0, (), (), Element.INDEX), (places,), axes)

    def reduction_space(self, node: Node) -> Axes:
        """The axes of a reduction's operand, in its own order."""
        rank, result = own_space(node)
        kept, gone = iter(self.cluster.axes[node]), iter(self.cluster.reduced[node])
        space = tuple(next(kept) if place in result else next(gone) for place in range(rank))
        self.name_axes(node.inputs[0], space)
        return space

    def spread(self, node: Node, axes: Axes) -> _Value:
        """A value made to vary along all the axes: a reduction counts a repeated value as often as it
        stands.
        """
        value = self.value(node, axes)
        if self.pattern(value) == axes:
            return value
        return self.add(Compute("{0}", (), (), node.type.element), (value,), axes)

    def value(self, node: Node, axes: Axes) -> _Value:
        """The value of a node whose dimensions are these axes of the space."""
        if (node, axes) in self.made:
            return self.made[node, axes]
        self.name_axes(node, axes)
        match node.operator:
            case leaves.Constant(value=number, element=Element.TRUTH):
                known = self.constant(Real(float(number)))
                made = self.add(Compute("{0} != 0.0", (), (), Element.TRUTH), (known,), ())
            case leaves.Constant(value=number):
                made = self.constant(Real(float(number)))
            case leaves.Size(extents=extents):
                made = self.constant(RealCount(Count(1, extents)))
            case leaves.Position():
                made = self.add(Position(axes[0]), (), axes)
            case Expand():
                made = self.value(node.inputs[0], tuple(axes[place] for place in kept_axes(node)))
            case OneHot():
                label = self.value(node.inputs[0], axes[:-1])
                place = self.add(Position(axes[-1]), (), axes[-1:])
                made = self.add(Compute("1.0 if {0} == {1} else 0.0", (), ()), (label, place), axes)
            case Gather() if node in self.free:
                made = self.look_up(node, axes)
            case _ if node in self.free:
                inputs = tuple(self.value(operand, axes) for operand in node.inputs)
                varying = tuple(a for a in axes if any(a in self.pattern(value) for value in inputs))
                made = self.add(Compute(formula(node.operator), (), (), node.type.element), inputs, varying)
            case _:
                self.operands.setdefault((node, axes))
                made = _Value("operands", list(self.operands).index((node, axes)))
        self.made[node, axes] = made
        return made

    def look_up(self, node: Node, axes: Axes) -> _Value:
        """Rows of a table that are looked up where they are used."""
        (table, places), rank = node.inputs, node.inputs[1].type.rank
        self.tables.setdefault((table, axes[rank:]))
        number = list(self.tables).index((table, axes[rank:]))
        row = self.value(places, axes[:rank])
        return self.add(LookUp(number, 0, (), node.type.element), (row,), axes)

    def constant(self, number: Real | RealCount) -> _Value:
        self.constants.setdefault(number)
        return _Value("constants", list(self.constants).index(number))

    def add(self, step: Step, inputs: tuple[_Value, ...], axes: Axes) -> _Value:
        self.steps.append((step, inputs, axes))
        return _Value("steps", len(self.steps) - 1)

    def pattern(self, value: _Value) -> Axes:
        match value.place:
            case "operands":
                return list(self.operands)[value.index][1]
            case "constants":
                return ()
            case _:
                return self.steps[value.index][2]

    def name_axes(self, node: Node, axes: Axes) -> None:
        for axis, extent in zip(axes, node.type.extents, strict=True):
            self.extents[axis] = extent


def formula(operator: Operator) -> str:
    """The scalar code of an element-wise operator."""
    code: str = operator.code  # type: ignore[attr-defined]
    return code


def instruction(
    cluster: Cluster,
    free: frozenset[Node],
    results: list[Node],
    accumulated: set[Node],
    buffer_of: Mapping[Node, str],
) -> Instruction:
    """The kernel call of a cluster that stores these members.

    `accumulated` are results that add to what their buffer holds.
    """
    writer = _Writer(cluster, free)
    patterns = [axes for _, axes in (*writer.operands, *writer.tables)]
    patterns += [axes for _, _, axes in writer.steps]
    reduced = [set(cluster.reduced[node]) for node in cluster.reduced]
    merged = _merge_axes(
        cluster.space, patterns, reduced, {s.axis for s, _, _ in writer.steps if isinstance(s, Position)}
    )
    place = {axis: number for number, axes in enumerate(merged) for axis in axes}

    def pattern(axes: Axes) -> Pattern:
        return tuple(sorted({place[axis] for axis in axes}))

    number = _numbering(writer)
    steps: list[Step] = []
    for step, inputs, axes in writer.steps:
        match step:
            case Compute():
                steps.append(replace(step, inputs=tuple(map(number, inputs)), pattern=pattern(axes)))
            case LookUp(table=table):
                table += len(writer.operands)
                steps.append(replace(step, table=table, row=number(inputs[0]), pattern=pattern(axes)))
            case Position(axis=axis):
                steps.append(Position(place[axis]))
            case Reduce():
                over = set(writer.pattern(inputs[0])) - set(axes)
                steps.append(
                    replace(step, input=number(inputs[0]), axes=pattern(tuple(over)), pattern=pattern(axes))
                )
    values = [number(writer.made[node, cluster.axes[node]]) for node in results]
    sizes = tuple(Count.of(writer.extents[axis] for axis in axes) for axes in merged)
    group = Group(
        rank=len(merged),
        operands=(
            *(Operand(pattern(axes), node.type.element) for node, axes in writer.operands),
            *(Table(pattern(axes), node.type.element) for node, axes in writer.tables),
        ),
        constants=len(writer.constants),
        steps=tuple(steps),
        results=tuple(values),
        accumulate=tuple(node in accumulated for node in results),
        short=tuple(axis for axis in _summed_innermost(steps) if _is_within(sizes[axis], BLOCK)),
        narrow=bool(sizes) and _is_within(sizes[-1], NARROW - 1),
    )
    if len(sizes) > 1 and _is_within(sizes[-1], FEW) and not _is_within(sizes[-2], LANES // 2):
        group = replace(group, lanes=group.reduces_rows)
    sums = [step.pattern for step in steps if isinstance(step, Reduce) and step.operation == "sum"]
    group = replace(group, parts=bool(sums) and all(_is_small(pattern, sizes) for pattern in sums))
    rows = (Count.of(node.type.extents[:1]) for node, _ in writer.tables)
    reads = [buffer_of[node] for node, _ in (*writer.operands, *writer.tables)]
    writes = [buffer_of[node] for node in results]
    whole = () if group.shared_axis is None else (START, sizes[group.shared_axis])
    arguments: tuple[Argument, ...] = (
        *sizes,
        *whole,
        *rows,
        *map(Address, reads),
        *writer.constants,
        *map(Address, writes),
    )
    last = cluster.members[-1]
    return Instruction(
        group,
        arguments,
        tuple(member.name for member in cluster.members),
        tuple(dict.fromkeys(reads)),
        tuple(dict.fromkeys(writes)),
        last.layer,
        last.span,
    )


def _summed_innermost(steps: list[Step]) -> Pattern:
    """The innermost axes of sums, ascending."""
    sums = (step for step in steps if isinstance(step, Reduce) and step.operation == "sum")
    return tuple(sorted({max(step.axes) for step in sums}))


def _is_within(size: Count, bound: int) -> bool:
    return not size.extents and size.factor <= bound


def _is_small(pattern: Pattern, sizes: tuple[Count, ...]) -> bool:
    """Whether what varies along some axes is known to have no more than PART entries."""
    known = all(not sizes[axis].extents for axis in pattern)
    return known and prod(sizes[axis].factor for axis in pattern) <= PART


def _numbering(writer: _Writer) -> Callable[[_Value], int]:
    operands = len(writer.operands) + len(writer.tables)
    start = {
        "operands": 0,
        "constants": operands,
        "steps": operands + len(writer.constants),
    }
    return lambda value: start[value.place] + value.index


def _merge_axes(
    space: Axes, patterns: list[Axes], reduced: list[set[AxisName]], alone: set[AxisName]
) -> list[list[AxisName]]:
    """Adjacent axes that no value and no reduction tells apart become one."""
    together = [set(axes) for axes in patterns] + reduced
    merged: list[list[AxisName]] = []
    for axis in space:
        if (
            merged
            and axis not in alone
            and merged[-1][-1] not in alone
            and all((axis in group) == (merged[-1][-1] in group) for group in together)
        ):
            merged[-1].append(axis)
        else:
            merged.append([axis])
    return merged
