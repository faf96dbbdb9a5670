"""Which definitions depend on each other, and so are one loop in time; and the order to build them in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from heapq import heapify, heappop, heappush

from nndsl.semantics.model import At, Definition, Expression, Value
from nndsl.semantics.order import strongly_connected
from nndsl.semantics.walk import values_of, walk
from nndsl.types import IndexSet

Component = tuple[Definition, ...]


def values_read(definition: Definition) -> Iterator[Value]:
    """The values that a definition and its start read, once for each place."""
    yield from values_of(definition.expression)
    if definition.start is not None:
        yield from values_of(definition.start)


def components(definitions: Sequence[Definition]) -> tuple[Component, ...]:
    """The definitions, those together that depend on each other, after all that they read from others.

    Where there is a choice they come as in the model, and so do the members of one component.
    """
    place = {definition.value.name: number for number, definition in enumerate(definitions)}
    reads = [
        [place[value.name] for value in values_read(definition) if value.name in place]
        for definition in definitions
    ]
    found = [sorted(part) for part in strongly_connected(place.values(), lambda number: reads[number])]
    return tuple(tuple(definitions[number] for number in part) for part in _in_order(found, reads))


def _in_order(parts: list[list[int]], reads: list[list[int]]) -> Iterator[list[int]]:
    owner = {number: part[0] for part in parts for number in part}
    members = {part[0]: part for part in parts}
    waits = {
        first: {owner[other] for number in part for other in reads[number]} - {first}
        for first, part in members.items()
    }
    readers: dict[int, list[int]] = {first: [] for first in members}
    for first, others in waits.items():
        for other in others:
            readers[other].append(first)
    ready = [first for first, others in waits.items() if not others]
    heapify(ready)
    while ready:
        first = heappop(ready)
        yield members[first]
        for reader in readers[first]:
            waits[reader].discard(first)
            if not waits[reader]:
                heappush(ready, reader)


def is_loop(component: Component) -> bool:
    """Whether the members depend on themselves."""
    first = component[0]
    return len(component) > 1 or any(value.name == first.value.name for value in values_read(first))


def direction(component: Component) -> tuple[IndexSet, bool]:
    """The ordered set that a loop runs along, and whether it does so backwards.

    That all delays of a loop go one way has been checked before.
    """
    members = {definition.value.name for definition in component}
    for definition in component:
        for part in walk(definition.expression):
            if isinstance(part, At) and part.delay and depends(part, members):
                pick = next(pick for pick in part.picks if pick.shift)
                return part.value.type.space[pick.axis].set, pick.shift > 0
    raise AssertionError("a cycle without a delay has been refused before")


def depends(expression: Expression, names: Collection[str]) -> bool:
    """Whether an expression reads one of these values."""
    return any(value.name in names for value in values_of(expression))
