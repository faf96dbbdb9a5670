"""Calls of one program -> those of several threads that run it together, in one memory.

Each call is divided by itself (`shares`); what cannot be divided, or is too small, the first thread does.
Threads meet before a call that touches what another thread may still read or write.

Each thread has an equal share of a call, as all of them have the same cores to run on, or so it seems. Some
cores are slower than others, and some threads have to give theirs to somebody else for a while. So a share
that takes long is cut into pieces, and who has done with his own takes some of another thread's. Who makes a
piece does not matter to what comes out. Where pieces add to one sum, each has one of its own, which are added
up in their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from nndsl.runtime.binding import MEET, Call, Calls, Meeting, Repeated, Stretch, Taken
from nndsl.runtime.memory import Array, address, zeros
from nndsl.runtime.shares import Way, ways

NEARLY_EQUAL = 1.1
"""Of two ways to divide a call the better one is taken, if its largest share is not so many times larger."""

STEPS_WORTH_SHARING = 4096
"""Steps of a loop that take about as long as it takes threads to meet."""

STEPS_WORTH_TAKING = 4 * STEPS_WORTH_SHARING
"""Steps of a loop for which it pays to have a piece of their own."""

COUNTER_CELLS = 8
"""Integers from a thread's counter to the next one's: they do not lie in one cache line."""


def together(calls: Calls, threads: int, real_bytes: int) -> Sequence[Calls]:
    """What each thread calls. Threads meet at the end of a turn without being told here."""
    if threads == 1:
        return [calls]
    return _Team(threads, real_bytes).spread(calls).rows


@dataclass(frozen=True, slots=True)
class _Done:
    """What has been called since the last meeting; `alone` by the first thread. Loops may touch anything."""

    call: Call | Repeated
    alone: bool

    def disturbs(self, later: _Done) -> bool:
        """Whether threads must meet in between."""
        if self.alone and later.alone:
            return False
        first, second = self.call, later.call
        if not (_is_known(first) and _is_known(second)):
            return True
        assert isinstance(first, Call) and isinstance(second, Call)
        return _meet(first.writes, second.reads + second.writes) or _meet(first.reads, second.writes)


def _is_known(call: Call | Repeated) -> bool:
    return isinstance(call, Call) and bool(call.writes)


def _meet(some: Sequence[Stretch], others: Sequence[Stretch]) -> bool:
    return any(a.meets(b) for a in some for b in others)


class _Spread:
    """The calls of each thread, so far."""

    def __init__(self, threads: int) -> None:
        self.rows: list[list[Call | Taken | Repeated | Meeting]] = [[] for _ in range(threads)]
        self.since: list[_Done] = []

    @property
    def is_alone(self) -> bool:
        """Whether the first thread does everything."""
        return not any(self.rows[1:])

    def meet(self) -> None:
        for row in self.rows:
            row.append(MEET)
        self.since.clear()

    def follow(self, call: Call | Repeated, alone: bool) -> None:
        """Lets threads meet, if they must before this call."""
        done = _Done(call, alone)
        if any(before.disturbs(done) for before in self.since):
            self.meet()
        self.since.append(done)


class _Team:
    def __init__(self, threads: int, real_bytes: int) -> None:
        self.threads, self.real_bytes = threads, real_bytes

    def spread(self, calls: Calls) -> _Spread:
        found = _Spread(self.threads)
        for call in calls:
            match call:
                case Call():
                    self._call(call, found)
                case Repeated():
                    self._repeat(call, found)
                case Meeting():
                    found.meet()
                case Taken():
                    raise AssertionError("a team is given whole calls")
        return found

    def _call(self, call: Call, found: _Spread) -> None:
        way = self._way(call)
        found.follow(call, way is None)
        if way is None:
            found.rows[0].append(call)
            return
        shares = [self._pieces(way, call, thread) for thread in range(self.threads)]
        if not way.sums and (call.moves or max(map(len, shares)) == 1):
            for thread, row in enumerate(found.rows):
                first, count = self._share(way, call, thread)
                if count:
                    row.append(_part(call, way, first, count, thread))
            return
        counters = np.zeros((self.threads, COUNTER_CELLS), np.int64)
        numbers = {piece: number for number, piece in enumerate(chain(*shares))}
        parts = {place: self._memory(len(numbers), entries) for place, entries in way.sums.items()}
        for thread, row in enumerate(found.rows):
            order = [(thread + n) % self.threads for n in range(self.threads)]
            pieces = [
                [
                    _to_parts(_part(call, way, *piece, thread), parts, numbers[piece])
                    for piece in shares[other]
                ]
                for other in order
            ]
            row.append(Taken(call, pieces, [counters[other] for other in order], list(parts.values())))
        for place, part in parts.items():
            self._add_up(call, place, part, found)

    def _memory(self, pieces: int, entries: int) -> Array:
        """Memory for a sum of each piece."""
        return zeros((pieces, entries), np.dtype(f"f{self.real_bytes}"))

    def _add_up(self, call: Call, place: int, parts: Array, found: _Spread) -> None:
        """The first thread adds up a sum's parts, once all have been made."""
        total, (pieces, entries) = call.arguments[place], parts.shape
        arguments = (total, address(parts), 0, entries, pieces, entries)
        writes = (Stretch(total, total + parts[0].nbytes),)
        added = replace(call, kernel="add_shares", arguments=arguments, reads=(), writes=writes, scratch=())
        found.follow(added, alone=True)
        found.rows[0].append(added)

    def _repeat(self, loop: Repeated, found: _Spread) -> None:
        inner = self.spread(loop.calls)
        found.follow(loop, inner.is_alone)
        if inner.is_alone:
            found.rows[0].append(loop)
            return
        inner.meet()
        for row, calls in zip(found.rows, inner.rows, strict=True):
            row.append(Repeated(loop.name, calls, loop.count))
        found.since.clear()

    def _way(self, call: Call) -> Way | None:
        """How a call is divided; None where the first thread makes it."""
        if not _is_known(call):
            return None
        possible = ways(call.kernel, call.arguments, self.real_bytes)
        least = min((self._largest(way, call) for way in possible), default=1.0)
        if least == 1:
            return None
        best = next(way for way in possible if self._largest(way, call) <= NEARLY_EQUAL * least)
        if call.moves and best.sums:
            return None  # the parts of a sum would have to move along
        return best if best.work * call.arguments[best.count] >= STEPS_WORTH_SHARING else None

    def _largest(self, way: Way, call: Call) -> float:
        """The largest share, as a part of the whole."""
        counts = [self._share(way, call, thread)[1] for thread in range(self.threads)]
        return max(counts) / max(call.arguments[way.count], 1)

    def _pieces(self, way: Way, call: Call, thread: int) -> list[tuple[int, int]]:
        """Where the pieces of a thread's share begin, and how many units they have: half of what is left,
        as long as that pays."""
        first, left = self._share(way, call, thread)
        unit = max(way.least, way.grain)
        least = unit * max(1, -(-STEPS_WORTH_TAKING // max(way.work * unit, 1)))
        found = []
        while left:
            half = -(-left // (2 * least)) * least
            count = half if left - half >= least else left
            found.append((first, count))
            first, left = first + count, left - count
        return found

    def _share(self, way: Way, call: Call, thread: int) -> tuple[int, int]:
        """Where a thread's share begins, and how many units it has."""
        units = call.arguments[way.count]
        grains = -(-units // way.grain)
        first, end = (min(way.grain * (grains * t // self.threads), units) for t in (thread, thread + 1))
        return first, end - first


def _to_parts(call: Call, parts: Mapping[int, Array], number: int) -> Call:
    """A piece whose sums go to memory of its own."""
    arguments = list(call.arguments)
    for place, part in parts.items():
        arguments[place] = address(part) + number * part[0].nbytes
    return replace(call, arguments=tuple(arguments))


def _part(call: Call, way: Way, first: int, count: int, thread: int) -> Call:
    """The call of one thread."""
    arguments = list(call.arguments)
    arguments[way.count] = count
    for place, by in way.moves.items():
        arguments[place] += by * first
    for place, size_bytes in call.scratch:
        arguments[place] += size_bytes * thread
    return replace(call, arguments=tuple(arguments))
