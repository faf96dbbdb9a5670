"""Parts the steps of a plan: what depends on fixed buffers alone is done once, however often the rest is run.

So weights that stay as they are get packed, rearranged or scaled once for many runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from nndsl.planning.plan import Buffer, Instruction, Segment, Step


def settle(
    steps: Sequence[Step],
    fixed: Collection[str],
    buffers: Mapping[str, Buffer],
    whole_of: Callable[[str], str],
) -> tuple[list[Step], list[Step], set[str]]:
    """What is done once, the rest, and the buffers that the first leaves for the second.

    Those have sizes that nothing given changes. Loops belong to the rest.
    """
    writers: dict[str, set[int]] = {}
    for number, step in enumerate(steps):
        scratch = step.scratch if isinstance(step, Instruction) else ()
        for name in map(whole_of, (*step.writes, *scratch)):
            writers.setdefault(name, set()).add(number)

    def stays(name: str) -> bool:
        """Whether a buffer holds the same in each run."""
        made = writers.get(whole_of(name), set())
        return made <= once if made else name in fixed

    once = {number for number, step in enumerate(steps) if _may_settle(step, buffers)}
    while changing := {
        number for number in once if not all(map(stays, (*steps[number].reads, *steps[number].writes)))
    }:
        once -= changing
    rest = [step for number, step in enumerate(steps) if number not in once]
    read = {whole_of(name) for step in rest for name in step.reads}
    kept = {name for name, made in writers.items() if name in read and made <= once}
    return [steps[number] for number in sorted(once)], rest, kept


def _may_settle(step: Step, buffers: Mapping[str, Buffer]) -> bool:
    """Whether a step makes values of known sizes, in memory of its own."""
    return isinstance(step, Instruction) and all(
        buffers[name].part is None
        and buffers[name].segment is Segment.ARENA
        and all(extent.known is not None for extent in buffers[name].type.extents)
        for name in step.writes
    )
