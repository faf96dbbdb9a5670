"""Makes narrow rows long: a bias of six units over a grid is repeated for one of its lines.

A loop over six entries leaves most of a vector empty, and takes as long to begin as to run. Where nothing
tells the units of a place from those of the next one, a loop nest takes a whole line of the grid as one row.
So what is the same at each place is laid out for a line, and what is summed over all places is summed over
lines first.
"""

from __future__ import annotations

from math import prod

from nndsl.codegen.group import NARROW
from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import TensorType
from nndsl.operators.broadcasting import Expand, Repeat, Sum
from nndsl.operators.leaves import Fed
from nndsl.operators.operator import Kind

WIDE_ENOUGH = 64
"""So many entries are some vectors of any machine."""


def widen(graph: Graph) -> Graph:
    """The graph in which what varies along narrow innermost axes alone varies along one more."""

    def widened(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        match node.operator:
            case Expand(new=new, dimensions=dimensions) if _has_memory(node.inputs[0]):
                count = _absorbed(node.type, new)
                if not count:
                    return None
                line = build(Repeat(tuple(range(count)), dimensions[-count:]), *inputs)
                return build(Expand(new[:-count], dimensions[:-count]), line, name=node.name)
            case Sum(axes=axes):
                count = _absorbed(node.inputs[0].type, axes)
                if not count:
                    return None
                line = build(Sum(axes[:-count]), *inputs)
                return build(Sum(tuple(range(count))), line, name=node.name)
            case _:
                return None

    return rewrite(graph, widened)


def _has_memory(node: Node) -> bool:
    """Whether a value is computed or given, and not a formula of constants and places."""
    return isinstance(node.operator, Fed) or node.operator.kind is not Kind.LEAF


def _absorbed(type: TensorType, outer: tuple[int, ...]) -> int:
    """How many of the leading axes `outer` are to be taken to the narrow ones behind them, whose rows they
    make long; none where that is not possible, or no axis would be left."""
    extents = [extent.known for extent in type.extents]
    if outer != tuple(range(len(outer))) or len(outer) == len(extents) or None in extents[len(outer) :]:
        return 0
    width = prod(extent or 0 for extent in extents[len(outer) :])
    count = 0
    if not 1 < width < NARROW:
        return 0
    while width < WIDE_ENOUGH and count < len(outer) - 1:
        known = extents[len(outer) - 1 - count]
        if known is None:
            break
        width, count = width * known, count + 1
    return count
