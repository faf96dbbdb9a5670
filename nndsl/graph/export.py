"""networkx graphs as text for other tools: node-link JSON, GraphML, DOT."""

from __future__ import annotations

import json
from typing import Any

import networkx as nx


def export_json(graph: nx.Graph) -> str:
    """Node-link JSON; `networkx.node_link_graph(json.loads(text), edges="edges")` reads it."""
    return json.dumps(nx.node_link_data(graph, edges="edges"), indent=1, default=str)


def export_graphml(graph: nx.Graph) -> str:
    """GraphML, which knows numbers, truths and texts; other attributes are written as text."""
    plain = nx.MultiDiGraph() if graph.is_directed() else nx.MultiGraph()
    plain.add_nodes_from((name, _scalars(attributes)) for name, attributes in graph.nodes(data=True))
    plain.add_edges_from((a, b, _scalars(attributes)) for a, b, attributes in graph.edges(data=True))
    return "\n".join(nx.generate_graphml(plain)) + "\n"


def export_dot(graph: nx.Graph, label: str) -> str:
    """DOT for Graphviz: each node with its name and the attribute `label`, the other ones as a tooltip."""
    arrow, kind = ("->", "digraph") if graph.is_directed() else ("--", "graph")
    lines = [f"{kind} {{", "  node [shape=box]"]
    for name, attributes in graph.nodes(data=True):
        text = f"{name}\n{attributes[label]}" if label in attributes else str(name)
        tooltip = "\n".join(f"{key}: {value}" for key, value in attributes.items() if key != label)
        lines.append(f"  {_quoted(name)} [label={_quoted(text)}, tooltip={_quoted(tooltip)}]")
    for a, b, attributes in graph.edges(data=True):
        tooltip = "\n".join(f"{key}: {value}" for key, value in attributes.items())
        lines.append(f"  {_quoted(a)} {arrow} {_quoted(b)} [tooltip={_quoted(tooltip)}]")
    return "\n".join([*lines, "}"]) + "\n"


def _scalars(attributes: dict[str, Any]) -> dict[str, Any]:
    known = {key: value for key, value in attributes.items() if value is not None}
    return {
        key: value if type(value) in (bool, int, float, str) else str(value) for key, value in known.items()
    }


def _quoted(value: object) -> str:
    text = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'
