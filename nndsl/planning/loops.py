"""Where a loop's values lie, and what moves on from step to step.

All steps of an output that is wanted outside, or carried, lie one after another in one buffer, with
room for the values from before the first step: those are what early steps read as carried. A carried
value is thus never copied: a step reads where an earlier one wrote. Where nothing but the last step is ever
asked for, there is room for two steps alone, and the new one takes the place of the old after each turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nndsl.graph.graph import Node
from nndsl.graph.types import Dimension, TensorType
from nndsl.operators.leaves import Fed
from nndsl.operators.loop import Carry, Loop, LoopResult, LoopState, Taken, stacked
from nndsl.planning.kernels import Place, copy, strides_of
from nndsl.planning.plan import Buffer, Count, Instruction, Part, Segment
from nndsl.types import Extent


@dataclass(frozen=True)
class LoopLayout:
    """The buffers of one loop in a graph.

    `wholes` hold all steps of an output, by output, or the two last of those in `brief`; `leaves` name what
    the body's leaves read, by key; `results` name what the body's outputs are written to; `moving` are the
    buffers behind these names, most of which move on from step to step.
    """

    wholes: Mapping[str, Buffer]
    leaves: Mapping[str, str]
    results: Mapping[str, str]
    moving: tuple[Buffer, ...]
    brief: frozenset[str]


def layout(node: Node, name: str, users: Sequence[Node], buffer_of: Mapping[Node, str]) -> LoopLayout:
    """Where the values of a loop lie, of which these nodes take something.

    `name` begins the names of its buffers.
    """
    loop = node.operator
    assert isinstance(loop, Loop)
    carried = {carry.output: carry for carry in loop.carries}
    taken = {user.operator.output for user in users if isinstance(user.operator, Taken)}
    earlier = _earlier(loop)
    taken -= earlier.keys()
    wanted = [output for output in loop.body.outputs if output in taken or output in carried]
    asked = {user.operator.output for user in users if isinstance(user.operator, LoopResult)}
    asked |= {carry for name, (carry, _) in earlier.items() if name in asked}
    brief = frozenset(o for o, carry in carried.items() if carry.depth == 1 and o not in asked)
    wholes = {output: _whole(name, loop, output, carried.get(output), output in brief) for output in wanted}
    leaves: dict[str, str] = {}
    results: dict[str, str] = {}
    moving: list[Buffer] = []

    def move(key: str, step: TensorType, base: str, first: int) -> str:
        """A slice of a stacked buffer: at the first turn it lies `first` places behind the buffer's
        beginning, or, in reverse, behind the place of the last step."""
        place = loop.time.extent.then(first - 1) if loop.reverse else Extent.of(first)
        size = Count.of(step.extents)
        part = Part(base, size.times(Count.of([place])), size.times(-1 if loop.reverse else 1), name)
        moving.append(Buffer(f"{name}[{key}]", step, Segment.ARENA, part=part))
        return moving[-1].name

    def stay(key: str, step: TensorType, base: str, place: int) -> str:
        """One of the two slices of a buffer that holds two steps alone."""
        part = Part(base, Count.of(step.extents).times(place))
        moving.append(Buffer(f"{name}[{key}]", step, Segment.ARENA, part=part))
        return moving[-1].name

    _, inputs, shared = loop.parted(node.inputs)
    for output in wanted:
        step = loop.body.outputs[output].type
        if output in brief:
            key = carried[output].key(1)
            leaves[key] = stay(f"read {key}", step, wholes[output].name, 0)
            results[output] = stay(output, step, wholes[output].name, 1)
            continue
        before = _room_before(loop, carried.get(output))
        results[output] = move(output, step, wholes[output].name, before)
        for delay in carried[output].delays if output in carried else ():
            key = carried[output].key(delay)
            back = delay if loop.reverse else -delay
            leaves[key] = move(f"read {key}", step, wholes[output].name, before + back)
    for key, operand in zip(loop.inputs, inputs, strict=True):
        step = TensorType(operand.type.dimensions[1:], operand.type.element)
        leaves[key] = move(f"read {key}", step, buffer_of[operand], 0)
    leaves |= {key: buffer_of[operand] for key, operand in zip(loop.shared, shared, strict=True)}
    return LoopLayout(wholes, leaves, results, tuple(moving), brief)


def view(node: Node, name: str, found: LoopLayout) -> Buffer:
    """The buffer of a loop's result: a part of all its steps."""
    assert isinstance(node.operator, LoopResult)
    loop = node.inputs[0].operator
    assert isinstance(loop, Loop)
    output, delay = _earlier(loop).get(node.operator.output, (node.operator.output, 0))
    carry = next((c for c in loop.carries if c.output == output), None)
    first = _room_before(loop, carry) + (delay if loop.reverse else -delay)
    start = Count.of(node.type.extents[1:]).times(first)
    return Buffer(name, node.type, Segment.ARENA, part=Part(found.wholes[output].name, start))


