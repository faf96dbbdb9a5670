"""Places buffers in the arena so that those alive at the same time do not overlap."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nndsl.planning.plan import ALIGNMENT_BYTES


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A buffer's size, and the first and the last instruction that touches it.

    `reuses` names a buffer whose place it takes over: an operand that dies where this one is made.
    """

    size_bytes: int
    first: int
    last: int
    reuses: str | None = None


def aligned(size_bytes: int) -> int:
    return -(-size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def place(lifetimes: Mapping[str, Lifetime]) -> tuple[dict[str, int], int]:
    """Offsets in bytes by buffer, and the arena's size.

    First fit in order of birth: the smallest free gap that is large enough, else the end. A
    place that is taken over stays taken until its last tenant dies.
    """
    offsets: dict[str, int] = {}
    free: list[tuple[int, int]] = []  # (offset, size), by offset
    end = 0
    dying: list[tuple[int, str]] = []
    heirs = {life.reuses for life in lifetimes.values() if life.reuses is not None}
    for name, life in sorted(lifetimes.items(), key=lambda item: item[1].first):
        while dying and dying[0][0] < life.first:
            _, dead = dying.pop(0)
            free = _release(free, offsets[dead], aligned(lifetimes[dead].size_bytes))
        size = aligned(life.size_bytes)
        if life.reuses is not None:
            offsets[name] = offsets[life.reuses]
        else:
            offset, free, end = _take(free, end, size)
            offsets[name] = offset
        if name not in heirs:
            insort(dying, (life.last, name))
    return offsets, end


def _take(free: list[tuple[int, int]], end: int, size: int) -> tuple[int, list[tuple[int, int]], int]:
    fits = [(gap, offset) for offset, gap in free if gap >= size]
    if fits:
        gap, offset = min(fits)
        rest = [(o, g) for o, g in free if o != offset]
        if gap > size:
            insort(rest, (offset + size, gap - size))
        return offset, rest, end
    if free and sum(free[-1]) == end:  # the last gap grows
        offset, _ = free[-1]
        return offset, free[:-1], offset + size
    return end, free, end + size


def _release(free: Iterable[tuple[int, int]], offset: int, size: int) -> list[tuple[int, int]]:
    if size == 0:
        return list(free)
    merged: list[tuple[int, int]] = []
    for o, g in sorted([*free, (offset, size)]):
        if merged and sum(merged[-1]) == o:
            merged[-1] = (merged[-1][0], merged[-1][1] + g)
        else:
            merged.append((o, g))
    return merged
