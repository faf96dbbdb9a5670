"""`--emit`: any stage of a compilation as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.graph.graph import Graph
from nndsl.graph.text import print_graph

if TYPE_CHECKING:
    from nndsl.network import Network

FORMS = ("text", "json", "graphml", "dot")


def emit(network: Network, stage: str, form: str = "text") -> str:
    """The text of a stage. `topology` and the graphs also come as `json`, `graphml` or `dot`.

    Raises NNDSLError where the stage cannot be made, and ValueError for a form that the stage has not.
    """
    match stage:
        case "spec":
            from nndsl.syntax.format import format_spec

            return format_spec(network.spec)
        case "model":
            from nndsl.semantics.text import print_model

            return print_model(network.model)
        case "topology":
            return _formed(network.topology, form)
        case "graph":
            return _graph(network.forward_graph, form)
        case "gradient":
            return _graph(network.gradient_graph, form)
        case "optimized":
            return _graph(network.optimized_graph, form)
        case "plan":
            from nndsl.planning.text import print_plans

            return print_plans(network.plans)
        case "python":
            from nndsl.codegen.driver import driver

            return driver(network.plans)
        case _:
            raise ValueError(f"{stage} is no stage of the compilation")


def _graph(graph: Graph, form: str) -> str:
    if form == "text":
        return print_graph(graph)
    from nndsl.graph.computation_graph import ComputationGraph

    return _formed(ComputationGraph.of(graph), form)


def _formed(view: object, form: str) -> str:
    return str(view) if form == "text" else str(getattr(view, f"to_{form}")())
