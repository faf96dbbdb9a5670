"""Loops in time written out: the unfolded graph of the textbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import Dimension, TensorType
from nndsl.operators.broadcasting import Expand
from nndsl.operators.loop import Loop, LoopResult, Taken
from nndsl.operators.movement import Concatenate, Reshape, Slice
from nndsl.operators.operator import Operator
from nndsl.types import Extent

Steps = Mapping[str, Sequence[Node]]


def unrolled(graph: Graph, sizes: Mapping[str, int]) -> Graph:
    """The graph without loops: each step has nodes of its own, `h.tanh[3]` is that of place 3 in time.

    `sizes` gives the symbols along which loops run; they are numbers then in the whole graph. Raises KeyError
    where one is missing.
    """
    graph = fixed(graph, sizes)
    ran: dict[Node, tuple[Steps, Steps]] = {}

    def rule(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        match node.operator:
            case Loop() as loop:
                ran[node] = _run(build, loop, inputs)
                return None
            case Taken(output=output) as taken:
                results, states = ran[node.inputs[0]]
                steps = results if isinstance(taken, LoopResult) else states
                return _stacked(build, steps[output], node.type.dimensions[0].name)
        return None

    return rewrite(graph, rule)


def _run(build: Builder, loop: Loop, operands: tuple[Node, ...]) -> tuple[Steps, Steps]:
    """Every output at every place in time, and the last values of what is carried, the earliest first."""
    initial, inputs, shared = loop.parted(operands)
    past = {
        carry.output: [_entry(build, start, place, f"{carry.output}.start") for place in range(carry.depth)]
        for carry, start in zip(loop.carries, initial, strict=True)
    }
    handed = dict(zip(loop.shared, shared, strict=True))
    results: dict[str, list[Node]] = {output: [] for output in loop.body.outputs}
    places = range(loop.time.extent.value({}))
    for place in reversed(places) if loop.reverse else places:
        for key, x in zip(loop.inputs, inputs, strict=True):
            handed[key] = _entry(build, x, place, f"{key}[{place}]")
        handed |= {c.key(delay): past[c.output][-delay] for c in loop.carries for delay in c.delays}
        found = _step(build, loop, handed, place)
        for output, step in loop.body.outputs.items():
            results[output].append(found[step])
        for carry in loop.carries:
            past[carry.output].append(found[loop.body.outputs[carry.output]])
    order = -1 if loop.reverse else 1
    states = {carry.output: past[carry.output][-carry.depth :] for carry in loop.carries}
    return {output: steps[::order] for output, steps in results.items()}, states


def _step(build: Builder, loop: Loop, handed: Mapping[str, Node], place: int) -> dict[Node, Node]:
    """The body, once."""
    leaves = {leaf: handed[key] for key, leaf in loop.leaves.items()}
    found: dict[Node, Node] = {}
    for step in loop.body:
        if step in leaves:
            found[step] = leaves[step]
        else:
            with build.at(step.layer, step.span):
                operands = (found[operand] for operand in step.inputs)
                found[step] = build(step.operator, *operands, name=f"{step.name}[{place}]")
    return found


def _entry(build: Builder, x: Node, place: int, name: str) -> Node:
    """One entry along the first axis."""
    first, *rest = x.type.dimensions
    after = first.extent.value({}) - 1 - place
    return build(Reshape(tuple(rest)), build(Slice(0, place, after), x), name=name)


def _stacked(build: Builder, steps: Sequence[Node], name: str) -> Node:
    one = Dimension(name, Extent.of(1))
    return build(Concatenate(0), *(build(Expand((0,), (one,)), step) for step in steps))


def fixed(graph: Graph, sizes: Mapping[str, int]) -> Graph:
    """The graph with numbers in place of these symbols."""

    def rule(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        return build(_fixed_operator(node.operator, sizes), *inputs)

    return rewrite(graph, rule)


def _fixed_operator(operator: Operator, sizes: Mapping[str, int]) -> Operator:
    values = {field.name: getattr(operator, field.name) for field in fields(operator)}
    return replace(operator, **{name: _fixed(value, sizes) for name, value in values.items()})


def _fixed(value: Any, sizes: Mapping[str, int]) -> Any:
    match value:
        case Extent(symbol=str() as symbol) if symbol in sizes:
            return Extent.of(value.value(sizes))
        case Dimension():
            return replace(value, extent=_fixed(value.extent, sizes))
        case TensorType():
            return replace(value, dimensions=_fixed(value.dimensions, sizes))
        case Graph():
            return fixed(value, sizes)
        case tuple():
            return tuple(_fixed(part, sizes) for part in value)
        case _:
            return value
