"""Connections: `full(x, W)`, `local(x, 5x5, stride = 2)`, … and `bias`.

A connection leaves its units to its context unless `to` says them; its weights get their
shape from every place where they are used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nndsl.diagnostics.catalogue.names import NotAParameter, UnknownName, UnknownOption
from nndsl.diagnostics.catalogue.types import (
    ArgumentMismatch,
    InexactDivision,
    MissingOption,
    NotASize,
    OptionGivenTwice,
    WeightLayoutMismatch,
    WeightMismatch,
    WeightsNotSquare,
    WindowRankMismatch,
    WrongArgumentCount,
    WrongOptionValue,
)
from nndsl.functions.catalogue import OptionParameter, Signature
from nndsl.semantics import expressions
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
    Wrong,
    mistaken,
)
from nndsl.semantics.model import ConnectionKind, ParameterRole
from nndsl.semantics.options import fits, kind_of, read_options
from nndsl.semantics.scope import BlockConstant, Scope
from nndsl.semantics.sizes import constant, size_of, whole_number
from nndsl.semantics.units import Concatenation, Constraint, Part, Size, Solver, Units
from nndsl.source import Span
from nndsl.syntax import tree

NAMES = (*(str(kind) for kind in ConnectionKind), "bias")
_WORDS = {"local": ("causal", "unshared", "each")}
_GRID_OPTIONS = ("stride", "pad", "dilation")
_SIGNATURES = {
    "sparse": Signature.parse("(; p: number, seed: integer = 0)"),
    "local": Signature.parse(
        "(; stride: sides = 1, pad: sides = 0, dilation: sides = 1, groups: integer = 1)"
    ),
}


@dataclass(slots=True)
class _Parts:
    """The arguments of a connection, sorted by what they are."""

    source: tree.Expression
    weights: tree.Name | None = None
    transposed: bool = False
    to: tree.To | None = None
    along: tree.Along | None = None
    rule: tree.Rule | None = None
    window: tree.Expression | None = None
    words: set[str] = field(default_factory=set)


def connection(book: Draftbook, call: tree.Call, context: Context) -> Draft:
    """A call of one of the connections."""
    name = call.function.name
    if name == "bias":
        return _started_bias(book, call, context)
    if not call.arguments:
        book.diagnostics.add(WrongArgumentCount(name, ("source",), 0, span=call.span))
        return mistaken(call.span)
    parts = _sorted(book, call, context)
    source = expressions.expression(book, call.arguments[0], context)
    parameter = None
    if parts is not None and not isinstance(source, Wrong):
        parameter = _weights(book, parts, context)
    if parts is None or parameter is None:
        return mistaken(call.span)
    draft = Connect(
        span=call.span,
        units=_target_units(book, parts, context),
        kind=ConnectionKind(name),
        source=source,
        parameter=parameter,
        transposed=parts.transposed or call.transposed,
        shapeless=parts.to is None,
        along=parts.along.axis.name if parts.along else None,
    )
    if not _read_options(book, draft, parts, call, context):
        return mistaken(call.span)
    _relate(book, draft)
    return draft


# --- arguments -----------------------------------------------------------------------


def _sorted(book: Draftbook, call: tree.Call, context: Context) -> _Parts | None:
    """Tells weights, windows and words apart; None after a mistake."""
    name = call.function.name
    parts = _Parts(call.arguments[0])
    for part in call.arguments[1:]:
        match part:
            case tree.To():
                parts.to = part
            case tree.Along() if name == "full":
                parts.along = part
            case tree.Rule() if name == "wired":
                parts.rule = part
            case tree.Transposed(value):
                parts.weights, parts.transposed = value, True
            case tree.Name(word) if word in _WORDS.get(name, ()) and word not in context.scope.names:
                parts.words.add(word)
            case tree.Name() if _names_parameter(part, context.scope):
                parts.weights = part
            case tree.Extents() | tree.Number() | tree.Name() if name == "local":
                parts.window = part
            case tree.Name():
                _no_weights(book, part, context.scope)
                return None
            case _:
                names = _argument_names(name)
                book.diagnostics.add(WrongArgumentCount(name, names, len(call.arguments), span=part.span))
                return None
    return parts


def _argument_names(name: str) -> tuple[str, ...]:
    extra = {"local": ("window",), "wired": ("rule",)}.get(name, ())
    return ("source", *extra, "weights")


def _names_parameter(name: tree.Name, scope: Scope) -> bool:
    return _parameter(name, scope) is not None


def _parameter(name: tree.Name, scope: Scope) -> DraftParameter | None:
    """The parameter that a name stands for, through the constants of blocks."""
    entity = scope.names.get(name.name)
    while isinstance(entity, BlockConstant) and isinstance(entity.expression, tree.Name):
        entity.used = True
        entity = entity.scope.names.get(entity.expression.name)
    return entity if isinstance(entity, DraftParameter) else None


def _no_weights(book: Draftbook, name: tree.Name, scope: Scope) -> None:
    entity = scope.names.get(name.name)
    if entity is None:
        known = tuple(key for key, value in scope.names.items() if isinstance(value, DraftParameter))
        book.diagnostics.add(UnknownName(name.name, "parameter", known, span=name.span))
    else:
        book.diagnostics.add(NotAParameter(name.name, entity.span, span=name.span))


def _weights(book: Draftbook, parts: _Parts, context: Context) -> DraftParameter | None:
    if parts.weights is None:
        return anonymous(
            book, context, "weights", ParameterRole.WEIGHTS, parts.source.span, _stem(parts.source)
        )
    parameter = _parameter(parts.weights, context.scope)
    if parameter is None:
        _no_weights(book, parts.weights, context.scope)
        return None
    parameter.used = True
    parameter.role = ParameterRole.WEIGHTS
    context.owner.parameters.append(parameter)
    return parameter


def _stem(source: tree.Expression) -> str:
    """What tells a connection's anonymous weights from its siblings': the name that it comes from."""
    while isinstance(source, tree.Index):
        source = source.value
    return source.name if isinstance(source, tree.Name) else ""


def _target_units(book: Draftbook, parts: _Parts, context: Context) -> Units:
    if parts.to is None:
        return Units()
    return Units([size_of(size, context.scope, book.solver) for size in parts.to.units])


def _read_options(book: Draftbook, draft: Connect, parts: _Parts, call: tree.Call, context: Context) -> bool:
    match draft.kind:
        case ConnectionKind.LOCAL:
            return _local_options(book, draft, parts, call, context)
        case ConnectionKind.SPARSE:
            legal = _SIGNATURES["sparse"].options
            read = read_options("sparse", legal, (), call.options, context.scope, call.span)
            (_, draft.density), (_, draft.seed) = read
            return draft.density is not None and draft.seed is not None
        case ConnectionKind.WIRED:
            return _rule(book, draft, parts, call, context)
    for option in call.options:
        book.diagnostics.add(UnknownOption(call.function.name, option.name.name, (), span=option.name.span))
    return not call.options


def _rule(book: Draftbook, draft: Connect, parts: _Parts, call: tree.Call, context: Context) -> bool:
    if parts.rule is None:
        book.diagnostics.add(MissingOption("wired", "a rule", "`(j -> i) where …`", span=call.span))
        return False
    names = parts.rule.source.name, parts.rule.target.name
    inner = Context(context.scope, context.statement, context.owner, unit_names=names)
    draft.rule = expressions.expression(book, parts.rule.condition, inner)
    draft.rule_elements = names
    return not isinstance(draft.rule, Wrong)


def _local_options(book: Draftbook, draft: Connect, parts: _Parts, call: tree.Call, context: Context) -> bool:
    if parts.window is None:
        book.diagnostics.add(MissingOption("local", "a window", "such as 5x5", span=call.span))
        return False
    window = sides(parts.window, context.scope, 1)
    if window is None:
        return False
    draft.window = window
    legal = (
        *_SIGNATURES["local"].options,
        *(OptionParameter(word, "truth", default="no") for word in _WORDS["local"]),
    )
    read = local_settings(book, "local", legal, call.options, len(window), context)
    if read is None:
        return False
    draft.stride, draft.pad, draft.dilation = read["stride"], read["pad"], read["dilation"]
    draft.groups = read["groups"]
    draft.causal = read["causal"] or "causal" in parts.words
    draft.unshared = read["unshared"] or "unshared" in parts.words
    if read["each"] or "each" in parts.words:
        draft.groups = 0  # as many as there are maps
    return True


def local_settings(
    book: Draftbook,
    function: str,
    legal: tuple[OptionParameter, ...],
    named: tuple[tree.Option, ...],
    rank: int,
    context: Context,
) -> dict[str, Any] | None:
    """The options of a window, those for each side as tuples of `rank` numbers; None after a mistake."""
    scope, by_name = context.scope, {option.name: option for option in legal}
    found: dict[str, Any] = {}
    first: dict[str, Span] = {}
    for option in named:
        name = option.name.name
        known = by_name.get(name)
        if known is None:
            book.diagnostics.add(UnknownOption(function, name, tuple(by_name), span=option.name.span))
            return None
        if name in first:
            book.diagnostics.add(OptionGivenTwice(function, name, first[name], span=option.span))
        first[name] = option.span
        value = _side_option(book, function, known, option, rank, scope)
        if value is None:
            return None
        found[name] = value
    for option_parameter in legal:
        default = option_parameter.default
        if option_parameter.name not in found and default is not None:
            plain: Any = default == "yes" if option_parameter.type == "truth" else int(default)
            found[option_parameter.name] = (plain,) * rank if option_parameter.type == "sides" else plain
    return found


def _side_option(
    book: Draftbook, function: str, known: OptionParameter, option: tree.Option, rank: int, scope: Scope
) -> Any:
    if option.value is None:
        return True
    if known.type == "sides":
        found = sides(option.value, scope, 0 if known.name == "pad" else 1)
        if found is not None and len(found) == 1:
            return found * rank
        if found is not None and len(found) != rank:
            book.diagnostics.add(WindowRankMismatch(len(found), rank, span=option.value.span))
            return None
        return found
    if known.type == "integer":
        return whole_number(option.value, scope)
    value = constant(option.value, scope)
    if value is not None and not fits(known, value):
        book.diagnostics.add(
            WrongOptionValue(
                function, known.name, kind_of(known), option.value.span.text, span=option.value.span
            )
        )
        return None
    return value


def sides(syntax: tree.Expression, scope: Scope, least: int) -> tuple[int, ...] | None:
    """`5x5`, or `5` for a single side."""
    if isinstance(syntax, tree.Extents):
        if min(syntax.sizes) < least:
            scope.diagnostics.add(NotASize(syntax.span.text, span=syntax.span))
            return None
        return syntax.sizes
    size = whole_number(syntax, scope, least)
    return None if size is None else (size,)


# --- weights -------------------------------------------------------------------------


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


def _started_bias(book: Draftbook, call: tree.Call, context: Context) -> Draft:
    if len(call.arguments) != 1 or call.options:
        book.diagnostics.add(WrongArgumentCount("bias", ("start",), len(call.arguments), span=call.span))
        return mistaken(call.span)
    start = constant(call.arguments[0], context.scope)
    if start is None:
        return mistaken(call.span)
    return bias(book, context, float(start), call.span)


def _relate(book: Draftbook, draft: Connect) -> None:
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
