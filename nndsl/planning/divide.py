"""Divides a graph over threads: each has a share of the batch, and sums over the batch are added up
afterwards.

Every value is one of three things. A value with the batch among its dimensions is *split*: each thread
has its own rows. A value without it is *whole* where it depends on no example: each thread has all
of it. A sum over the batch is a *part*: the threads' values add up to it. What is added to a part must
be a part, so a whole value is divided by the number of threads there. What needs the sum itself, as a batch's
mean is needed for its variance, gets it added up at once, while the threads wait for one another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import Enum, auto

from nndsl.graph.builder import Builder, extend, prune, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import BATCH, Element, TensorType
from nndsl.operators.arithmetic import Add, Divide, Multiply, Negate, Subtract
from nndsl.operators.broadcasting import Expand, Sum, filled
from nndsl.operators.contraction import Contract
from nndsl.operators.convolution import Convolution, ConvolveWeights
from nndsl.operators.copying import Copy
from nndsl.operators.lookup import GatherAdd, ScatterAdd
from nndsl.operators.loop import Loop
from nndsl.operators.movement import Reshape, Transpose
from nndsl.operators.operator import Kind, Operator
from nndsl.operators.threads import AllReduce


class State(Enum):
    SPLIT = auto()
    WHOLE = auto()
    PART = auto()


class NotDivisible(Exception):
    """An operator that needs the whole batch at once."""

    def __init__(self, node: Node) -> None:
        super().__init__(f"{node.name} needs the whole batch at once")
        self.node = node


def divide(graph: Graph, threads: int, kept: Collection[str] = ()) -> Graph:
    """The graph that each thread runs on its share, so that the outputs' values add up to those of the whole.

    Each thread has all of the outputs in `kept`. Raises NotDivisible where an operator needs the whole batch
    at once.
    """
    if threads == 1:
        return graph
    return _Division(graph, threads).run(kept)


class _Division:
    """A graph on its way to its threads. `states` are those of its own nodes, `together` the sums over all
    threads of what has been built.
    """

    def __init__(self, graph: Graph, threads: int) -> None:
        self.graph, self.threads = graph, threads
        self.states: dict[Node, State] = {}
        self.together: dict[Node, Node] = {}
        self.outputs = set(graph.outputs.values())

    def run(self, kept: Collection[str]) -> Graph:
        build, outputs = extend(rewrite(self.graph, self._divided))
        for name, node in self.graph.outputs.items():
            state, result = self.states[node], outputs[name]
            if name in kept and state is State.SPLIT:
                raise NotDivisible(node)
            with build.at(result.layer, result.span):
                if name in kept:
                    outputs[name] = build(AllReduce(), result) if state is State.PART else result
                elif state is State.WHOLE:
                    outputs[name] = _portion(build, result, self.threads)
        return prune(build.graph(outputs))

    def _divided(self, build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        given = [self.states[operand] for operand in node.inputs]
        if State.PART in given and not _stays_part(node, given):
            inputs = tuple(
                self._reduced(build, old, new) if state is State.PART else new
                for old, new, state in zip(node.inputs, inputs, given, strict=True)
            )
            given = [State.WHOLE if state is State.PART else state for state in given]
            self.states[node] = _state(node, given)
            return build(node.operator, *inputs, like=node.type if node.type.rank else None)
        self.states[node] = _state(node, given)
        if not isinstance(node.operator, Add | Subtract) or set(given) != {State.PART, State.WHOLE}:
            return None
        parts = (
            x if state is State.PART else _portion(build, x, self.threads)
            for x, state in zip(inputs, given, strict=True)
        )
        return build(node.operator, *parts, name=node.name)

    def _reduced(self, build: Builder, old: Node, new: Node) -> Node:
        """A part, added up over the threads."""
        if new not in self.together:
            part = build(Copy(), new) if old in self.outputs else new
            self.together[new] = build(AllReduce(), part)
        return self.together[new]


def _portion(build: Builder, node: Node, threads: int) -> Node:
    return build(Multiply(), node, filled(build, 1 / threads, node.type))


def has_batch(type: TensorType) -> bool:
    """Whether a value has something for each example."""
    return any(extent.symbol == BATCH for extent in type.extents)


def _state(node: Node, given: list[State]) -> State:
    """What a node's value is, given what its operands' are. Raises NotDivisible."""
    if State.PART in given:
        return State.PART
    if set(given) <= {State.WHOLE}:
        return State.SPLIT if has_batch(node.type) else State.WHOLE
    if isinstance(node.operator, Loop) and _mixes_examples(node.operator):
        raise NotDivisible(node)
    if node.type.element is Element.LOOP:
        return State.SPLIT
    if not has_batch(node.type):
        return _summed(node)
    if _over_batch(node):
        raise NotDivisible(node)
    return State.SPLIT


def _stays_part(node: Node, given: list[State]) -> bool:
    """Whether a node's value for a part is a part of its value for the sum."""
    return State.SPLIT not in given and not has_batch(node.type) and _is_linear(node.operator, given)


def _mixes_examples(loop: Loop) -> bool:
    """Whether a step of a loop makes of several examples what is not theirs."""
    return any(
        not has_batch(step.type) and any(has_batch(operand.type) for operand in step.inputs)
        for step in loop.body
        if step.type.element is not Element.LOOP
    )


def _summed(node: Node) -> State:
    """A value that has lost the batch: a part, if it is a sum."""
    if isinstance(node.operator, Sum | Contract | ConvolveWeights | ScatterAdd | GatherAdd):
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
