"""What the calls of a plan do: floating-point operations, and bytes that they read and write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod

from nndsl.analyses.cost import operations
from nndsl.graph.builder import prune
from nndsl.graph.graph import Graph, Node
from nndsl.operators.loop import Loop, Taken
from nndsl.planning.plan import Instruction, Plan, Repeat, Step, item_bytes
from nndsl.planning.planner import prepared
from nndsl.source import Span


@dataclass(frozen=True, slots=True)
class Work:
    """One call: the layer and place that it belongs to, the operators of the graph that it computes, what
    they cost, and the sizes of the buffers that it touches.
    """

    layer: str | None
    span: Span | None
    operators: tuple[str, ...]
    operations: int
    moved_bytes: int


def work(plan: Plan, graph: Graph, sizes: Mapping[str, int]) -> dict[Instruction, Work]:
    """The work of each instruction of a graph's plan, once, for some sizes.

    Where several instructions compute a node, the last does its operations, and the others arrange operands.
    What belongs to no layer belongs to that of the loop around it.
    """
    found = list(_computed(plan.instructions, prepared(graph), "", None))
    last = {node: instruction for instruction, nodes, _ in found for node in nodes}
    return {
        instruction: Work(
            instruction.layer or (around.layer if around is not None else None),
            instruction.span or (around.span if around is not None else None),
            tuple(dict.fromkeys(node.operator.name for node in nodes)),
            sum(
                operations(node, sizes) for node in nodes if last[node] is instruction and not _is_loop(node)
            ),
            _moved_bytes(plan, instruction, sizes),
        )
        for instruction, nodes, around in found
    }


def _computed(
    steps: Iterable[Step], graph: Graph, prefix: str, around: Repeat | None
) -> Iterator[tuple[Instruction, tuple[Node, ...], Repeat | None]]:
    """All instructions, with the nodes that they compute, which are those of a loop's body within it, and the
    loop around them."""
    for step in steps:
        if isinstance(step, Repeat):
            body = _body(graph, graph.by_name[step.name.removeprefix(prefix)])
            yield from _computed(step.body, prepared(body), f"{step.name}/", step)
        else:
            yield step, tuple(graph.by_name[name] for name in step.nodes if name in graph.by_name), around


def _body(graph: Graph, node: Node) -> Graph:
    """What is planned of a loop's body."""
    loop = node.operator
    assert isinstance(loop, Loop)
    wanted = {user.operator.output for user in graph.users[node] if isinstance(user.operator, Taken)}
    wanted |= {carry.output for carry in loop.carries}
    return prune(Graph(loop.body.nodes, {n: o for n, o in loop.body.outputs.items() if n in wanted}))


def _is_loop(node: Node) -> bool:
    """Whether a node is computed by the instructions of its body."""
    return isinstance(node.operator, Loop)


def _moved_bytes(plan: Plan, instruction: Instruction, sizes: Mapping[str, int]) -> int:
    buffers = [plan.buffers[name] for name in dict.fromkeys((*instruction.reads, *instruction.writes))]
    return sum(prod(b.type.shape(sizes)) * item_bytes(b.type.element, plan.precision) for b in buffers)
