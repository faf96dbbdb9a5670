"""Moves out of loops what need not be done step by step: it is done for all of time at once.

What does not depend on carried values is computed before the loop, what no carried value needs after it.
Input projections, output layers and the gradients of weights thus become one large contraction each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.operators.broadcasting import Expand, at_each
from nndsl.operators.leaves import Fed, Input
from nndsl.operators.loop import Loop, LoopState, Taken
from nndsl.operators.operator import Kind, Operator


def hoist(graph: Graph) -> Graph:
    """The graph in which loops compute only what has to wait for an earlier step.

    What is cheap, and needed in the loop anyway, is not moved before it.
    """
    split: dict[Node, _Split] = {}

    def rule(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if isinstance(node.operator, Loop):
            asked = [user.operator for user in graph.users[node] if isinstance(user.operator, Taken)]
            split[node] = _Split(build, node, inputs, asked)
            return split[node].loop
        if isinstance(node.operator, Taken):
            return split[node.inputs[0]].taken(node.operator)
        return None

    return rewrite(graph, rule) if any(isinstance(node.operator, Loop) for node in graph) else graph


Outside = tuple[Node, bool]
"""What stands outside for a node of the body, and whether it has the axis of time."""


class _Split:
    """A loop in three parts: what is computed before it, step by step, and after it."""

    def __init__(
        self, build: Builder, node: Node, operands: tuple[Node, ...], asked: Iterable[Taken]
    ) -> None:
        assert isinstance(node.operator, Loop)
        self._build = build
        self._old = node.operator
        self._before = self._independent(operands)
        self._handed_in = _costly(self._before)
        results = {self._old.body.outputs[t.output] for t in asked if not isinstance(t, LoopState)}
        self._inside = self._needed(self._old.body.outputs[carry.output] for carry in self._old.carries)
        waiting = self._after_it(results)
        self._inside |= self._needed(step for step in waiting if not _liftable(step.operator))
        waiting = [step for step in waiting if step not in self._inside]
        read = {operand for step in waiting for operand in step.inputs} | results
        self._names = self._named(read & self._inside)
        self.loop = self._rest(node, operands)
        self._after: dict[Node, Outside] = {}
        for step in waiting:
            self._after[step] = self._lifted(step, [self._outside(operand) for operand in step.inputs])

    def taken(self, operator: Taken) -> Node:
        """What stands for something that is taken out of the loop as it was."""
        if isinstance(operator, LoopState):
            return self._build(operator, self.loop)
        node, lifted = self._outside(self._old.body.outputs[operator.output])
        return at_each(self._build, node, lifted, self._old.time)

    def _independent(self, operands: tuple[Node, ...]) -> dict[Node, Outside]:
        """All that does not depend on carried values, outside of the loop."""
        loop = self._old
        _, inputs, shared = loop.parted(operands)
        given = {key: (x, True) for key, x in zip(loop.inputs, inputs, strict=True)}
        given |= {key: (x, False) for key, x in zip(loop.shared, shared, strict=True)}
        found: dict[Node, Outside] = {}
        for step in loop.body:
            if isinstance(step.operator, Fed):
                if step.operator.key in given:
                    found[step] = given[step.operator.key]
            elif all(operand in found for operand in step.inputs):
                whole = any(found[operand][1] for operand in step.inputs)
                if not whole or _liftable(step.operator):
                    found[step] = self._lifted(step, [found[operand] for operand in step.inputs])
        return found

    def _lifted(self, step: Node, operands: list[Outside]) -> Outside:
        """A node of the body for all steps at once, or once where it is the same at each."""
        lifted = tuple(has for _, has in operands)
        with self._build.at(step.layer, step.span, step.name):
            if not any(lifted):
                return self._build(step.operator, *(x for x, _ in operands)), False
            if step.operator.kind is Kind.ELEMENTWISE:
                operands = [(at_each(self._build, x, has, self._old.time), True) for x, has in operands]
            values = tuple(x for x, _ in operands)
            return step.operator.lift(self._build, values, lifted, self._old.time), True

    def _needed(self, steps: Iterable[Node]) -> set[Node]:
        """All that these nodes need in the loop, themselves included; what is handed in needs nothing."""
        found = set(steps)
        for step in reversed(self._old.body.nodes):
            if step in found and step not in self._handed_in:
                found.update(step.inputs)
        return found

    def _after_it(self, results: Collection[Node]) -> list[Node]:
        """What these results need that depends on carried values, and no carried value needs."""
        found = {step for step in results if step not in self._inside and step not in self._before}
        for step in reversed(self._old.body.nodes):
            if step in found:
                found |= {x for x in step.inputs if x not in self._inside and x not in self._before}
        return [step for step in self._old.body if step in found]

    def _named(self, read: Collection[Node]) -> dict[Node, str]:
        """What is still computed step by step and read outside, by the name of its output."""
        carried = {self._old.body.outputs[carry.output]: carry.output for carry in self._old.carries}
        names = {step: name for name, step in self._old.body.outputs.items()} | carried
        wanted = (step for step in self._old.body if step in read and step not in self._before)
        return {step: names.get(step, step.name) for step in wanted}

    def _rest(self, node: Node, operands: tuple[Node, ...]) -> Node:
        """The loop with what is left of its body."""
        old, inner = self._old, Builder()
        new: dict[Node, Node] = {}
        handed_in: dict[str, Outside] = {}
        for step in old.body:
            if step not in self._inside:
                continue
            if step in self._handed_in:
                leaf = Node(step.name, Input(step.name, step.type), (), step.type, step.layer, step.span)
                new[step] = inner.add(leaf)
            else:
                new[step] = inner.keep(step, tuple(new[operand] for operand in step.inputs))
            if isinstance(new[step].operator, Fed) and step in self._before:
                handed_in[step.name] = self._before[step]
        outputs = {carry.output: new[old.body.outputs[carry.output]] for carry in old.carries}
        outputs |= {name: new[step] for step, name in self._names.items()}
        loop = replace(
            old,
            body=inner.graph(outputs),
            inputs=tuple(key for key, (_, lifted) in handed_in.items() if lifted),
            shared=tuple(key for key, (_, lifted) in handed_in.items() if not lifted),
        )
        initial, _, _ = old.parted(operands)
        given = [handed_in[key][0] for key in (*loop.inputs, *loop.shared)]
        return self._build.add(replace(node, operator=loop, inputs=(*initial, *given)))

    def _outside(self, step: Node) -> Outside:
        """What stands outside for a node of the body that is read there."""
        if step in self._before:
            return self._before[step]
        if step in self._after:
            return self._after[step]
        assert isinstance(self.loop.operator, Loop)
        return self._build(self.loop.operator.result(self._names[step]), self.loop), True


def _costly(before: dict[Node, Outside]) -> set[Node]:
    """What had better be computed before a loop than in it: contractions, reductions and what is made of
    them; and of what is the same at each step all but repetitions and numbers."""
    found: set[Node] = set()
    numbers: set[Node] = set()
    for step, (_, lifted) in before.items():
        if not isinstance(step.operator, Fed) and numbers.issuperset(step.inputs):
            numbers.add(step)
        elif not isinstance(step.operator, Fed | Expand):
            large = step.operator.kind in (Kind.CONTRACTION, Kind.REDUCTION)
            if large or not lifted or not found.isdisjoint(step.inputs):
                found.add(step)
    return found


def _liftable(operator: Operator) -> bool:
    return type(operator).lift is not Operator.lift
