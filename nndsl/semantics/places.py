"""Index sets as a statement names them, and where in an index space a value stands.

A set may be known by its name (`T`), or be a variable of a block, bound by the argument of
the call; a `SetTerm` says what it is as soon as that is known. A `Place` is one axis of an
index space while types are worked out: its extent may be left to the other side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nndsl.source import Span
from nndsl.types import Axis, Extent, IndexSet, SetKind

if TYPE_CHECKING:
    from nndsl.semantics.draft import DraftValue


@dataclass(frozen=True, slots=True)
class Place:
    """An axis of a space. `element` is None at the statement's own element (see model.Pick)."""

    set: IndexSet
    extent: Extent | None = None
    element: str | None = None

    @property
    def key(self) -> tuple[IndexSet, str | None]:
        return self.set, self.element

    def axis(self) -> Axis:
        return Axis(self.set, self.extent or Extent(self.set.name), self.element)


@dataclass(frozen=True, slots=True)
class Picked:
    """How one axis of a value is taken: at which element, shifted, or at an end of an edge."""

    axis: int
    set: IndexSet
    element: str | None
    shift: int = 0
    end: str | None = None


@dataclass(eq=False, slots=True)
class SetTerm:
    """A set as it is written, and what it stands for.

    `find` gives its axes, or None while they are not known.
    """

    text: str
    span: Span
    find: Callable[[], tuple[Place, ...] | None]
    source: tuple[DraftValue, ...] = ()  # what a set variable is bound to

    def places(self) -> tuple[Place, ...] | None:
        return self.find()


@dataclass(eq=False, slots=True)
class Element:
    """A name for an element of a set: `t in T`, an end of `(j -> i) in G.edges`.

    `bound` tells an element that a reduction runs over from one of the statement's own.
    """

    name: str
    set: SetTerm
    end: str | None = None
    bound: bool = False


@dataclass(eq=False, slots=True)
class GraphTerm:
    """A data graph, or a block's variable for one, bound by an argument."""

    name: str
    span: Span
    bound_by: list[DraftValue] = field(default_factory=list)
    variable: bool = False
    used: bool = False

    def find(self) -> str | None:
        """The graph's name in the model, or None while it is not known."""
        if not self.variable:
            return self.name
        for value in self.bound_by:
            for place in value.places or ():
                if place.set.graph is not None:
                    return place.set.graph
        return None


def fixed(text: str, span: Span, places: Iterable[Place]) -> SetTerm:
    found = tuple(places)
    return SetTerm(text, span, lambda: found)


def sequence(name: str, span: Span) -> SetTerm:
    return fixed(name, span, (Place(IndexSet(name, SetKind.SEQUENCE), Extent(name)),))


def grid_side(rank: int) -> IndexSet:
    """The set of one side of a grid: grids are told apart by their extents alone."""
    return IndexSet(f"side{rank}", SetKind.GRID)


def grid(text: str, span: Span, extents: Iterable[Extent]) -> SetTerm:
    return fixed(text, span, (Place(grid_side(i), extent) for i, extent in enumerate(extents)))


def clock(first: int, last: int, span: Span) -> SetTerm:
    text = f"{first}..{last}"
    return fixed(text, span, (Place(IndexSet(text, SetKind.CLOCK), Extent.of(last - first + 1)),))


def graph_set(graph: GraphTerm, member: str, span: Span) -> SetTerm:
    """`G.nodes`, or any other member: an edge set."""

    def find() -> tuple[Place, ...] | None:
        name = graph.find()
        if name is None:
            return None
        kind = SetKind.NODES if member == "nodes" else SetKind.EDGES
        return (Place(IndexSet(f"{name}.{member}", kind, name), Extent(f"{name}.{member}")),)

    return SetTerm(f"{graph.name}.{member}", span, find, tuple(graph.bound_by))
