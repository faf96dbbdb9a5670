"""Backpropagation through time: the gradient of a loop is a loop that runs the other way.

Its body is the vector-Jacobian product of the forward body. What the forward steps computed is handed to it
step by step, and the cotangent of a value carried over n steps is carried back over n steps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from nndsl.graph.builder import Builder, extend, prune
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import TensorType
from nndsl.operators.arithmetic import Add
from nndsl.operators.broadcasting import Sum, filled
from nndsl.operators.leaves import Input
from nndsl.operators.loop import Carry, Loop, LoopResult, Taken
from nndsl.operators.movement import Flip, Pad

VectorJacobian = Callable[[Builder, Mapping[Node, Node], Iterable[Node]], dict[Node, Node]]
Cotangents = Mapping[Taken, Node]


def loop_gradient(
    build: Builder, node: Node, cotangents: Cotangents, leading: Collection[Node], product: VectorJacobian
) -> tuple[Node | None, ...]:
    """The cotangents of a loop's operands, given those of what is taken out of it.

    Only operands in `leading` get one; `product` is the vector-Jacobian product of a graph. Everything that
    the body computes must be among its outputs.
    """
    loop = node.operator
    assert isinstance(loop, Loop)
    backward = _Backward.of(loop, cotangents, _varying(node, leading), product)
    after = build(backward.loop, *backward.operands(build, node, cotangents))
    return tuple(backward.cotangent(build, after, key) for key in (*loop.carries, *loop.inputs, *loop.shared))


def _varying(node: Node, leading: Collection[Node]) -> set[str]:
    """The keys of a loop body's leaves that vary with the operands in `leading`."""
    loop = node.operator
    assert isinstance(loop, Loop)
    initial, inputs, shared = loop.parted(node.inputs)
    found = {c.key(d) for c, x in zip(loop.carries, initial, strict=True) if x in leading for d in c.delays}
    rest = zip((*loop.inputs, *loop.shared), (*inputs, *shared), strict=True)
    found |= {key for key, x in rest if x in leading}
    while True:
        reached = {leaf for key, leaf in loop.leaves.items() if key in found}
        for step in loop.body:
            if step.operator.differentiable and not reached.isdisjoint(step.inputs):
                reached.add(step)
        carried = (c for c in loop.carries if loop.body.outputs[c.output] in reached)
        more = {carry.key(delay) for carry in carried for delay in carry.delays} - found
        if not more:
            return found
        found |= more


