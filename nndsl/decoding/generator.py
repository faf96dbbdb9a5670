"""Model -> Stepwise: the steps of what `generate` feeds back, or why there are none."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nndsl.decoding.rows import NotByRows, ReadsAhead
from nndsl.decoding.step import Stepwise, stepwise
from nndsl.diagnostics.catalogue.execution import GenerationNotExecutable
from nndsl.diagnostics.catalogue.training import GenerateReadsAhead
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.graph.graph import Graph, Node
from nndsl.semantics.model import Generation

LOGITS = "logits"
"""The name of the result of a step."""


def generator(generation: Generation, graph: Graph) -> Stepwise:
    """The steps by which a network, of this forward graph, generates.

    Raises NNDSLError where an output depends on later symbols, with the path, or has no steps.
    """
    results = {LOGITS: graph.outputs[generation.logits.name]}
    try:
        return stepwise(graph, generation.into.name, generation.along.name, results)
    except ReadsAhead as found:
        mistake = GenerateReadsAhead(
            _layer(found.node),
            _path(graph, generation, found),
            generation.span,
            span=found.node.span or generation.span,
        )
        raise NNDSLError([mistake]) from None
    except NotByRows as found:
        place = found.node.span or generation.span
        refusal = GenerationNotExecutable(span=place, layer=_layer(found.node), reason=found.reason)
        raise NNDSLError([refusal]) from None


def _layer(node: Node) -> str:
    return node.layer or node.name


def _path(graph: Graph, generation: Generation, found: ReadsAhead) -> tuple[str, ...]:
    """The layers from the input, through those of which one reads the other ahead, to what is fed back."""
    into = {node for node in graph if node.name == generation.into.name}
    out = graph.outputs[generation.logits.name]
    before = _shortest(found.read, into, lambda node: node.inputs)
    after = _shortest(found.node, {out}, lambda node: graph.users[node])
    names = [_layer(node) for node in (*reversed(before), *after)]
    return tuple(name for k, name in enumerate(names) if k == 0 or name != names[k - 1])


def _shortest(start: Node, ends: set[Node], further: Callable[[Node], Iterable[Node]]) -> list[Node]:
    """The nodes of a shortest way from a node to one of several."""
    came: dict[Node, Node | None] = {start: None}
    pending = [start]
    for node in pending:
        if node in ends:
            way = [node]
            while (last := came[way[-1]]) is not None:
                way.append(last)
            return way[::-1]
        for other in further(node):
            if other not in came:
                came[other] = node
                pending.append(other)
    return [start]
