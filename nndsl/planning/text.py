"""Plans as text: buffers with their places, and instructions with the spec's lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from nndsl.codegen.group import Group
from nndsl.planning.plan import Buffer, Instruction, Plan, Repeat, Segment, Step


def print_plans(plans: Mapping[str, Plan]) -> str:
    """Several plans, each under its name."""
    return "\n\n".join(print_plan(name, plan) for name, plan in plans.items())


def print_plan(name: str, plan: Plan) -> str:
    """A plan: its bounds, its buffers in the order of their places, its instructions in order."""
    return "\n".join([*_head(name, plan), "", *_buffers(plan), "", *_instructions(plan)])


def _head(name: str, plan: Plan) -> Iterator[str]:
    bounds = ", ".join(f"{symbol} ≤ {size}" for symbol, size in plan.bounds.items())
    yield f"plan {name}: {plan.precision}, {bounds}, {plan.arena_bytes:,} bytes of arena a thread"


def _buffers(plan: Plan) -> Iterator[str]:
    yield f"{'buffer':<32} {'type':<40} {'bytes':>12} {'at':>12}"
    ordered = sorted(plan.buffers.values(), key=lambda b: (b.segment is Segment.ARENA, b.offset_bytes))
    for buffer in ordered:
        yield f"{buffer.name:<32} {buffer.type!s:<40} {buffer.size_bytes:>12,} {_where(buffer):>12}"


def _where(buffer: Buffer) -> str:
    """A place in the arena, or in another buffer."""
    if buffer.part is None:
        return f"{buffer.offset_bytes:,}" if buffer.segment is Segment.ARENA else "external"
    start = [str(buffer.part.start)] if buffer.part.start.factor else []
    start += [f"{buffer.offset_bytes:,}"] if buffer.offset_bytes else []
    moves = f", +{buffer.part.step} a turn" if buffer.part.step is not None else ""
    return f"{' + '.join([buffer.part.base, *start])}{moves}"


def _instructions(plan: Plan) -> Iterator[str]:
    if plan.once:
        yield "once:"
        yield from _steps(plan.once, group_names(plan), "")
        yield "in each run:"
    yield from _steps(plan.instructions, group_names(plan), "")


def _steps(steps: Iterable[Step], names: Mapping[Group, str], indent: str) -> Iterator[str]:
    for number, step in enumerate(steps, 1):
        line = f"  # line {step.span.line_number}" if step.span else ""
        if isinstance(step, Repeat):
            yield f"{indent}{number:>4}  repeat {step.count} times: {step.name}{line}"
            yield from _steps(step.body, names, indent + "      ")
        else:
            arguments = ", ".join(map(str, step.arguments))
            yield f"{indent}{number:>4}  {kernel_name(step, names)}({arguments})"
            yield f"{indent}      = {', '.join(step.nodes)}{line}"


def group_names(plan: Plan) -> dict[Group, str]:
    """`fused_1`, `fused_2`, … for the distinct groups of a plan, in order of first use."""
    return {group: f"fused_{number}" for number, group in enumerate(plan.groups, 1)}


def kernel_name(instruction: Instruction, names: Mapping[Group, str]) -> str:
    return instruction.kernel if isinstance(instruction.kernel, str) else names[instruction.kernel]
