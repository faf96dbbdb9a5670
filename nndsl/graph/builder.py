"""Makes graphs: applies operators, gives fresh names, and collects nodes in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import TensorType
from nndsl.operators.leaves import Fed, Input
from nndsl.operators.operator import Operator, require
from nndsl.source import Span


class Builder:
    """`build(Tanh(), x)` adds a node and returns it.

    Names are fresh within the builder: `layer.operator`, numbered from 2 where that is taken, so
    that building the same thing twice gives the same text.
    """

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._names: dict[str, int] = {}  # each name in use, with the last number tried after it
        self._layer: str | None = None
        self._span: Span | None = None
        self._name: str | None = None
        self._leaves: dict[Fed, Node] = {}

    def __call__(
        self, operator: Operator, *inputs: Node, name: str | None = None, like: TensorType | None = None
    ) -> Node:
        """Applies an operator. Raises ShapeError where the operands do not fit.

        `like` is a type whose names of dimensions the result takes on; its extents are the result's.
        """
        name = name or self._name or (f"{self._layer}.{operator.name}" if self._layer else operator.name)
        return self._add(self._fresh(name), operator, inputs, like)

    @contextmanager
    def at(self, layer: str | None, span: Span | None, name: str | None = None) -> Iterator[None]:
        """What is built inside belongs to this layer and this place of the spec.

        `name` is what nodes built inside are called where `layer.operator` would not tell.
        """
        before = self._layer, self._span, self._name
        self._layer, self._span, self._name = layer, span, name
        try:
            yield
        finally:
            self._layer, self._span, self._name = before

    @property
    def nodes(self) -> tuple[Node, ...]:
        """What has been built so far, operands first."""
        return tuple(self._nodes)

    def leaf(self, leaf: Fed) -> Node:
        """What is fed under a key, as one node however often it is asked for."""
        if leaf not in self._leaves:
            self._leaves[leaf] = self(leaf, name=leaf.key)
        return self._leaves[leaf]

    def argument(self, name: str, type: TensorType) -> Node:
        """A new leaf for something that is handed in, its key its fresh name."""
        name = self._fresh(name)
        return self(Input(name, type), name=name)

    def reserve(self, name: str) -> None:
        """Keeps nodes from being called so."""
        self._names.setdefault(name, 1)

    def add(self, node: Node) -> Node:
        """Takes over a node whose operands are here already, under its own name."""
        self._names.setdefault(node.name, 1)
        self._nodes.append(node)
        return node

    def keep(self, node: Node, inputs: tuple[Node, ...]) -> Node:
        """A node of another graph, on new operands: itself where they are its own."""
        unchanged = all(new is old for new, old in zip(inputs, node.inputs, strict=True))
        return self.add(node) if unchanged else self._add(node.name, node.operator, inputs, node.type)

    def graph(self, outputs: Mapping[str, Node]) -> Graph:
        return Graph(tuple(self._nodes), dict(outputs))

    def _add(self, name: str, operator: Operator, inputs: tuple[Node, ...], like: TensorType | None) -> Node:
        type = operator.infer(*(node.type for node in inputs))
        if like is not None:
            require(
                type.extents == like.extents, "{} gives {}, which is not like {}", operator.name, type, like
            )
            type = TensorType(like.dimensions, type.element)
        return self.add(Node(name, operator, inputs, type, self._layer, self._span))

    def _rename_last(self, name: str) -> Node:
        """Gives the node that was built last, which nothing reads yet, this name."""
        if self._nodes[-1].name != name:
            self._nodes[-1] = replace(self._nodes[-1], name=name)
        return self._nodes[-1]

    def _fresh(self, name: str) -> str:
        if name not in self._names:
            return name
        count = self._names[name] + 1
        while f"{name}.{count}" in self._names:
            count += 1
        self._names[name] = count
        return f"{name}.{count}"


Rule = Callable[[Builder, Node, tuple[Node, ...]], Node | None]
"""What stands for a node, given its new operands; None where it stays as it is."""


def extend(graph: Graph) -> tuple[Builder, dict[str, Node]]:
    """A builder that already holds a graph's nodes, and the graph's outputs, to add more to them."""
    build = Builder()
    for node in graph.nodes:
        build.add(node)
    return build, dict(graph.outputs)


def rewrite(graph: Graph, rule: Rule) -> Graph:
    """A new graph in which `rule(build, node, inputs)` decides what stands for each node.

    `inputs` are the new nodes of the node's operands; None keeps the node as it is, on them. What a rule
    builds takes over the layer and span of the node that it stands for, and the result its name. Only what
    the outputs need is kept.
    """
    build = Builder()
    build._names = {node.name: 1 for node in graph.nodes}
    new: dict[Node, Node] = {}
    for node in graph.nodes:
        inputs = tuple(new[operand] for operand in node.inputs)
        count = len(build._nodes)
        with build.at(node.layer, node.span, node.name):
            result = rule(build, node, inputs) or build.keep(node, inputs)
        built = len(build._nodes) > count and build._nodes[-1] is result
        new[node] = build._rename_last(node.name) if built else result
    return prune(build.graph({name: new[node] for name, node in graph.outputs.items()}))


def prune(graph: Graph) -> Graph:
    """The graph without the nodes that no output needs."""
    needed = set(graph.outputs.values())
    for node in reversed(graph.nodes):
        if node in needed:
            needed.update(node.inputs)
    return Graph(tuple(node for node in graph.nodes if node in needed), graph.outputs)
