"""The public view of a graph: a frozen networkx multigraph with readable attributes."""

from __future__ import annotations

from typing import Any

import networkx as nx

from nndsl.graph.export import export_dot, export_graphml, export_json
from nndsl.graph.graph import Graph, Node
from nndsl.graph.text import print_constants, print_graph
from nndsl.operators.loop import Loop


class ComputationGraph(nx.MultiDiGraph):  # type: ignore[misc]
    """Nodes by name, an edge for each operand place; it cannot be changed.

    Node attributes: `operator`, `kind`, `type`, `shape` (a tuple of texts), `constants`, and where they
    are known `layer`, `line` and `column` in the spec. Edge attribute: `operand`, the place of the
    source among the operands. Graph attribute: `outputs`, node names by what results are known by.

    What a loop `h.loop` does at each step are nodes `h.loop/h.tanh` with the attribute `loop`; feedback are
    edges with the attribute `delay`.
    """

    _text = ""

    @classmethod
    def of(cls, graph: Graph) -> ComputationGraph:
        """The view of a graph."""
        view = cls(outputs={name: node.name for name, node in graph.outputs.items()})
        view._add(graph, "")
        view._text = print_graph(graph)
        nx.freeze(view)
        return view

    def _add(self, graph: Graph, path: str) -> None:
        """Adds the nodes of a graph, or of the body of the loop whose path it is."""
        for node in graph:
            name = path + node.name
            self.add_node(name, **_attributes(node), **({"loop": path[:-1]} if path else {}))
            for place, operand in enumerate(node.inputs):
                self.add_edge(path + operand.name, name, operand=place)
            if isinstance(node.operator, Loop):
                self._add(node.operator.body, f"{name}/")
                self._add_feedback(node.operator, f"{name}/")

    def _add_feedback(self, loop: Loop, path: str) -> None:
        for carry in loop.carries:
            for delay in carry.delays:
                if (leaf := loop.leaves.get(carry.key(delay))) is not None:
                    source = loop.body.outputs[carry.output]
                    self.add_edge(path + source.name, path + leaf.name, delay=delay)

    def __str__(self) -> str:
        return self._text

    def to_json(self) -> str:
        """Node-link JSON, as networkx reads it."""
        return export_json(self)

    def to_graphml(self) -> str:
        return export_graphml(self)

    def to_dot(self) -> str:
        """Text for Graphviz."""
        return export_dot(self, label="operator")


def _attributes(node: Node) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operator": node.operator.name,
        "kind": str(node.operator.kind),
        "type": str(node.type),
        "shape": tuple(map(str, node.type.extents)),
        "constants": print_constants(node.operator),
    }
    if node.layer:
        found["layer"] = node.layer
    if node.span:
        found["line"], found["column"] = node.span.source.line_column(node.span.start)
    return found
