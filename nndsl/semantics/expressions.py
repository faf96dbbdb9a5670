"""Expressions of the syntax tree to drafts: one function a form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nndsl.diagnostics.catalogue.names import (
    NotAValue,
    SetIsNoValue,
    UnknownElement,
    UnknownFunction,
    UnknownName,
)
from nndsl.diagnostics.catalogue.topology import BadIndex
from nndsl.diagnostics.catalogue.types import ElementwiseMismatch, NotAnExpression
from nndsl.functions.catalogue import Function, family
from nndsl.semantics import blocks, calls, connections, queries, reductions, weights
from nndsl.semantics.context import Context, Draftbook
from nndsl.semantics.draft import (
    Apply,
    At,
    Draft,
    DraftEnergy,
    DraftParameter,
    DraftValue,
    Number,
    ParameterRef,
    PickDraft,
    Position,
    Ref,
    Statement,
    UnitNumber,
    mistaken,
)
from nndsl.semantics.model import ParameterRole
from nndsl.semantics.scope import BlockConstant, NetworkParameter, SharedBlock, SizeVariable
from nndsl.semantics.sizes import whole_number
from nndsl.semantics.stretch import Elementwise
from nndsl.semantics.units import Size, Units
from nndsl.source import Span
from nndsl.syntax import tree
from nndsl.types import Domain

OPERATORS = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "^": "power",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
    "==": "equal",
    "!=": "not_equal",
    "and": "and",
    "or": "or",
}


def expression(book: Draftbook, syntax: tree.Expression, context: Context) -> Draft:
    """The draft of an expression; mistakes are reported and give `Wrong`."""
    match syntax:
        case tree.Number(value) | tree.Truth(value):
            return number(value, syntax.span)
        case tree.Name():
            return _name(book, syntax, context)
        case tree.Unary(operator, operand):
            function = family("function")["negate" if operator == "-" else "not"]
            return apply(book, function, (expression(book, operand, context),), syntax.span)
        case tree.Binary(operator, left, right):
            operands = expression(book, left, context), expression(book, right, context)
            return apply(book, family("function")[OPERATORS[operator]], operands, syntax.span, operator)
        case tree.Index():
            return _index(book, syntax, context)
        case tree.Call():
            return _call(book, syntax, context)
        case tree.Reduce():
            return reductions.over_set(book, syntax, context)
        case tree.Repeated():
            return blocks.repeated(book, syntax, context)
    return book.refuse(NotAnExpression(syntax.span.text, span=syntax.span))


def number(value: float | Size, span: Span) -> Number:
    return Number(span=span, units=Units.scalar(), number=value)


# --- names -------------------------------------------------------------------------


def _name(book: Draftbook, name: tree.Name, context: Context) -> Draft:
    if name.name in context.unit_names:
        return UnitNumber(span=name.span, units=Units.scalar(), name=name.name, domain=Domain.INDEX)
    if name.name == "bias":
        return weights.bias(book, context, 0.0, name.span)
    local = context.bound or context.statement.over is not None
    candidates = context.candidates(name.name) if local else ()
    entity = None if candidates else context.scope.find(name.name)
    if entity is not None:
        return _entity(book, entity, name, context)
    candidates = candidates or context.candidates(name.name)
    if candidates:
        return Position(
            span=name.span,
            units=Units.scalar(),
            name=name.name,
            candidates=candidates,
            domain=Domain.INDEX,
        )
    if name.name == "weights":
        return book.refuse(NotAnExpression(name.name, span=name.span))
    if name.name in context.scope.mistaken:
        return mistaken(name.span)
    if name.name in context.scope.sets:
        return book.refuse(SetIsNoValue(name.name, span=name.span))
    known = (*context.scope.names, *context.scope.elements, "bias", "weights")
    return book.refuse(UnknownName(name.name, "layer or parameter", known, span=name.span))


def _entity(book: Draftbook, entity: object, name: tree.Name, context: Context) -> Draft:
    match entity:
        case DraftValue():
            return Ref(span=name.span, units=entity.units, value=entity)
        case DraftParameter():
            context.owner.parameters.append(entity)
            return parameter_reference(entity, name.span)
        case NetworkParameter(value=value) if isinstance(value, int | float):
            return number(value, name.span)
        case SizeVariable(size=size):
            return number(size, name.span)
        case BlockConstant(expression=syntax, scope=outer):
            return expression(book, syntax, Context(outer, Statement(), context.owner))
        case DraftEnergy() | SharedBlock():
            kind = "energy" if isinstance(entity, DraftEnergy) else "shared block"
            return book.refuse(NotAValue(name.name, kind, entity.span, span=name.span))
    return book.refuse(NotAValue(name.name, "name", getattr(entity, "span", name.span), span=name.span))


def shape_of(given: Any) -> tuple[int, ...]:
    """The shape of nested tuples of numbers."""
    return (len(given), *shape_of(given[0])) if isinstance(given, tuple) else ()


def parameter_reference(parameter: DraftParameter, span: Span) -> ParameterRef:
    """A parameter used as numbers: as large as its context asks."""
    parameter.used = True
    if parameter.role is None and parameter.form is None:
        parameter.role = ParameterRole.FREE
        shape = shape_of(parameter.given)
        if shape:
            parameter.units.become(Units([Size(size) for size in shape]))
    shapeless = not parameter.declared_units and parameter.form is None
    return ParameterRef(span=span, units=parameter.units, parameter=parameter, shapeless=shapeless)


# --- functions -----------------------------------------------------------------------


def _call(book: Draftbook, call: tree.Call, context: Context) -> Draft:
    name = call.function.name
    if name in connections.NAMES:
        return connections.connection(book, call, context)
    if call.transposed:
        return book.refuse(UnknownFunction(f"{name}'", ("local'",), span=call.function.span))
    shared = context.scope.names.get(name)
    if isinstance(shared, SharedBlock) or name in context.scope.blocks:
        return blocks.single(book, call, context)
    if queries.is_query(call, context):
        return queries.query(book, call, context)
    if name in reductions.OPERATIONS and len(call.arguments) == 1:
        return reductions.over_units(book, call, context)
    function = family("function").get(name)
    if function is None:
        return book.refuse(_unknown_function(call, context))
    return calls.call(book, function, call, context)


def is_callable(name: str, context: Context) -> bool:
    """Whether something of that name can be called."""
    families = (family("function"), family("query"), context.scope.blocks, context.scope.names)
    known = (connections.NAMES, reductions.OPERATIONS, *families)
    return any(name in names for names in known)


def _unknown_function(call: tree.Call, context: Context) -> UnknownFunction:
    known = (
        *family("function"),
        *connections.NAMES,
        *reductions.OPERATIONS,
        *family("query"),
        *context.scope.blocks,
    )
    measure = call.function.name in family("measure")
    return UnknownFunction(call.function.name, tuple(known), measure, span=call.function.span)


def apply(
    book: Draftbook,
    function: Function,
    arguments: Sequence[Draft],
    span: Span,
    operator: str | None = None,
) -> Draft:
    """An element-wise function of the catalogue applied to its arguments, in which scalars stretch."""
    result = Apply(
        span=span,
        units=Units(),
        function=function,
        arguments=tuple(arguments),
        shapeless=any(argument.shapeless for argument in arguments),
    )
    if function.signature.result is not None:
        result.domain = Domain(function.signature.result.domain)
    book.solver.require(
        Elementwise(
            book.solver,
            result.units,
            arguments,
            lambda first, second: elementwise_mismatch(operator or function.name, first, second, result),
        )
    )
    result.shapeless = result.shapeless and result.units.sizes is None
    return result


def elementwise_mismatch(
    function: str, first: Draft | None, second: Draft, result: Draft
) -> ElementwiseMismatch:
    other = first or result
    return ElementwiseMismatch(
        function, str(other.units), other.span, str(second.units), second.span, span=result.span
    )


# --- picks ---------------------------------------------------------------------------


def _index(book: Draftbook, index: tree.Index, context: Context) -> Draft:
    value = expression(book, index.value, context)
    picks = tuple(_pick(book, pick, context) for pick in index.picks)
    if None in picks:
        return mistaken(index.span)
    return At(
        span=index.span,
        units=value.units,
        value=value,
        picks=tuple(pick for pick in picks if pick is not None),
        shapeless=value.shapeless,
    )


def _pick(book: Draftbook, syntax: tree.Expression, context: Context) -> PickDraft | None:
    match syntax:
        case tree.Name(name):
            shift = 0
        case tree.Binary("+" | "-" as sign, tree.Name(name), steps):
            number = whole_number(steps, context.scope, least=None)
            if number is None:
                return None
            shift = number if sign == "+" else -number
        case _:
            book.diagnostics.add(BadIndex(syntax.span.text, span=syntax.span))
            return None
    candidates = context.candidates(name)
    if not candidates:
        known = [element.name for element in (*context.bound, *context.statement.elements)]
        if context.statement.over is None:
            known += context.scope.elements
        book.diagnostics.add(UnknownElement(name, tuple(known), span=syntax.span))
        return None
    return PickDraft(name=name, candidates=candidates, shift=shift, span=syntax.span)
