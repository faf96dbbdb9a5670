"""Makes graphs: applies operators, gives fresh names, and collects nodes in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from nndsl.graph.graph import Graph, Node
from nndsl.operators.operator import Operator
from nndsl.source import Span


class Builder:
    """`build(Tanh(), x)` adds a node and returns it.

    Names are fresh within the builder: `layer.operator`, numbered from 2 where that is taken, so
    that building the same thing twice gives the same text.
    """

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._names: dict[str, int] = {}
        self._layer: str | None = None
        self._span: Span | None = None

    def __call__(self, operator: Operator, *inputs: Node, name: str | None = None) -> Node:
        """Applies an operator. Raises ShapeError where the operands do not fit."""
        type = operator.infer(*(node.type for node in inputs))
        if name is None:
            name = f"{self._layer}.{operator.name}" if self._layer else operator.name
        node = Node(self._fresh(name), operator, inputs, type, self._layer, self._span)
        self._nodes.append(node)
        return node

    @contextmanager
    def at(self, layer: str | None, span: Span | None) -> Iterator[None]:
        """What is built inside belongs to this layer and this place of the spec."""
        before = self._layer, self._span
        self._layer, self._span = layer, span
        try:
            yield
        finally:
            self._layer, self._span = before

    def graph(self, outputs: Mapping[str, Node]) -> Graph:
        return Graph(tuple(self._nodes), dict(outputs))

    def _fresh(self, name: str) -> str:
        count = self._names.get(name, 0) + 1
        self._names[name] = count
        return name if count == 1 else self._fresh(f"{name}.{count}")


Rule = Callable[[Builder, Node, tuple[Node, ...]], Node | None]


def extend(graph: Graph) -> tuple[Builder, dict[str, Node]]:
    """A builder that already holds a graph's nodes, and the graph's outputs, to add more to them."""
    build = Builder()
    build._nodes = list(graph.nodes)
    build._names = {node.name: 1 for node in graph.nodes}
    return build, dict(graph.outputs)


def rewrite(graph: Graph, rule: Rule) -> Graph:
    """A new graph in which `rule(build, node, inputs)` decides what stands for each node.

    `inputs` are the new nodes of the node's operands; None keeps the node as it is, on them.
    Only what the outputs need is kept.
    """
    build = Builder()
    new: dict[Node, Node] = {}
    for node in graph.nodes:
        inputs = tuple(new[operand] for operand in node.inputs)
        with build.at(node.layer, node.span):
            replacement = rule(build, node, inputs)
            new[node] = build(node.operator, *inputs, name=node.name) if replacement is None else replacement
    return prune(build.graph({name: new[node] for name, node in graph.outputs.items()}))


def prune(graph: Graph) -> Graph:
    """The graph without the nodes that no output needs."""
    needed = set(graph.outputs.values())
    for node in reversed(graph.nodes):
        if node in needed:
            needed.update(node.inputs)
    return Graph(tuple(node for node in graph.nodes if node in needed), graph.outputs)
