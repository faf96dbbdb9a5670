"""At which element of its index sets a value is taken: bare values, picks, ends of edges, positions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from nndsl.diagnostics.catalogue.topology import (
    AmbiguousElement,
    DelayAlongUnordered,
    GridPosition,
    NodeValueAtEdge,
    SetMismatch,
)
from nndsl.diagnostics.diagnostic import Diagnostic
from nndsl.semantics.draft import At, Draft, PickDraft, Places, Position, Ref
from nndsl.semantics.places import Element, Picked, Place
from nndsl.types import Extent, IndexSet, SetKind, space_text


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Which element a bare value is taken at, set by set; at which edge, if at one."""

    bare: dict[IndexSet, str | None] = field(default_factory=dict)
    named: frozenset[tuple[IndexSet, str | None]] = frozenset()  # axes that are told apart by name
    edges: IndexSet | None = None
    target: bool = False  # under `neighbours(i)` a bare node value is taken at i


class Elements:
    """Resolves elements; mistakes go to `report`."""

    def __init__(self, report: Callable[[Diagnostic], None]) -> None:
        self._add = report

    def bare(self, ref: Ref, around: Surroundings) -> Places | None:
        places = ref.value.places
        if places is None:
            return None
        picked = [self.bare_axis(axis, place, ref, around) for axis, place in enumerate(places)]
        ref.picks = tuple(pick for pick, _ in picked if pick is not None)
        return distinct(place for _, place in picked)

    def bare_axis(
        self, axis: int, place: Place, draft: Draft, around: Surroundings
    ) -> tuple[Picked | None, Place]:
        """How an axis that no index picks is taken."""
        edges = around.edges
        if place.set.kind is SetKind.NODES and edges is not None and edges.graph == place.set.graph:
            if not around.target and place.set not in around.bare:
                self._add(NodeValueAtEdge(draft.span.text, span=draft.span))
            if place.set not in around.bare:
                at_edge = Place(edges, Extent(edges.name))
                return Picked(axis, edges, None, end="target"), at_edge
        if place.key in around.named or (place.element and place.element in around.bare.values()):
            return None, place
        element = around.bare.get(place.set)
        ambiguous = place.set not in around.bare and any(other == place.set for other, _ in around.named)
        if place.element is not None or ambiguous:
            self._add(AmbiguousElement(draft.span.text, place.set.name, span=draft.span))
            element = next((name for other, name in around.named if other == place.set), None)
        if element is None:
            return None, replace(place, element=None)
        return Picked(axis, place.set, element), replace(place, element=element)

    def pick(
        self, pick: PickDraft, inner: Places, taken: dict[int, Picked], around: Surroundings, draft: At
    ) -> list[tuple[Picked, Place]]:
        """The axes that an index picks, all sides of a grid together, and what stands there afterwards."""
        at_end = self._end(pick, inner, taken, around)
        if at_end is not None:
            return [at_end]
        for element in pick.candidates:
            sets = [place.set for place in element.set.places() or () if element.end is None]
            free = [axis for axis, place in enumerate(inner) if axis not in taken and place.set in sets]
            if free:
                chosen = [axis for axis in free if inner[axis].element == inner[free[0]].element]
                return [self._picked(pick, axis, inner[axis], element, around, draft) for axis in chosen]
        if all(element.set.places() != () for element in pick.candidates):
            names = tuple(dict.fromkeys(map(_taken_from, pick.candidates)))
            text, space = draft.value.span.text, text_of(inner)
            instead = _instead(text, pick, inner, around)
            declared = draft.value.value.span if isinstance(draft.value, Ref) else None
            self._add(SetMismatch(text, space, pick.name, names, instead, declared, span=pick.span))
        return []  # a set without places is a block's variable that no argument binds, which is told there

    def _picked(
        self,
        pick: PickDraft,
        axis: int,
        place: Place,
        element: Element,
        around: Surroundings,
        draft: At,
    ) -> tuple[Picked, Place]:
        if pick.shift and not place.set.ordered:
            self._add(DelayAlongUnordered(place.set.name, draft.span.text, span=pick.span))
        name = self.element_name(element, place.set, around)
        return Picked(axis, place.set, name, pick.shift), replace(place, element=name)

    def element_name(self, element: Element, index_set: IndexSet, around: Surroundings) -> str | None:
        if element.bound or (index_set, element.name) in around.named:
            return element.name
        return None

    def _end(
        self, pick: PickDraft, inner: Places, taken: dict[int, Picked], around: Surroundings
    ) -> tuple[Picked, Place] | None:
        """A node value taken at an end of the edge where the statement stands."""
        edges = around.edges
        if edges is None:
            return None
        for element in pick.candidates:
            end = element.end
            if end is None and around.target and _is_nodes(element.set.places(), edges.graph):
                end = "target"
            elif end is not None and edges not in [p.set for p in element.set.places() or ()]:
                end = None
            if end is None:
                continue
            for axis, place in enumerate(inner):
                if axis not in taken and place.set.kind is SetKind.NODES and place.set.graph == edges.graph:
                    return Picked(axis, edges, None, end=end), Place(edges, Extent(edges.name))
        return None

    def position(self, draft: Position, around: Surroundings) -> Places | None:
        edges = around.edges
        for element in draft.candidates:
            places = element.set.places()
            if places is None:
                return None
            end = element.end if edges is None or edges in [place.set for place in places] else None
            if end is None and edges is not None and around.target and _is_nodes(places, edges.graph):
                end = "target"
            if end is not None and edges is not None:
                draft.end = end
                return (Place(edges, Extent(edges.name)),)
            if element.end is None:
                name = self.element_name(element, places[0].set, around) if places else None
                if len(places) > 1:
                    self._add(GridPosition(draft.name, element.set.text, span=draft.span))
                return tuple(replace(place, element=name) for place in places)
        return ()


def _taken_from(element: Element) -> str:
    """The set that has the element: of an end of an edge the nodes."""
    edges = element.set.places() if element.end is not None else None
    return f"{edges[0].set.graph}.nodes" if edges else element.set.text


def _instead(text: str, pick: PickDraft, inner: Places, around: Surroundings) -> str:
    """What may have been meant by an index that fits none of a value's sets."""
    sets = {place.set for place in inner}
    if any(place.set in sets for element in pick.candidates for place in element.set.places() or ()):
        return text  # a value of the edges, at one of their ends
    named = [name for index_set, name in (*around.named, *around.bare.items()) if name and index_set in sets]
    return f"{text}[{named[0]}]" if len(named) == 1 else ""


def text_of(places: Iterable[Place]) -> str:
    """A space as it is written."""
    axes = tuple(place.axis() for place in places)
    return space_text(axes) if axes else "no index set"


def distinct(places: Iterable[Place]) -> Places:
    found: dict[tuple[IndexSet, str | None], Place] = {}
    for place in places:
        found.setdefault(place.key, place)
    return tuple(found.values())


def _is_nodes(places: Places | None, graph: str | None) -> bool:
    return any(place.set.kind is SetKind.NODES and place.set.graph == graph for place in places or ())
