"""Divides a graph over threads: each has a share of the batch, and sums over the batch are added up
afterwards.

Every value is one of three things. A value with the batch among its dimensions is *split*: each thread
has its own rows. A value without it is *whole* where it depends on no example: each thread has all
of it. A sum over the batch is a *part*: the threads' values add up to it. What is added to a part must
be a part, so a whole value is divided by the number of threads there.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

from nndsl.graph.builder import Builder, extend, prune, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import BATCH, Element, TensorType
from nndsl.operators.arithmetic import Add, Divide, Multiply, Negate, Subtract
from nndsl.operators.broadcasting import Expand, Sum, filled
from nndsl.operators.contraction import Contract
from nndsl.operators.convolution import Convolution, ConvolveWeights
from nndsl.operators.copying import Copy
from nndsl.operators.lookup import ScatterAdd
from nndsl.operators.movement import Reshape, Transpose
from nndsl.operators.operator import Kind, Operator


class State(Enum):
    SPLIT = auto()
    WHOLE = auto()
    PART = auto()


class NotDivisible(Exception):
    """An operator that needs the whole batch at once."""

    def __init__(self, node: Node) -> None:
        super().__init__(f"{node.name} needs the whole batch at once")
        self.node = node


def divide(graph: Graph, threads: int) -> Graph:
    """The graph that each thread runs on its share, so that the outputs' values add up to those of the whole.

    Raises NotDivisible where an operator needs the whole batch at once.
    """
    if threads == 1:
        return graph
    states: dict[Node, State] = {}

    def divided(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        given = [states[operand] for operand in node.inputs]
        states[node] = _state(node, given)
        if not isinstance(node.operator, Add | Subtract) or set(given) != {State.PART, State.WHOLE}:
            return None
        parts = (
            x if state is State.PART else _portion(build, x, threads)
            for x, state in zip(inputs, given, strict=True)
        )
        return build(node.operator, *parts, name=node.name)

    result = rewrite(graph, divided)
    whole = [name for name, node in graph.outputs.items() if states[node] is State.WHOLE]
    build, outputs = extend(result)
    for name in whole:
        with build.at(outputs[name].layer, outputs[name].span):
            outputs[name] = _portion(build, outputs[name], threads)
    return prune(build.graph(outputs))


def _portion(build: Builder, node: Node, threads: int) -> Node:
    return build(Multiply(), node, filled(build, 1 / threads, node.type))


def _has_batch(type: TensorType) -> bool:
    return any(extent.symbol == BATCH for extent in type.extents)


def _state(node: Node, given: list[State]) -> State:
    """What a node's value is, given what its operands' are. Raises NotDivisible."""
    if set(given) <= {State.WHOLE}:
        return State.SPLIT if _has_batch(node.type) else State.WHOLE
    if node.type.element is Element.LOOP and State.PART not in given:
        return State.SPLIT
    if State.PART not in given:
        if not _has_batch(node.type):
            return _summed(node)
        if _over_batch(node):
            raise NotDivisible(node)
        return State.SPLIT
    if State.SPLIT in given or _has_batch(node.type) or not _is_linear(node.operator, given):
        raise NotDivisible(node)
    return State.PART


def _summed(node: Node) -> State:
    """A value that has lost the batch: a part, if it is a sum."""
    if isinstance(node.operator, Sum | Contract | ConvolveWeights | ScatterAdd):
        return State.PART
    raise NotDivisible(node)


def _over_batch(node: Node) -> bool:
    """Whether rows of different examples meet although the batch is still there."""
    if node.operator.kind in (Kind.ELEMENTWISE, Kind.REDUCTION, Kind.CONTRACTION):
        return False
    axes: Iterable[int] = node.operator.constants().get("axes", ())
    axis = node.operator.constants().get("axis")
    touched = [*axes, *([] if axis is None else [axis])]
    return any(node.inputs[0].type.extents[a].symbol == BATCH for a in touched)


def _is_linear(operator: Operator, given: list[State]) -> bool:
    """Whether the parts of an operator's result add up, where those of its operands do."""
    match operator:
        case Add() | Subtract() | Negate() | Copy() | Sum() | Expand() | Reshape() | Transpose():
            return True
        case Multiply() | Contract() | Convolution():
            return given.count(State.PART) == 1
        case Divide():
            return given[1] is State.WHOLE
        case _:
            return False
