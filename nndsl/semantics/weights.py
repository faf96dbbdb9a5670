"""The weights of connections: whose they are, and the shape that all their uses agree on."""

from __future__ import annotations

from collections.abc import Iterable

from nndsl.diagnostics.catalogue.names import UnknownName
from nndsl.diagnostics.catalogue.types import (
    ArgumentMismatch,
    InexactDivision,
    WeightLayoutMismatch,
    WeightMismatch,
    WeightsNotSquare,
)
from nndsl.semantics.context import Context, Draftbook
from nndsl.semantics.draft import (
    At,
    Connect,
    Draft,
    DraftParameter,
    ParameterRef,
    Ref,
    Use,
    WeightForm,
)
from nndsl.semantics.model import ConnectionKind, ParameterRole
from nndsl.semantics.units import Concatenation, Constraint, Part, Size, Solver, Units
from nndsl.source import Span


def anonymous(
    book: Draftbook, context: Context, kind: str, role: ParameterRole, span: Span, stem: str = ""
) -> DraftParameter:
    """A parameter without a name of its own; in a shared block the same one at every use."""
    owner, scope = context.owner, context.scope
    owner.count += 1
    key = (*owner.key, kind, str(owner.count))
    parameter = None if scope.weights is None else scope.weights.get(key)
    if parameter is None:
        parameter = DraftParameter("", span, role=role, owner=owner.layer, used=True)
        book.parameters.append(parameter)
        owner.anonymous.append((parameter, kind, stem))
        if scope.weights is not None:
            scope.weights[key] = parameter
    owner.parameters.append(parameter)
    return parameter


def bias(book: Draftbook, context: Context, start: float, span: Span) -> Draft:
    """A parameter as large as the units here, shared over the index space."""
    parameter = anonymous(book, context, "bias", ParameterRole.BIAS, span)
    parameter.given = start
    return ParameterRef(span=span, units=parameter.units, parameter=parameter, shapeless=True)


def relate(book: Draftbook, draft: Connect) -> None:
    """Ties the weights' shape to the units on both sides.

    Uses of the same weights are compared at the end, when each has its units from its own surroundings.
    """
    parameter = draft.parameter
    form = _form(book, draft)
    parameter.uses.append(Use(draft, draft.span, draft.transposed))
    if parameter.form is None:
        parameter.form = form
        book.agreements.append(lambda: _relate_whole(book, parameter))
    elif (parameter.form.layout, parameter.form.window) != (form.layout, form.window):
        first = parameter.uses[0]
        book.diagnostics.add(
            WeightLayoutMismatch(parameter.name, first.span.text, first.span, span=draft.span)
        )
        draft.units.blame()
    else:
        book.agreements.append(lambda: _agree(book, parameter, form, draft))


def _form(book: Draftbook, draft: Connect) -> WeightForm:
    source, target = draft.source.units, draft.units
    if draft.kind is ConnectionKind.EACH:
        target.become(source)
        draft.shapeless = draft.source.shapeless
        return WeightForm("unit", source, None)
    if draft.along is not None:
        source, target = _along(book, draft)
    if draft.kind is not ConnectionKind.LOCAL:
        out, incoming = (source, target) if draft.transposed else (target, source)
        return WeightForm("matrix", out, incoming)
    if draft.groups == 0:
        target.become(source)
        draft.shapeless = draft.source.shapeless
        return WeightForm("window", target, Units.scalar(), draft.window)
    out, incoming = (source, target) if draft.transposed else (target, source)
    if draft.groups > 1:
        grouped = Units((Size(),))
        book.solver.require(_Grouped(book.solver, incoming, grouped, draft.groups, draft.span))
        incoming = grouped
    return WeightForm("window", out, incoming, draft.window, draft.groups)