@dataclass
class _Backward:
    """The loop that runs the other way.

    `carried` maps the key of a carried leaf of the forward body to the carry of its cotangent, `given` the
    key of a leaf to what is taken out of the forward loop and has the cotangent that is handed in there.
    """

    forward: Loop
    loop: Loop
    carried: Mapping[str, Carry]
    given: Mapping[str, Taken]

    @classmethod
    def of(
        cls, forward: Loop, cotangents: Iterable[Taken], varying: set[str], product: VectorJacobian
    ) -> _Backward:
        """The loop for what is taken out of the forward loop and has a cotangent."""
        build, outputs = extend(forward.body)
        seeds: dict[Node, Node] = {}
        given: dict[str, Taken] = {}
        for taken in cotangents:
            if isinstance(taken, LoopResult):
                leaf = _seed(build, seeds, outputs[taken.output], f"{taken.output}.dy")
                given[leaf.name] = taken
        carried: dict[str, Carry] = {}
        for carry in forward.carries:
            for delay in carry.delays:
                key = carry.key(delay)
                if key in varying and (key in forward.leaves or delay == carry.depth):
                    carried[key] = Carry(cotangent_of(key), delay)
                    _seed(build, seeds, outputs[carry.output], carried[key].key(delay))
        leaves = {key: leaf for key, leaf in forward.leaves.items() if key in varying}
        found = product(build, seeds, leaves.values())
        results = {cotangent_of(key): found[leaf] for key, leaf in leaves.items() if leaf in found}
        types = {carry.key(d): outputs[carry.output].type for carry in forward.carries for d in carry.delays}
        for key, carry in carried.items():
            if carry.output not in results:
                results[carry.output] = filled(build, 0.0, types[key])
        body = _separated(forward, build, results)
        keys = [leaf.name for leaf in body if isinstance(leaf.operator, Input)]
        own = {carry.key(carry.depth) for carry in carried.values()} | set(forward.shared)
        inputs = tuple(key for key in keys if key not in own)
        shared = tuple(key for key in keys if key in forward.shared)
        carries = tuple(carried.values())
        loop = Loop(body, forward.time, carries, inputs, shared, not forward.reverse)
        return cls(forward, loop, carried, given)

    def operands(self, build: Builder, node: Node, cotangents: Cotangents) -> list[Node]:
        """What is handed in: cotangents, and what the forward loop, or its operands, were at each step."""
        _, inputs, shared = self.forward.parted(node.inputs)
        handed = dict(zip(self.forward.inputs, inputs, strict=True))
        handed |= dict(zip(self.forward.shared, shared, strict=True))
        handed |= {key: cotangents[taken] for key, taken in self.given.items()}
        names = {step: name for name, step in self.forward.body.outputs.items()}
        for key in self.loop.inputs:
            if key not in handed:
                handed[key] = build(self.forward.result(names[self.forward.body.by_name[key]]), node)
        initial = [self._initial(build, key, cotangents) for key in self.carried]
        return [*initial, *(handed[key] for key in (*self.loop.inputs, *self.loop.shared))]

    def _initial(self, build: Builder, key: str, cotangents: Cotangents) -> Node:
        """A carried cotangent beyond the last step: that of the state that the forward loop ends in."""
        for carry in self.forward.carries:
            state = self.forward.state(carry)
            if key == carry.key(carry.depth) and state in cotangents:
                return build(Flip(0), cotangents[state])
        return filled(build, 0.0, self.loop.state(self.carried[key]).type)

    def cotangent(self, build: Builder, after: Node, operand: Carry | str) -> Node | None:
        """The cotangent of an operand of the forward loop; None where it is zero."""
        if isinstance(operand, Carry):
            return self._cotangent_of_start(build, after, operand)
        output = cotangent_of(operand)
        if output not in self.loop.body.outputs:
            return None
        found = build(self.loop.result(output), after)
        return build(Sum((0,)), found) if operand in self.forward.shared else found

    def _cotangent_of_start(self, build: Builder, after: Node, carry: Carry) -> Node | None:
        """What is left to carry back when the first step has been reached."""
        total: Node | None = None
        for delay in carry.delays:
            if (back := self.carried.get(carry.key(delay))) is not None:
                part = build(Flip(0), build(self.loop.state(back), after))
                part = build(Pad(0, carry.depth - delay, 0), part) if delay < carry.depth else part
                total = part if total is None else build(Add(), total, part)
        return total


def cotangent_of(key: str) -> str:
    """What the cotangent of a leaf of the forward body is called among the outputs of the backward one."""
    return f"{key}.cotangent"


def _seed(build: Builder, seeds: dict[Node, Node], output: Node, key: str) -> Node:
    """A new leaf, named after its key, that is added to the cotangent of an output."""
    taken = {node.name for node in build.nodes}
    while key in taken:
        key += "'"
    leaf = build(Input(key, TensorType(output.type.dimensions)), name=key)
    seeds[output] = build(Add(), seeds[output], leaf) if output in seeds else leaf
    return leaf


def _separated(forward: Loop, build: Builder, results: Mapping[str, Node]) -> Graph:
    """The backward body alone: what the forward steps computed is handed in under the name of its node.

    What is the same at each step is computed again. Every node is an output, beside the results.
    """
    alone = Builder()
    fixed: set[Node] = set()
    new: dict[Node, Node] = {}
    for node in build.nodes:
        is_leaf = isinstance(node.operator, Input)
        if node.name in forward.shared if is_leaf else fixed.issuperset(node.inputs):
            fixed.add(node)
        if node in fixed or node.name not in forward.body.by_name:
            new[node] = alone.keep(node, tuple(new[operand] for operand in node.inputs))
        else:
            new[node] = alone(Input(node.name, node.type), name=node.name)
    body = prune(alone.graph({name: new[node] for name, node in results.items()}))
    return Graph(body.nodes, {node.name: node for node in body} | dict(body.outputs))
