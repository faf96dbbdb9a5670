"""Reverse-mode differentiation: a graph extended by the nodes that compute its gradient.

Gradients are built of the same operators as the graph itself, so they can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from nndsl.differentiation.through_time import loop_gradient
from nndsl.graph.builder import Builder, extend, prune
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import Element
from nndsl.operators.arithmetic import Add
from nndsl.operators.broadcasting import filled
from nndsl.operators.loop import Loop, Taken

Key = TypeVar("Key")

GRADIENT = "gradient."
"""The names of gradients among a graph's outputs begin so."""


def differentiate(graph: Graph, output: str, with_respect_to: Iterable[str]) -> Graph:
    """The graph with an output `gradient.NAME` for each named node: ∂output/∂NAME, in its shape.

    The output must be a real scalar. The gradient is zeros where the output does not depend on the node.
    Raises KeyError where there is no such output or node.
    """
    build, outputs = extend(graph)
    wanted = [graph.by_name[name] for name in with_respect_to]
    result = outputs[output]
    if result.type.rank or result.type.element != Element.REAL:
        raise ValueError(f"{output} is {result.type}; only a real scalar has a gradient")
    with build.at(result.layer, result.span, f"{result.name}.gradient"):
        cotangents = vector_jacobian(build, {result: filled(build, 1.0, result.type)}, wanted)
    for node in wanted:
        with build.at(node.layer, node.span, f"{node.name}.gradient"):
            outputs[GRADIENT + node.name] = cotangents.get(node) or filled(build, 0.0, node.type)
    return prune(build.graph(outputs))


def vector_jacobian(
    build: Builder, cotangents: Mapping[Node, Node], wanted: Iterable[Node]
) -> dict[Node, Node]:
    """The cotangents of the wanted nodes, given those of some results; zero ones are left out.

    `Σ dy·∂y/∂x` over all results y. Nodes that lead to nothing wanted are not visited. What is
    built carries the layer and span of the forward node that it belongs to.
    """
    wanted = set(wanted)
    forward = build.nodes
    leading = set(wanted)
    for node in forward:
        if node.operator.differentiable and not leading.isdisjoint(node.inputs):
            leading.add(node)
    found = {node: dy for node, dy in cotangents.items() if node in leading}
    taken: dict[Node, dict[Taken, Node]] = {}  # of each loop, the cotangents of what is taken out of it
    for node in reversed(forward):
        with build.at(node.layer, node.span, f"{node.name}.gradient"):
            match node.operator:
                case Taken() as operator if node in found:
                    _add(build, taken.setdefault(node.inputs[0], {}), operator, found[node])
                    continue
                case Loop() if node in taken:
                    parts = loop_gradient(build, node, taken[node], leading, vector_jacobian)
                case operator if node in found and operator.differentiable:
                    parts = operator.gradient(build, node, found[node])
                case _:
                    continue
            for operand, part in zip(node.inputs, parts, strict=True):
                if part is not None and operand in leading:
                    _add(build, found, operand, part)
    return {node: found[node] for node in wanted if node in found}


def _add(build: Builder, cotangents: dict[Key, Node], key: Key, dy: Node) -> None:
    cotangents[key] = build(Add(), cotangents[key], dy) if key in cotangents else dy
