"""`REDUCE(expr over j in SET where condition)`, pooling windows, and reductions over all units."""

from __future__ import annotations

from nndsl.diagnostics.catalogue.names import UnknownElement, UnknownFunction, UnknownOption
from nndsl.diagnostics.catalogue.topology import NotAnEdgeSet, SetNotHere, SeveralSetsReduced
from nndsl.diagnostics.catalogue.types import WrongArgumentCount
from nndsl.functions.catalogue import Signature
from nndsl.semantics import expressions, sets
from nndsl.semantics.context import Context, Draftbook
from nndsl.semantics.draft import Apply, Draft, Number, Reduce, Wrong, mistaken
from nndsl.semantics.places import Element, GraphTerm, graph_set
from nndsl.semantics.units import Size, Units
from nndsl.semantics.windows import sides, window_options
from nndsl.syntax import tree
from nndsl.types import Domain

OPERATIONS = ("sum", "mean", "max", "min", "argmin", "argmax", "last", "softmax")
_WINDOW_OPERATIONS = ("max", "min", "mean", "sum")
_WINDOW_OPTIONS = Signature.parse("(; stride: sides, pad: sides = 0)").options


def over_units(book: Draftbook, call: tree.Call, context: Context) -> Draft:
    """`max(x)`, `softmax(x)`, `argmin(match)`: over all units."""
    name = call.function.name
    body = expressions.expression(book, call.arguments[0], context)
    if call.options or name == "last":
        known = ("over",)
        return book.refuse(SetNotHere(call.span.text, known, span=call.span))
    if isinstance(body, Wrong):
        return body
    kept = name == "softmax"
    return Reduce(
        span=call.span,
        units=body.units if kept else Units.scalar(),
        operation=name,
        body=body,
        shapeless=kept and body.shapeless,
        domain=_domain(name, body),
    )


def _domain(operation: str, body: Draft) -> Domain:
    return Domain.INDEX if operation.startswith("arg") else Domain.REAL


def over_set(book: Draftbook, syntax: tree.Reduce, context: Context) -> Draft:
    """A reduction over an index set, the neighbours of a node, or a window."""
    name = syntax.operation.name
    if name not in OPERATIONS:
        known = UnknownFunction(name, OPERATIONS, span=syntax.operation.span)
        return book.refuse(known)
    if len(syntax.over.elements) != 1 and not syntax.over.grid:
        return book.refuse(SeveralSetsReduced(name, span=syntax.over.span))
    element = syntax.over.elements[0]
    draft = Reduce(
        span=syntax.span,
        units=Units(),
        operation=name,
        body=Wrong(span=syntax.span, units=Units.mistaken()),
        over_span=syntax.over.span,
    )
    inner = _entered(book, draft, element, syntax, context)
    if syntax.over.grid:
        draft.over = sets.named_grid(syntax.over, context.scope)
    if inner is None:
        return mistaken(syntax.span)
    draft.body = expressions.expression(book, syntax.body, inner)
    if syntax.condition is not None:
        condition = expressions.expression(book, syntax.condition, inner)
        draft.condition = None if decided(condition) else condition
    if isinstance(draft.body, Wrong) or isinstance(draft.condition, Wrong):
        return mistaken(syntax.span)
    draft.units, draft.shapeless = draft.body.units, draft.body.shapeless
    draft.domain = _domain(name, draft.body)
    return draft


def _entered(
    book: Draftbook, draft: Reduce, element: tree.Element, syntax: tree.Reduce, context: Context
) -> Context | None:
    """The context of the body; what is run over is noted in the draft."""
    match element.of:
        case tree.Window(extents):
            return context if _window(book, draft, extents, syntax, context) else None
        case tree.SetCall():
            inner = _neighbours(book, draft, element, context)
        case _:
            inner = _whole_set(draft, element, context)
    if syntax.options:
        option = syntax.options[0]
        known = UnknownOption(draft.operation, option.name.name, (), span=option.span)
        book.diagnostics.add(known)
        return None
    return inner


def _whole_set(draft: Reduce, element: tree.Element, context: Context) -> Context | None:
    term = sets.set_term(element.of, context.scope)
    if term is None:
        return None
    draft.over = term
    if element.source is not None and element.name is not None:
        draft.edge = True
        for end in sets.edge_ends(element.source, element.name, term):
            context = context.binding(_bound(end))
        return context
    if element.name is None:
        return context
    draft.element = element.name.name
    return context.binding(Element(element.name.name, term, bound=True))


def _bound(element: Element) -> Element:
    return Element(element.name, element.set, element.end, bound=True)


def _neighbours(book: Draftbook, draft: Reduce, element: tree.Element, context: Context) -> Context | None:
    """`j in neighbours(i)`: the edges into i, with j at their sources. A softmax, which keeps the edges, may
    stand at an edge (j -> i)."""
    of = element.of
    assert isinstance(of, tree.SetCall)
    if of.function.name != "neighbours":
        known = UnknownFunction(of.function.name, ("neighbours",), span=of.function.span)
        book.diagnostics.add(known)
        return None
    candidates = tuple(e for e in context.candidates(of.element.name) if e.end is None)
    graph = next((g for e in candidates if (g := _graph(e, context)) is not None), None)
    edges = next((e.set for e in context.candidates(of.element.name) if e.end == "target"), None)
    if graph is None and edges is not None and draft.operation == "softmax":
        draft.over = edges
    elif graph is not None:
        draft.over = graph_set(graph, "edges", of.span)
    else:
        known_names = tuple(context.scope.elements)
        if not context.candidates(of.element.name):
            book.diagnostics.add(UnknownElement(of.element.name, known_names, span=of.element.span))
        else:
            book.diagnostics.add(NotAnEdgeSet(of.span.text, span=of.span))
        return None
    draft.neighbours, draft.neighbours_name = candidates, of.element.name
    if element.name is None:
        return context
    return context.binding(Element(element.name.name, draft.over, "source", bound=True))


def _graph(element: Element, context: Context) -> GraphTerm | None:
    """The graph whose nodes an element stands for."""
    owner, _, member = element.set.text.partition(".")
    graph = context.scope.names.get(owner)
    return graph if member == "nodes" and isinstance(graph, GraphTerm) else None


def _window(
    book: Draftbook, draft: Reduce, extents: tree.Expression, syntax: tree.Reduce, context: Context
) -> bool:
    if draft.operation not in _WINDOW_OPERATIONS:
        known = UnknownFunction(draft.operation, _WINDOW_OPERATIONS, span=syntax.operation.span)
        book.diagnostics.add(known)
        return False
    window = sides(extents, context.scope, 1)
    if window is None:
        return False
    draft.window = window
    read = window_options(book, draft.operation, _WINDOW_OPTIONS, syntax.options, len(window), context)
    if read is None:
        return False
    draft.stride, draft.pad = read.get("stride", window), read["pad"]
    if syntax.condition is not None:
        book.diagnostics.add(
            WrongArgumentCount(draft.operation, ("over window",), 2, span=syntax.condition.span)
        )
        return False
    return True


def decided(condition: Draft) -> bool | None:
    """What a condition comes to whatever the elements are; None where it depends on them."""
    match condition:
        case Number(number=number) if not isinstance(number, Size):
            return bool(number)
        case Apply(function=function, arguments=arguments) if function.name in ("not", "and", "or"):
            parts = [decided(argument) for argument in arguments]
            if function.name == "not":
                return None if parts[0] is None else not parts[0]
            deciding = function.name == "or"
            if deciding in parts:
                return deciding
            return None if None in parts else not deciding
    return None
