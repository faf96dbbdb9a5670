"""Adds a product to one that is in memory already, where both would be made and then added up.

A matrix of weights gets its change from several products of few rows each: from both phases of contrastive
divergence, or from each place where the weights are shared. It is larger than what is multiplied, and to
write it, read it and write it again takes long.
"""

from __future__ import annotations

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.operators.arithmetic import Add
from nndsl.operators.contraction import AddContract, Contract
from nndsl.planning.divide import has_batch


def add_products(graph: Graph) -> Graph:
    """The graph in which the second of two products that are only added up is added to the first."""
    outputs = set(graph.outputs.values())

    def is_read_once(node: Node) -> bool:
        return node not in outputs and len(graph.users[node]) == 1

    def added(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if not isinstance(node.operator, Add) or has_batch(node.type) or node.type.rank < 2:
            return None
        if node.inputs[0] is node.inputs[1] or not all(map(is_read_once, node.inputs)):
            return None
        for first, second in (inputs, inputs[::-1]):
            if isinstance(first.operator, Contract | AddContract) and isinstance(second.operator, Contract):
                return build(AddContract(second.operator.equation), first, *second.inputs, name=node.name)
        return None

    return rewrite(graph, added)
