"""The computation graph: operators applied to values, in an order in which operands come first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from nndsl.graph.types import TensorType
from nndsl.operators.operator import Operator
from nndsl.source import Span


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One value of the graph: an operator applied to the values of other nodes.

    `name` is unique in its graph and comes from the spec (`h`, `h.full`, `h.full.2`); `layer` is the
    population it was made for, and `span` the place in the spec.
    """

    name: str
    operator: Operator
    inputs: tuple[Node, ...] = field(repr=False)
    type: TensorType
    layer: str | None = None
    span: Span | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False, repr=False)
class Graph:
    """Nodes in topological order, and the names that results are known by.

    `outputs` maps a name (a layer, `loss`, `gradient.W`) to the node that holds it.
    """

    nodes: tuple[Node, ...]
    outputs: Mapping[str, Node]

    @cached_property
    def users(self) -> Mapping[Node, tuple[Node, ...]]:
        """For each node the nodes that read it, once for each operand place."""
        found: dict[Node, list[Node]] = {node: [] for node in self.nodes}
        for node in self.nodes:
            for operand in node.inputs:
                found[operand].append(node)
        return {node: tuple(users) for node, users in found.items()}

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        return {node.name: node for node in self.nodes}

    def __repr__(self) -> str:
        return f"<Graph: {len(self)} nodes; outputs {', '.join(self.outputs)}>"

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)
