"""Index spaces: what each value is repeated over.

A space flows from what an expression reads to what is made of it: an element-wise operation
takes the union, a reduction removes what it runs over, windows and local connections change
extents. Within a feedback loop the spaces are the least that satisfy all definitions; an
unknown one adds nothing until it is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nndsl.diagnostics.catalogue.topology import (
    EdgeValueAtNode,
    ExtentsDiffer,
    GridMismatch,
    SetMismatch,
    SpaceNotDeclared,
    StartOverTime,
    WindowRank,
    WindowTooLarge,
)
from nndsl.diagnostics.diagnostic import Diagnostic, Diagnostics
from nndsl.semantics.draft import (
    Apply,
    At,
    Connect,
    Draft,
    DraftDefinition,
    PickDraft,
    Places,
    Position,
    Reduce,
    Ref,
    Statement,
)
from nndsl.semantics.elements import Elements, Surroundings, distinct, text_of
from nndsl.semantics.model import ConnectionKind
from nndsl.semantics.order import dependencies
from nndsl.semantics.places import Picked, Place
from nndsl.semantics.statements import declared_places
from nndsl.types import Extent, IndexSet, SetKind


class Spaces:
    """Finds the space of every draft. Mistakes are reported by the last round only."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self._diagnostics = diagnostics
        self._report = True
        self._elements = Elements(self._add)

    # --- definitions ---------------------------------------------------------------

    def component(self, members: Sequence[DraftDefinition]) -> None:
        """The spaces of the members of one strongly connected component."""
        if len(members) > 1 or _reads_itself(members[0]):
            self._report = False
            self._settle(members)
            self._report = True
        for member in members:
            self._definition(member)
            member.value.places = member.value.places or ()
        for member in members:
            if member.start is not None:
                self._start(member, member.start)

    def _start(self, definition: DraftDefinition, start: Draft) -> None:
        own = {place.set for place in definition.value.places or () if place.set.ordered}
        for place in self.expression(start, Statement()) or ():
            if place.set in own:
                self._add(StartOverTime(definition.value.name, place.set.name, span=start.span))

    def _settle(self, members: Sequence[DraftDefinition]) -> None:
        for _ in range(len(members) + 2):
            before = [member.value.places for member in members]
            for member in members:
                self._definition(member)
            if [member.value.places for member in members] == before:
                return

    def _definition(self, definition: DraftDefinition) -> None:
        found = self.expression(definition.expression, definition.statement)
        if definition.statement.over is None:
            if found is not None:
                definition.value.places = tuple(replace(place, element=None) for place in found)
            return
        declared = declared_places(definition.statement)
        self._check_declared(definition, declared, found or ())
        definition.value.places = declared

    def _check_declared(self, definition: DraftDefinition, declared: Places, found: Places) -> None:
        by_key = {place.key: place for place in declared}
        for place in found:
            known = by_key.get(place.key)
            if known is None or _differ(known.extent, place.extent):
                self._add(
                    SpaceNotDeclared(
                        definition.value.name,
                        text_of(declared),
                        definition.value.span,
                        text_of(found),
                        span=definition.expression.span,
                    )
                )
                return

    def expression(self, draft: Draft, statement: Statement) -> Places | None:
        """The space of an expression that stands in a statement."""
        return self._space(draft, self._surroundings(draft, statement))

    def _surroundings(self, draft: Draft, statement: Statement) -> Surroundings:
        if statement.over is None:
            return Surroundings(edges=self._edge_set(draft))
        declared = declared_places(statement)
        named = frozenset(place.key for place in declared if place.element is not None)
        edges = next((place.set for place in declared if place.set.kind is SetKind.EDGES), None)
        return Surroundings(named=named, edges=edges)

    def _edge_set(self, draft: Draft) -> IndexSet | None:
        """The edge set that a statement without `over` stands at: one of its values lies on the edges."""
        pending = [draft]
        while pending:
            current = pending.pop()
            match current:
                case Ref(value=value):
                    for place in value.places or ():
                        if place.set.kind is SetKind.EDGES:
                            return place.set
                case At(picks=picks):
                    found = _edge_pick(picks)
                    if found is not None:
                        return found
                case Reduce(over=over) if over is not None and _is_edges(over.places()):
                    continue
            pending.extend(reversed(current.children()))
        return None

    # --- expressions ---------------------------------------------------------------

    def _space(self, draft: Draft, around: Surroundings) -> Places | None:
        match draft:
            case Ref():
                places = self._elements.bare(draft, around)
            case At():
                places = self._at(draft, around)
            case Position():
                places = self._elements.position(draft, around)
            case Reduce():
                places = self._reduce(draft, around)
            case Connect():
                places = self._connection(draft, around)
            case Apply(function=function) if function.name == "flatten":
                inner = self._union(draft, around)
                places = inner and tuple(p for p in inner if p.set.kind is not SetKind.GRID)
            case _:
                places = self._union(draft, around)
        draft.places = places
        return places

    def _union(self, draft: Draft, around: Surroundings) -> Places | None:
        children = draft.children()
        if not children:
            return ()
        return self._united([(self._space(child, around), child) for child in children], draft)

    def _united(self, parts: Sequence[tuple[Places | None, Draft]], whole: Draft) -> Places | None:
        """All axes of the parts; the same axis must have the same extent."""
        found: dict[tuple[IndexSet, str | None], tuple[Place, Draft]] = {}
        if all(places is None for places, _ in parts):
            return None
        for places, draft in parts:
            for place in places or ():
                known = found.get(place.key)
                if known is None or known[0].extent is None:
                    found[place.key] = (place, draft)
                elif _differ(known[0].extent, place.extent):
                    self._differing_extents(known[1], draft, whole)
                    break
        self._check_grids(list(found.values()), whole)
        return self._nodes_or_edges(list(found.values()))

    def _differing_extents(self, one: Draft, two: Draft, whole: Draft) -> None:
        self._add(
            ExtentsDiffer(
                text_of(one.places or ()), one.span, text_of(two.places or ()), two.span, span=whole.span
            )
        )

    def _check_grids(self, found: Sequence[tuple[Place, Draft]], whole: Draft) -> None:
        """Grids of different ranks never agree."""
        ranks: dict[tuple[str | None, int], Draft] = {}
        for place, draft in found:
            if place.set.kind is SetKind.GRID:
                ranks.setdefault((place.element, _rank(draft.places or (), place.element)), draft)
        elements = [element for element, _ in ranks]
        for element in set(elements):
            if elements.count(element) > 1:
                one, two, *_ = (draft for (other, _), draft in ranks.items() if other == element)
                self._differing_extents(one, two, whole)

    def _nodes_or_edges(self, found: Sequence[tuple[Place, Draft]]) -> Places:
        """A value of the edges cannot stand beside one of the nodes."""
        nodes = {place.set.graph: draft for place, draft in found if place.set.kind is SetKind.NODES}
        left: list[Place] = []
        for place, draft in found:
            if place.set.kind is SetKind.EDGES and place.set.graph in nodes:
                beside = nodes[place.set.graph]
                self._add(EdgeValueAtNode(draft.span.text, beside.span, span=draft.span))
            else:
                left.append(place)
        return tuple(left)

    def _at(self, draft: At, around: Surroundings) -> Places | None:
        value = draft.value
        inner = value.value.places if isinstance(value, Ref) else self._space(value, around)
        if isinstance(value, Ref):
            value.places, value.picks = inner, ()
        if inner is None:
            return None
        places: list[Place] = list(inner)
        picked: dict[int, Picked] = {}
        for pick in draft.picks:
            found = self._elements.pick(pick, inner, picked, around, draft)
            if not found:
                return ()
            for one, place in found:
                picked[one.axis], places[one.axis] = one, place
        for axis, place in enumerate(inner):
            if axis not in picked and isinstance(value, Ref):
                bare, places[axis] = self._elements.bare_axis(axis, place, value, around)
                if bare is not None:
                    picked[axis] = bare
        draft.picked = tuple(picked[axis] for axis in sorted(picked))
        return distinct(places)

    # --- connections and reductions ---------------------------------------------------

    def _connection(self, draft: Connect, around: Surroundings) -> Places | None:
        inner = self._space(draft.source, around)
        if draft.kind is not ConnectionKind.LOCAL or inner is None:
            return inner
        axes = self._window_axes(draft, len(draft.window), inner)
        if axes is None:
            return ()
        places = list(inner)
        for side, axis in enumerate(axes):
            places[axis] = self._local_extent(draft, side, places[axis])
        return tuple(places)

    def _local_extent(self, draft: Connect, side: int, place: Place) -> Place:
        extent = place.extent or Extent(place.set.name)
        window = draft.dilation[side] * (draft.window[side] - 1) + 1
        pad, stride = draft.pad[side], draft.stride[side]
        if draft.transposed:
            known = extent.known
            if known is None:
                if stride != 1:
                    self._add(GridMismatch(str(extent), "a known size", span=draft.span))
                    return place
                return replace(place, extent=extent.then(window - 1 - 2 * pad))
            return replace(place, extent=Extent.of((known - 1) * stride + window - 2 * pad))
        if draft.causal:
            return place if stride == 1 else replace(place, extent=extent.then(stride - 1, stride))
        return self._moved(place, extent, window, stride, pad, draft, draft.dilation[side])

    def _moved(
        self,
        place: Place,
        extent: Extent,
        window: int,
        stride: int,
        pad: int,
        draft: Draft,
        dilation: int = 1,
    ) -> Place:
        """The extent of the positions of a window: (n + 2 pad - window) // stride + 1."""
        if extent.known is not None and extent.known + 2 * pad < window:
            self._add(WindowTooLarge(window, extent.known, pad, dilation, span=draft.span))
            return replace(place, extent=Extent.of(1))
        return replace(place, extent=extent.then(2 * pad - window + stride, stride))

    def _window_axes(self, draft: Draft, rank: int, inner: Places) -> tuple[int, ...] | None:
        """The axes that a window slides along: the grid, or the sequence for one of a single side."""
        grid = tuple(i for i, place in enumerate(inner) if place.set.kind is SetKind.GRID)
        if len(grid) == rank:
            return grid
        ordered = tuple(i for i, place in enumerate(inner) if place.set.ordered)
        if rank == 1 and len(ordered) == 1 and not grid:
            return ordered
        self._add(WindowRank(rank, text_of(inner), span=draft.span))
        return None

    def _reduce(self, draft: Reduce, around: Surroundings) -> Places | None:
        if draft.window:
            return self._pool(draft, around)
        if draft.over is None:
            return self._space(draft.body, around)
        over = draft.over.places()
        if over is None:
            self._space(draft.body, around)
            return None
        inner = self._inside(draft, over, around)
        parts = [(self._space(child, inner), child) for child in draft.children()]
        found = self._united(parts, draft)
        if found is None:
            return None
        return self._without(draft, over, found, around)

    def _inside(self, draft: Reduce, over: Places, around: Surroundings) -> Surroundings:
        if draft.neighbours is not None:
            return replace(around, edges=over[0].set if over else None, target=True)
        bare = {**around.bare, **{place.set: draft.element for place in over}}
        if _is_edges(over):
            return replace(around, bare=bare, edges=over[0].set, target=False)
        if over and over[0].set.kind is SetKind.NODES:
            return replace(around, bare=bare, edges=None, target=False)
        return replace(around, bare=bare)

    def _without(self, draft: Reduce, over: Places, found: Places, around: Surroundings) -> Places:
        """The space that is left, with what was reduced noted in the draft."""
        keys = {(place.set, draft.element) for place in over}
        reduced = tuple(place for place in found if place.key in keys)
        draft.reduced = reduced or tuple(replace(place, element=draft.element) for place in over)
        self._check_extents(draft, over, reduced)
        if over and not reduced and draft.neighbours is None:
            body = draft.body.span.text
            self._add(
                SetMismatch(
                    body, text_of(found), draft.over.text if draft.over else "", (), span=draft.over_span
                )
            )
        left = [place for place in found if place.key not in keys]
        if draft.operation == "softmax":
            left = [self._kept(draft, place, around) if place.key in keys else place for place in found]
        if draft.neighbours is not None and draft.operation != "softmax":
            left.append(self._node(draft, around, over))
        return distinct(left)

    def _kept(self, draft: Reduce, place: Place, around: Surroundings) -> Place:
        """An axis that a softmax leaves: at the statement's own element again."""
        named = (place.set, draft.element) in around.named
        return place if named else replace(place, element=None)

    def _node(self, draft: Reduce, around: Surroundings, over: Places) -> Place:
        graph = over[0].set.graph if over else None
        for element in draft.neighbours or ():
            for place in element.set.places() or ():
                if place.set.graph == graph:
                    return replace(place, element=self._elements.element_name(element, place.set, around))
        return Place(IndexSet(f"{graph}.nodes", SetKind.NODES, graph))

    def _check_extents(self, draft: Reduce, over: Places, reduced: Places) -> None:
        """`mean(x over 8x8)` must be over a grid of 8x8."""
        said = {place.set: place.extent for place in over if place.set.kind is SetKind.GRID}
        found = {place.set: place.extent for place in reduced}
        if said and reduced and any(_differ(said[s], found.get(s)) for s in said):
            body = tuple(place for place in draft.body.places or () if place.set.kind is SetKind.GRID)
            self._add(GridMismatch(text_of(body), text_of(over), span=draft.over_span))

    def _pool(self, draft: Reduce, around: Surroundings) -> Places | None:
        inner = self._space(draft.body, around)
        if inner is None:
            return None
        axes = self._window_axes(draft, len(draft.window), inner)
        if axes is None:
            return ()
        places = list(inner)
        draft.reduced = tuple(places[axis] for axis in axes)
        for side, axis in enumerate(axes):
            extent = places[axis].extent or Extent(places[axis].set.name)
            window, stride, pad = draft.window[side], draft.stride[side], draft.pad[side]
            places[axis] = self._moved(places[axis], extent, window, stride, pad, draft)
        return tuple(places)

    def _add(self, diagnostic: Diagnostic) -> None:
        if self._report:
            self._diagnostics.add(diagnostic)


def _rank(places: Places, element: str | None) -> int:
    """How many sides the grid has that a space has at an element."""
    return sum(place.set.kind is SetKind.GRID and place.element == element for place in places)


def _reads_itself(definition: DraftDefinition) -> bool:
    return any(dependency.on is definition for dependency in dependencies(definition))


def _differ(one: Extent | None, two: Extent | None) -> bool:
    return one is not None and two is not None and one != two


def _is_edges(places: Places | None) -> bool:
    return bool(places) and places is not None and places[0].set.kind is SetKind.EDGES


def _edge_pick(picks: Sequence[PickDraft]) -> IndexSet | None:
    """The edge set whose ends alone an index can mean."""
    for pick in picks:
        ends = [element for element in pick.candidates if element.end is not None]
        if ends and len(ends) == len(pick.candidates) and not ends[0].bound:
            places = ends[0].set.places()
            if places:
                return places[0].set
    return None
