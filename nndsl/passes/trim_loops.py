"""Leaves out of loops what nobody asks for: outputs, carried values, operands."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from nndsl.graph.builder import Builder, prune, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.operators.loop import Loop, LoopState, Taken


def trim_loops(graph: Graph) -> Graph:
    """The graph in which loops compute and carry only what is needed in the end."""
    trimmed = _trimmed(graph)

    def rule(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        if node not in trimmed:
            return None
        operator, kept = trimmed[node]
        return build(operator, *(inputs[place] for place in kept))

    return rewrite(graph, rule) if trimmed else graph


def _trimmed(graph: Graph) -> dict[Node, tuple[Loop, list[int]]]:
    """Each loop with less in it, and the places of the operands that it still takes, from the last on:
    what it no longer takes, earlier loops need not give."""
    found: dict[Node, tuple[Loop, list[int]]] = {}
    needed = set(graph.outputs.values())
    asked: dict[Node, set[Taken]] = {}
    for node in reversed(graph.nodes):
        if node not in needed:
            continue
        match node.operator:
            case Loop() as loop:
                found[node] = _with_less(loop, asked[node])
                needed.update(node.inputs[place] for place in found[node][1])
            case operator:
                needed.update(node.inputs)
                if isinstance(operator, Taken):
                    asked.setdefault(node.inputs[0], set()).add(operator)
    return found


def _with_less(loop: Loop, asked: Collection[Taken]) -> tuple[Loop, list[int]]:
    """A loop that gives what is asked for, and the places of the operands that it takes."""
    states = {taken.output for taken in asked if isinstance(taken, LoopState)}
    wanted = {taken.output for taken in asked}
    while True:
        outputs = {name: node for name, node in loop.body.outputs.items() if name in wanted}
        body = prune(Graph(loop.body.nodes, outputs))
        keys = {node.name for node in body}
        carries = [c for c in loop.carries if c.output in states or any(c.key(d) in keys for d in c.delays)]
        more = {carry.output for carry in carries} - wanted
        if not more:
            break
        wanted |= more
    kept = [carry in carries for carry in loop.carries]
    kept += [key in keys for key in (*loop.inputs, *loop.shared)]
    less = replace(
        loop,
        body=body,
        carries=tuple(carries),
        inputs=tuple(key for key in loop.inputs if key in keys),
        shared=tuple(key for key in loop.shared if key in keys),
    )
    return less, [place for place, keep in enumerate(kept) if keep]
