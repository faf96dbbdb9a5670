"""Plans as text: buffers with their places, and instructions with the spec's lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nndsl.codegen.group import Group
from nndsl.planning.plan import Instruction, Plan, Segment


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
        place = f"{buffer.offset_bytes:,}" if buffer.segment is Segment.ARENA else "external"
        yield f"{buffer.name:<32} {buffer.type!s:<40} {buffer.size_bytes:>12,} {place:>12}"


def _instructions(plan: Plan) -> Iterator[str]:
    names = group_names(plan)
    for number, instruction in enumerate(plan.instructions, 1):
        line = f"line {instruction.span.line_number}" if instruction.span else ""
        kernel = kernel_name(instruction, names)
        arguments = ", ".join(map(str, instruction.arguments))
        yield f"{number:>4}  {kernel}({arguments})"
        yield f"      = {', '.join(instruction.nodes)}{'  # ' + line if line else ''}"


def group_names(plan: Plan) -> dict[Group, str]:
    """`fused_1`, `fused_2`, … for the distinct groups of a plan, in order of first use."""
    return {group: f"fused_{number}" for number, group in enumerate(plan.groups, 1)}


def kernel_name(instruction: Instruction, names: Mapping[Group, str]) -> str:
    return instruction.kernel if isinstance(instruction.kernel, str) else names[instruction.kernel]