def _along(book: Draftbook, draft: Connect) -> tuple[Units, Units]:
    """The one unit axis that the connection runs along, before and after it."""
    before, after = Size(), Size()
    names = _unit_names(draft.source)
    if draft.along not in names:
        known = tuple(name for name in names if name.isidentifier())
        book.diagnostics.add(UnknownName(draft.along or "", "unit axis", known, span=draft.span))
        draft.units.blame()
        return Units((before,)), Units((after,))
    axis = names.index(draft.along or "")
    rest = [Size() for _ in names]
    complaint = lambda: _along_mismatch(draft)  # noqa: E731
    book.solver.equal(draft.source.units, Units([*rest[:axis], before, *rest[axis + 1 :]]), complaint)
    book.solver.equal(draft.units, Units([*rest[:axis], after, *rest[axis + 1 :]]), complaint)
    return Units((before,)), Units((after,))


def _along_mismatch(draft: Connect) -> ArgumentMismatch:
    others = ((str(draft.source.units), draft.source.span),)
    return ArgumentMismatch(
        "full", "full(x, along axis)", "result", str(draft.units), others, span=draft.span
    )


def _unit_names(source: Draft) -> tuple[str, ...]:
    while isinstance(source, At):
        source = source.value
    return source.value.unit_names if isinstance(source, Ref) else ()


def _relate_whole(book: Draftbook, parameter: DraftParameter) -> None:
    form = parameter.form
    assert form is not None
    if {"symmetric", "no_self"} & parameter.attributes and form.source is not None:
        _square(book, parameter, form)
    if form.layout == "unit":
        parts: list[Units | Size] = [form.out]
    else:
        parts = [form.out, form.source or Units(()), *(Size(side) for side in form.window)]
    book.solver.require(
        Concatenation(book.solver, parameter.units, parts, lambda: _weight_mismatch(parameter))
    )


def _square(book: Draftbook, parameter: DraftParameter, form: WeightForm) -> None:
    """Weights that are symmetric, or have a diagonal, lead from units to as many units."""
    source, connection = form.source, parameter.uses[0].connection
    assert source is not None
    book.solver.equal(
        form.out,
        source,
        lambda: WeightsNotSquare(parameter.name, _wiring(connection), parameter.span, span=connection.span),
    )


def _agree(book: Draftbook, parameter: DraftParameter, form: WeightForm, draft: Connect) -> None:
    known = parameter.form
    assert known is not None
    for one, two in ((known.out, form.out), (known.source, form.source)):
        if one is not None and two is not None:
            book.solver.equal(one, two, lambda: _weight_mismatch(parameter, draft))


def _weight_mismatch(parameter: DraftParameter, draft: Connect | None = None) -> WeightMismatch:
    first = parameter.uses[0].connection if parameter.uses else None
    here = draft or first
    return WeightMismatch(
        parameter.name or "weights",
        _wiring(first) if first else str(parameter.units),
        first.span if first else parameter.span,
        _wiring(here) if here else str(parameter.units),
        span=here.span if here else parameter.span,
    )


def _wiring(connection: Connect) -> str:
    """From which units to which a connection leads, as its weights see it."""
    ends = str(connection.source.units), str(connection.units)
    return " to ".join(reversed(ends) if connection.transposed else ends)


class _Grouped(Constraint):
    """`grouped` is a g-th of the maps that come in."""

    def __init__(self, solver: Solver, incoming: Units, grouped: Units, groups: int, span: Span) -> None:
        self._solver, self._incoming, self._grouped = solver, incoming, grouped
        self._groups, self._span = groups, span

    def variables(self) -> Iterable[Part]:
        return (self._incoming,)

    def advance(self) -> bool:
        known = self._incoming.known
        if known is None:
            return self._incoming.is_wrong
        count = 1
        for size in known:
            count *= size
        if count % self._groups:
            self._solver.report(InexactDivision(count, self._groups, span=self._span))
            self._grouped.blame()
        else:
            self._grouped.become(Units((Size(count // self._groups),)))
        return True
