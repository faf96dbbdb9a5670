"""Backpropagation through time: the gradient of a loop is a loop that runs the other way.

Its body is the vector-Jacobian product of the forward body. What the forward steps computed is handed to it
step by step, and the cotangent of a value carried over n steps is carried back over n steps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

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
    assert isinstance(node.operator, Loop)
    return _Backward(node.operator, cotangents, _varying(node, leading), product).run(build, node)


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


class _Backward:
    """The loop that runs the other way, for what is taken out of the forward loop and has a cotangent.

    `carried` maps the key of a carried leaf of the forward body to the carry of its cotangent.
    """

    def __init__(
        self, forward: Loop, cotangents: Cotangents, varying: set[str], product: VectorJacobian
    ) -> None:
        self.forward = forward
        self._build, self._outputs = extend(forward.body)
        self._seeds: dict[Node, Node] = {}
        self._handed_in: dict[str, Node] = {}  # cotangents at each step, outside, by the key of their leaf
        self._states: dict[str, Node] = {}  # cotangents of the state that the forward loop ends in
        self.carried: dict[str, Carry] = {}
        for taken, dy in cotangents.items():
            if isinstance(taken, LoopResult):
                leaf = self._seed(taken.output, f"{taken.output}.dy")
                self._handed_in[leaf.name] = dy
            else:
                self._states[taken.output] = dy
        for carry in forward.carries:
            for delay in carry.delays:
                key = carry.key(delay)
                if key in varying and (key in forward.leaves or delay == carry.depth):
                    self.carried[key] = Carry(cotangent_of(key), delay)
                    self._seed(carry.output, self.carried[key].key(delay))
        self.loop = self._made(varying, product)

    def run(self, build: Builder, node: Node) -> tuple[Node | None, ...]:
        """Builds the loop behind the forward one; gives the cotangents of the latter's operands."""
        after = build(self.loop, *self._operands(build, node))
        starts = (self._of_start(build, after, carry) for carry in self.forward.carries)
        rest = (self._of_operand(build, after, key) for key in (*self.forward.inputs, *self.forward.shared))
        return *starts, *rest

    # --- the body ---------------------------------------------------------------------------

    def _seed(self, output: str, key: str) -> Node:
        """A new leaf that is added to the cotangent of an output."""
        step = self._outputs[output]
        leaf = self._build.argument(key, TensorType(step.type.dimensions))
        seeds = self._seeds
        seeds[step] = self._build(Add(), seeds[step], leaf) if step in seeds else leaf
        return leaf

    def _made(self, varying: set[str], product: VectorJacobian) -> Loop:
        leaves = {key: leaf for key, leaf in self.forward.leaves.items() if key in varying}
        found = product(self._build, self._seeds, leaves.values())
        results = {cotangent_of(key): found[leaf] for key, leaf in leaves.items() if leaf in found}
        for carry in self.forward.carries:
            for back in (self.carried.get(carry.key(delay)) for delay in carry.delays):
                if back is not None and back.output not in results:
                    results[back.output] = filled(self._build, 0.0, self._outputs[carry.output].type)
        body = _separated(self.forward, self._build, results)
        own = {back.key(back.depth) for back in self.carried.values()}
        keys = [step.name for step in body if isinstance(step.operator, Input) and step.name not in own]
        inputs = tuple(key for key in keys if key not in self.forward.shared)
        shared = tuple(key for key in keys if key in self.forward.shared)
        carries = tuple(self.carried.values())
        return Loop(body, self.forward.time, carries, inputs, shared, not self.forward.reverse)

    # --- outside ------------------------------------------------------------------------------

    def _operands(self, build: Builder, node: Node) -> list[Node]:
        """What is handed in: cotangents, and what the forward loop, or its operands, were at each step."""
        _, inputs, shared = self.forward.parted(node.inputs)
        handed = dict(zip((*self.forward.inputs, *self.forward.shared), (*inputs, *shared), strict=True))
        handed |= self._handed_in
        names = {step: name for name, step in self.forward.body.outputs.items()}
        for key in self.loop.inputs:
            if key not in handed:
                handed[key] = build(self.forward.result(names[self.forward.body.by_name[key]]), node)
        initial = [
            self._beyond(build, carry, carry.key(delay))
            for carry in self.forward.carries
            for delay in carry.delays
            if carry.key(delay) in self.carried
        ]
        return [*initial, *(handed[key] for key in (*self.loop.inputs, *self.loop.shared))]

    def _beyond(self, build: Builder, carry: Carry, key: str) -> Node:
        """A carried cotangent beyond the last step: that of the state that the forward loop ends in."""
        if key == carry.key(carry.depth) and carry.output in self._states:
            return build(Flip(0), self._states[carry.output])
        return filled(build, 0.0, self.loop.state(self.carried[key]).type)

    def _of_operand(self, build: Builder, after: Node, key: str) -> Node | None:
        """The cotangent of an input or of what is shared; None where it is zero."""
        if cotangent_of(key) not in self.loop.body.outputs:
            return None
        found = build(self.loop.result(cotangent_of(key)), after)
        return build(Sum((0,)), found) if key in self.forward.shared else found

    def _of_start(self, build: Builder, after: Node, carry: Carry) -> Node | None:
        """The cotangent of initial values: what is left to carry back beyond the first step."""
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
