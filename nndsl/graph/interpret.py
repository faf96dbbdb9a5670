"""What a graph means: its operators' NumPy references, one after another."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import Element
from nndsl.operators.lazy import Array
from nndsl.operators.leaves import Fed


def interpret(
    graph: Graph, feeds: Mapping[str, Array], sizes: Mapping[str, int] | None = None, real: type = np.float64
) -> dict[str, Array]:
    """The graph's outputs by name, given its inputs and parameters by key and the symbols' sizes.

    Raises KeyError where a feed or a size is missing, and ValueError where a feed has the wrong shape.
    """
    sizes = sizes or {}
    last_use = {operand: node for node in graph for operand in node.inputs}
    kept = set(graph.outputs.values())
    values: dict[Node, Array] = {}
    for node in graph:
        values[node] = _value(node, tuple(values[operand] for operand in node.inputs), feeds, sizes, real)
        for operand in set(node.inputs):
            if last_use[operand] is node and operand not in kept:
                del values[operand]
    return {name: values[node] for name, node in graph.outputs.items()}


def _value(
    node: Node, operands: tuple[Array, ...], feeds: Mapping[str, Array], sizes: Mapping[str, int], real: type
) -> Array:
    operator = node.operator
    if isinstance(operator, Fed):
        value = np.asarray(feeds[operator.key])
        if value.shape != node.type.shape(sizes):
            raise ValueError(f"{operator.key} is {node.type.shape(sizes)}, but the feed is {value.shape}")
    else:
        with np.errstate(all="ignore"):
            value = np.asarray(operator.evaluate(operands, sizes))
    return value.astype(real, copy=False) if node.type.element == Element.REAL else value
