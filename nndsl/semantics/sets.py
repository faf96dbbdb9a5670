"""Index sets as the syntax names them, to set terms; the elements that a statement's `over` names."""

from __future__ import annotations

from nndsl.diagnostics.catalogue.topology import NotAnEdgeSet, SetNotHere
from nndsl.semantics.draft import Statement
from nndsl.semantics.places import (
    Element,
    Place,
    SetTerm,
    clock,
    fixed,
    graph_set,
    grid,
    grid_side,
    sequence,
)
from nndsl.semantics.scope import Scope
from nndsl.semantics.sizes import whole_number
from nndsl.source import Span
from nndsl.syntax import tree
from nndsl.types import Extent


def set_term(syntax: tree.IndexSet, scope: Scope) -> SetTerm | None:
    """The set that an `over` names; None after a mistake was reported."""
    match syntax:
        case tree.Name():
            return scope.set_of(syntax)
        case tree.Member(owner, member):
            graph = scope.graph(owner)
            return None if graph is None else graph_set(graph, member.name, syntax.span)
        case tree.Extents(sizes):
            return grid(syntax.span.text, syntax.span, map(Extent.of, sizes))
        case tree.SetRange(first, last, _):
            return _clock(first, last, syntax.span, scope)
    scope.diagnostics.add(SetNotHere(syntax.span.text, span=syntax.span))
    return None


def _clock(first: tree.Expression, last: tree.Expression, span: Span, scope: Scope) -> SetTerm | None:
    begin = whole_number(first, scope, 0)
    end = None if begin is None else whole_number(last, scope, begin)
    return None if begin is None or end is None else clock(begin, end, span)


def statement(over: tree.Over | None, scope: Scope) -> Statement:
    """What a statement says of its index space."""
    if over is None:
        return Statement()
    if over.grid:
        return Statement(((named_grid(over, scope), None),), ())
    terms: list[tuple[SetTerm, str | None]] = []
    elements: list[Element] = []
    for part in over.elements:
        term = set_term(part.of, scope)
        if term is None:
            return Statement()
        if part.source is None:
            terms.append((term, part.name.name if part.name else None))
            if part.name is not None:
                elements.append(Element(part.name.name, term))
        elif part.name is not None and _is_edge_set(part, scope):
            terms.append((term, None))
            elements += edge_ends(part.source, part.name, term)
    return Statement(tuple(terms), tuple(elements))


def edge_ends(source: tree.Name, target: tree.Name, term: SetTerm) -> tuple[Element, Element]:
    return Element(source.name, term, "source"), Element(target.name, term, "target")


def _is_edge_set(part: tree.Element, scope: Scope) -> bool:
    if isinstance(part.of, tree.Member) and part.of.name.name != "nodes":
        return True
    scope.diagnostics.add(NotAnEdgeSet(part.of.span.text, span=part.span))
    return False


def named_grid(over: tree.Over, scope: Scope) -> SetTerm:
    """`(h, w)`: the sides of a grid by their names."""
    known = [scope.set_of(part.of) for part in over.elements if isinstance(part.of, tree.Name)]
    places = [place for term in known if term is not None for place in term.places() or ()]
    return fixed(over.span.text.removeprefix("over").strip(), over.span, places)


def declare_sets(over: tree.Over | None, scope: Scope) -> None:
    """Brings in the sets that an input or target is the first to name."""
    if over is None:
        return
    if over.grid:
        for rank, part in enumerate(over.elements):
            if isinstance(part.of, tree.Name) and part.of.name not in scope.sets:
                place = Place(grid_side(rank), Extent(part.of.name))
                scope.sets[part.of.name] = fixed(part.of.name, part.of.span, (place,))
        return
    for part in over.elements:
        if isinstance(part.of, tree.Name) and part.of.name not in scope.sets:
            scope.sets[part.of.name] = sequence(part.of.name, part.of.span)


def name_elements(over: tree.Over | None, scope: Scope) -> None:
    """Keeps the names that a set's elements are first declared under, for statements without `over`."""
    for element in statement(over, scope).elements if over is not None else ():
        known = scope.elements.get(element.name, [])
        if not any(other.set.text == element.set.text and other.end == element.end for other in known):
            scope.name_element(element)
