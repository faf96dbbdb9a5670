"""The order of definitions: strongly connected components, and cycles without a delay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TypeVar

from nndsl.diagnostics.catalogue.topology import UndelayedCycle
from nndsl.diagnostics.diagnostic import Diagnostics
from nndsl.semantics.draft import At, Draft, DraftDefinition, Reduce, Ref
from nndsl.source import Span

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Dependency:
    """A definition that another one reads, where, and whether through a delay."""

    on: DraftDefinition
    span: Span
    delayed: bool


def dependencies(definition: DraftDefinition) -> Iterator[Dependency]:
    """What a definition reads, once for each place."""
    yield from read_by(definition.expression)
    if definition.start is not None:
        yield from read_by(definition.start)


def read_by(draft: Draft) -> Iterator[Dependency]:
    """The definitions that an expression reads."""
    pending: list[tuple[Draft, bool]] = [(draft, False)]
    while pending:
        current, delayed = pending.pop()
        if isinstance(current, Ref) and current.value.definition is not None:
            yield Dependency(current.value.definition, current.span, delayed)
        delayed = delayed or (isinstance(current, At) and current.delayed)
        pending.extend((child, delayed) for child in reversed(current.children()))


def _space_sources(definition: DraftDefinition) -> Iterator[DraftDefinition]:
    """The arguments that bind the set variables of a definition: their spaces must be found before."""
    terms = [term for term, _ in definition.statement.over or ()]
    pending: list[Draft] = [definition.expression]
    while pending:
        current = pending.pop()
        if isinstance(current, Reduce) and current.over is not None:
            terms.append(current.over)
        pending.extend(current.children())
    for term in terms:
        for value in term.source:
            if value.definition is not None:
                yield value.definition


def components(definitions: Sequence[DraftDefinition]) -> list[list[DraftDefinition]]:
    """Strongly connected components, each after those that it depends on."""

    def successors(definition: DraftDefinition) -> list[DraftDefinition]:
        return [*(d.on for d in dependencies(definition)), *_space_sources(definition)]

    return list(strongly_connected(definitions, successors))


def strongly_connected(nodes: Iterable[T], successors: Callable[[T], Sequence[T]]) -> Iterator[list[T]]:
    """Tarjan's algorithm without recursion; a component comes after all that it leads to."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[T] = []
    on_stack: set[int] = set()
    for root in nodes:
        if id(root) in index:
            continue
        work: list[tuple[T, Iterator[T]]] = [_enter(root, index, low, stack, on_stack, successors)]
        while work:
            node, rest = work[-1]
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    parent = id(work[-1][0])
                    low[parent] = min(low[parent], low[id(node)])
                if low[id(node)] == index[id(node)]:
                    yield _leave(node, stack, on_stack)
            elif id(following) not in index:
                work.append(_enter(following, index, low, stack, on_stack, successors))
            elif id(following) in on_stack:
                low[id(node)] = min(low[id(node)], index[id(following)])


def _enter(
    node: T,
    index: dict[int, int],
    low: dict[int, int],
    stack: list[T],
    on_stack: set[int],
    successors: Callable[[T], Sequence[T]],
) -> tuple[T, Iterator[T]]:
    index[id(node)] = low[id(node)] = len(index)
    stack.append(node)
    on_stack.add(id(node))
    return node, iter(successors(node))


def _leave(node: T, stack: list[T], on_stack: set[int]) -> list[T]:
    members: list[T] = []
    while not members or members[-1] is not node:
        members.append(stack.pop())
        on_stack.discard(id(members[-1]))
    return members[::-1]


def sort_component(component: list[DraftDefinition], diagnostics: Diagnostics) -> list[DraftDefinition]:
    """Members of a component so that undelayed uses come after; a cycle without delay is a mistake."""
    inside = {id(member) for member in component}

    def undelayed(definition: DraftDefinition) -> list[DraftDefinition]:
        return [d.on for d in dependencies(definition) if not d.delayed and id(d.on) in inside]

    ordered: list[DraftDefinition] = []
    for part in strongly_connected(component, undelayed):
        if len(part) > 1 or any(on is part[0] for on in undelayed(part[0])):
            _report_cycle(part, diagnostics)
        ordered += part
    return ordered


def _report_cycle(part: list[DraftDefinition], diagnostics: Diagnostics) -> None:
    """Names one cycle, from its first member in the spec, with the place of each step."""
    inside = {id(member) for member in part}
    first = min(part, key=lambda member: member.span.start)
    path = [first]
    places: list[Span] = []
    seen = {id(first)}
    while True:
        steps = [d for d in dependencies(path[-1]) if not d.delayed and id(d.on) in inside]
        step = next((d for d in steps if d.on is first), steps[0])
        places.append(step.span)
        if id(step.on) in seen:
            start = next(i for i, member in enumerate(path) if member is step.on)
            path, places = path[start:], places[start:]
            break
        seen.add(id(step.on))
        path.append(step.on)
    names = tuple(member.value.name for member in path)
    diagnostics.add(UndelayedCycle(names, tuple(places[1:]), span=places[0]))


def in_order(definitions: Sequence[DraftDefinition], diagnostics: Diagnostics) -> list[list[DraftDefinition]]:
    """All components in order, their members sorted; definitions get their position and component."""
    found = [sort_component(component, diagnostics) for component in components(definitions)]
    for number, component in enumerate(found):
        for definition in component:
            definition.component = number
    _number(definitions)
    return found


def _number(definitions: Sequence[DraftDefinition]) -> None:
    """Positions with undelayed uses after their definition, and else as in the spec."""
    place = {id(definition): index for index, definition in enumerate(definitions)}
    waiting: dict[int, int] = {}
    readers: dict[int, list[int]] = {index: [] for index in range(len(definitions))}
    for index, definition in enumerate(definitions):
        read = {place[id(d.on)] for d in dependencies(definition) if not d.delayed and id(d.on) in place}
        waiting[index] = len(read)
        for other in read:
            readers[other].append(index)
    ready = [index for index, count in waiting.items() if not count]
    position = 0
    while ready:
        index = heappop(ready)
        definitions[index].position = position
        position += 1
        for reader in readers[index]:
            waiting[reader] -= 1
            if not waiting[reader]:
                heappush(ready, reader)
