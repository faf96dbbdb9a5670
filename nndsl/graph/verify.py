"""Holds a graph against its own rules: the shape rules again, the order, the names."""

from __future__ import annotations

from nndsl.graph.graph import Graph, Node
from nndsl.graph.text import print_node
from nndsl.operators.loop import Loop, Taken
from nndsl.operators.operator import ShapeError


class GraphError(Exception):
    """A graph that breaks a rule: a defect of a builder or a pass, with the node and its surroundings."""

    def __init__(self, reason: str, graph: Graph, node: Node) -> None:
        place = graph.nodes.index(node) if node in graph.nodes else len(graph)
        window = [
            f"{'>' if n is node else ' '} {print_node(n)}" for n in graph.nodes[max(0, place - 4) : place + 3]
        ]
        spec = f" (from {node.span})" if node.span else ""
        super().__init__(f"{reason}{spec}\n" + "\n".join(window))


def verify(graph: Graph) -> Graph:
    """The graph itself, if it keeps the rules. Raises GraphError if not."""
    seen: set[Node] = set()
    names: set[str] = set()
    for node in graph:
        if node.name in names:
            raise GraphError(f"two nodes are named {node.name}", graph, node)
        for operand in node.inputs:
            if operand not in seen:
                raise GraphError(
                    f"{node.name} reads {operand.name}, which does not come before it", graph, node
                )
        try:
            type = node.operator.infer(*(operand.type for operand in node.inputs))
        except ShapeError as error:
            raise GraphError(f"{node.name}: {error}", graph, node) from error
        if (type.extents, type.element) != (node.type.extents, node.type.element):
            raise GraphError(f"{node.name} is {node.type}, but its operands give {type}", graph, node)
        match node.operator:
            case Loop(body=body):
                verify(body)
            case Taken() as taken if not taken.is_of(node.inputs[0].operator):
                raise GraphError(f"{node.inputs[0].name} has no such {taken.name}", graph, node)
        seen.add(node)
        names.add(node.name)
    for name, node in graph.outputs.items():
        if node not in seen:
            raise GraphError(f"output {name} is {node.name}, which is not in the graph", graph, node)
    return graph
