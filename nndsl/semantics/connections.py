"""Connections: `full(x, W)`, `local(x, 5x5, stride = 2)`, … and `bias`.

A connection leaves its units to its context unless `to` says them; its weights get their
shape from every place where they are used.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nndsl.diagnostics.catalogue.names import NotAParameter, UnknownName, UnknownOption
from nndsl.diagnostics.catalogue.types import (
    MissingOption,
    WrongArgumentCount,
)
from nndsl.functions.catalogue import OptionParameter, Signature
from nndsl.semantics import expressions, weights
from nndsl.semantics.context import Context, Draftbook
from nndsl.semantics.draft import (
    Connect,
    Draft,
    DraftParameter,
    Wrong,
    mistaken,
)
from nndsl.semantics.model import ConnectionKind, ParameterRole
from nndsl.semantics.options import read_options
from nndsl.semantics.scope import BlockConstant, Scope
from nndsl.semantics.sizes import constant, size_of
from nndsl.semantics.units import Units
from nndsl.semantics.windows import sides, window_options
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
    weights.relate(book, draft)
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
        return weights.anonymous(
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
    read = window_options(book, "local", legal, call.options, len(window), context)
    if read is None:
        return False
    draft.stride, draft.pad, draft.dilation = read["stride"], read["pad"], read["dilation"]
    draft.groups = read["groups"]
    draft.causal = read["causal"] or "causal" in parts.words
    draft.unshared = read["unshared"] or "unshared" in parts.words
    if read["each"] or "each" in parts.words:
        draft.groups = 0  # as many as there are maps
    return True


# --- biases ----------------------------------------------------------------------------


def _started_bias(book: Draftbook, call: tree.Call, context: Context) -> Draft:
    if len(call.arguments) != 1 or call.options:
        book.diagnostics.add(WrongArgumentCount("bias", ("start",), len(call.arguments), span=call.span))
        return mistaken(call.span)
    start = constant(call.arguments[0], context.scope)
    if start is None:
        return mistaken(call.span)
    return weights.bias(book, context, float(start), call.span)