def begin(node: Node, found: LoopLayout, buffer_of: Mapping[Node, str]) -> Iterator[Instruction]:
    """Copies the initial values of what is carried to where the first steps read them."""
    loop = node.operator
    assert isinstance(loop, Loop)
    initial, _, _ = loop.parted(node.inputs)
    for carry, operand in zip(loop.carries, initial, strict=True):
        backwards = loop.reverse and carry.output not in found.brief
        first = loop.time.extent if backwards else Extent.of(0)
        target = _place(found.wholes[carry.output].name, first, operand.type)
        yield _copied(node, operand.type, target, buffer_of[operand], Extent.of(0), backwards)


def end_turn(node: Node, found: LoopLayout) -> Iterator[Instruction]:
    """Puts what a step has made where the next one reads it, of what has room for two steps alone."""
    loop = node.operator
    assert isinstance(loop, Loop)
    for output in loop.body.outputs:
        if output in found.brief:
            whole = found.wholes[output]
            one = stacked(Dimension("depth", Extent.of(1)), loop.body.outputs[output].type)
            yield _copied(node, one, Place(whole.name), whole.name, Extent.of(1), False)


def end(user: Node, found: LoopLayout, result: str) -> Instruction:
    """Copies the last values of what is carried, a loop's state, out of it."""
    loop = user.inputs[0].operator
    assert isinstance(loop, Loop) and isinstance(user.operator, LoopState)
    brief = user.operator.output in found.brief
    first = Extent.of(0) if loop.reverse or brief else loop.time.extent
    source = found.wholes[user.operator.output].name
    return _copied(user, user.type, Place(result), source, first, loop.reverse and not brief)


def _earlier(loop: Loop) -> dict[str, tuple[str, int]]:
    """The outputs that are what a carried one was some steps before, with its name and the steps: the buffer
    of that one holds them as well."""
    keys = {carry.key(delay): (carry.output, delay) for carry in loop.carries for delay in carry.delays}
    own = {carry.output for carry in loop.carries}
    leaves = {name: node.operator for name, node in loop.body.outputs.items() if name not in own}
    return {name: keys[x.key] for name, x in leaves.items() if isinstance(x, Fed) and x.key in keys}


def _whole(name: str, loop: Loop, output: str, carry: Carry | None, brief: bool) -> Buffer:
    """The memory of all steps of an output, with room for as many as are carried, or of two steps."""
    depth = carry.depth if carry is not None else 0
    time = Dimension(loop.time.name, Extent.of(2) if brief else loop.time.extent.then(depth))
    type = stacked(time, loop.body.outputs[output].type)
    return Buffer(f"{name}.{output}", type, Segment.ARENA)


def _room_before(loop: Loop, carry: Carry | None) -> int:
    """How many values from before the first step lie in front of the first step's own."""
    return carry.depth if carry is not None and not loop.reverse else 0


def _place(buffer: str, place: Extent, type: TensorType) -> Place:
    """So many steps into a stacked buffer of a type."""
    return Place(buffer, Count.of((place, *type.extents[1:])))


def _copied(
    node: Node, type: TensorType, target: Place, source: str, first: Extent, backwards: bool
) -> Instruction:
    """A copy of several steps' values, from place `first` of the source on, or turned around.

    Runs in reverse meet the steps in the opposite order of memory.
    """
    strides = strides_of(type)
    depth = type.extents[0].known or 0
    begin = _place(source, first.then(depth - 1) if backwards else first, type)
    steps = [strides[0].times(-1), *strides[1:]] if backwards else strides
    kernel, arguments = copy(type, target, begin, steps)
    return Instruction(kernel, arguments, (node.name,), (source,), (target.buffer,), node.layer, node.span)
