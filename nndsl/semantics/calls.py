"""Calls of the catalogue's functions: arguments against the signature, units by its variables."""

from __future__ import annotations

from collections.abc import Sequence

from nndsl.diagnostics.catalogue.names import UnknownDistribution, UnknownName
from nndsl.diagnostics.catalogue.training import NotLearnable
from nndsl.diagnostics.catalogue.types import (
    ArgumentMismatch,
    DifferentDistributions,
    NotADistribution,
    NotAPosition,
    WrongArgumentCount,
)
from nndsl.functions.catalogue import Function, ValueParameter, family
from nndsl.semantics import expressions, weights
from nndsl.semantics.context import Context, Draftbook
from nndsl.semantics.draft import Apply, Draft, DraftParameter, Draw, Position, Ref, Weights, Wrong, mistaken
from nndsl.semantics.model import ParameterRole
from nndsl.semantics.options import read_options
from nndsl.semantics.scope import parameters_of
from nndsl.semantics.stretch import Elementwise
from nndsl.semantics.units import Concatenation, Part, Size, Units
from nndsl.source import Span
from nndsl.syntax import tree
from nndsl.types import Domain


def call(book: Draftbook, function: Function, syntax: tree.Call, context: Context) -> Draft:
    """`relu(x)`, `cross_entropy(y, digit, smoothing = 0.1)`."""
    values = function.signature.values
    if not right_count(book, function, syntax, context):
        for part in syntax.arguments:
            expressions.expression(book, part, context)
        return mistaken(syntax.span)
    given = syntax.arguments[: len(values)]
    arguments = tuple(
        _weights(book, part, context)
        if _means_weights(function, part)
        else argument(book, parameter, part, context)
        for parameter, part in zip(values, given, strict=True)
    )
    options = read_options(
        function.name,
        function.signature.options,
        syntax.arguments[len(values) :],
        syntax.options,
        context.scope,
        syntax.span,
    )
    if any(isinstance(part, Wrong) for part in arguments):
        return mistaken(syntax.span)
    drawn = [part.function.name for part in arguments if isinstance(part, Draw)]
    if len(set(drawn)) > 1:
        return book.refuse(DifferentDistributions(*drawn, span=arguments[1].span))
    if is_elementwise(function):
        result = expressions.apply(book, function, arguments, syntax.span)
    else:
        result = typed(book, function, arguments, syntax.span)
    assert isinstance(result, Apply)
    result.options = options
    _own_parameters(book, result, context)
    return result


def _means_weights(function: Function, syntax: tree.Expression) -> bool:
    """Whether this is `weights`, or `h.weights`, in a function that makes one number of a value."""
    result = function.signature.result
    one_number = result is not None and result.units == ("1",) and len(function.signature.values) == 1
    word = syntax.name if isinstance(syntax, tree.Member) else syntax
    return one_number and isinstance(word, tree.Name) and word.name == "weights"


def _weights(book: Draftbook, syntax: tree.Expression, context: Context) -> Draft:
    """As many numbers as the stage learns; of a layer or a shared block, those that are its own."""
    if not isinstance(syntax, tree.Member):
        return Weights(span=syntax.span, units=Units.scalar())
    owner = syntax.owner
    entity = context.scope.find(owner.name)
    if entity is None:
        known = tuple(context.scope.names)
        return book.refuse(UnknownName(owner.name, "layer", known, span=owner.span))
    owned = tuple(p for p in parameters_of(entity) if p.role is ParameterRole.WEIGHTS)
    if not owned:
        declared = getattr(entity, "span", owner.span)
        return book.refuse(NotLearnable(owner.name, declared, span=owner.span))
    return Weights(span=syntax.span, units=Units.scalar(), of=owned)


def right_count(book: Draftbook, function: Function, syntax: tree.Call, context: Context) -> bool:
    """Whether as many values are given as the signature takes, and not more options by position."""
    least = len(function.signature.values)
    most = least + len(function.signature.options)
    if least <= len(syntax.arguments) <= most:
        return True
    names = tuple(parameter.name for parameter in function.signature.values)
    book.diagnostics.add(WrongArgumentCount(function.name, names, len(syntax.arguments), span=syntax.span))
    return False


def is_elementwise(function: Function) -> bool:
    """Whether every value and the result have the same units `[*u]`."""
    values, result = function.signature.values, function.signature.result
    return bool(values) and result is not None and all(v.units == ("*u",) for v in (*values, result))


def argument(book: Draftbook, parameter: ValueParameter, syntax: tree.Expression, context: Context) -> Draft:
    """One value that a signature asks for."""
    if parameter.domain == "distribution":
        return distribution(book, syntax, context)
    draft = expressions.expression(book, syntax, context)
    if parameter.domain == "position" and not isinstance(draft, Position | Wrong):
        return book.refuse(NotAPosition(syntax.span.text, span=syntax.span))
    return draft


def typed(book: Draftbook, function: Function, arguments: Sequence[Draft], span: Span) -> Apply:
    """A function whose signature relates units in some other way: losses, products, positions."""
    units: dict[str, Part] = {}
    for parameter, given in zip(function.signature.values, arguments, strict=True):
        _match(book, function, parameter, given, units, arguments)
    result = function.signature.result
    assert result is not None
    draft = Apply(span=span, units=Units(), function=function, arguments=tuple(arguments))
    draft.domain = Domain(result.domain)
    draft.shapeless = any(name not in units for name in result.units)
    parts = [_part(name, units) for name in result.units]
    book.solver.require(
        Concatenation(book.solver, draft.units, parts, lambda: _mismatch(function, result, draft, arguments))
    )
    return draft


def _match(
    book: Draftbook,
    function: Function,
    parameter: ValueParameter,
    given: Draft,
    units: dict[str, Part],
    arguments: Sequence[Draft],
) -> None:
    if parameter.domain == "position":
        return
    if len(parameter.units) == 1 and parameter.units[0].startswith("*") and parameter.units[0] not in units:
        units[parameter.units[0]] = given.units
        return
    parts = [_part(name, units) for name in parameter.units]
    book.solver.require(
        Concatenation(
            book.solver, given.units, parts, lambda: _mismatch(function, parameter, given, arguments)
        )
    )


def _part(name: str, units: dict[str, Part]) -> Part:
    if name.isdigit():
        return Size(int(name))
    return units.setdefault(name, Units() if name.startswith("*") else Size())


def _mismatch(
    function: Function, parameter: ValueParameter, given: Draft, arguments: Sequence[Draft]
) -> ArgumentMismatch:
    others = tuple((str(other.units), other.span) for other in arguments if other is not given)
    return ArgumentMismatch(
        function.name, function.signature.text, parameter.name, str(given.units), others, span=given.span
    )


# --- distributions -------------------------------------------------------------------


def distribution(book: Draftbook, syntax: tree.Expression, context: Context) -> Draft:
    """A drawn layer, or a call of a distribution, as its draw."""
    if isinstance(syntax, tree.Call) and syntax.function.name in family("distribution"):
        return draw(book, syntax, context)
    draft = expressions.expression(book, syntax, context)
    if isinstance(draft, Wrong):
        return draft
    if isinstance(draft, Ref) and draft.value.definition is not None:
        drawn = draft.value.definition.expression
        if isinstance(drawn, Draw):
            return Draw(
                span=draft.span, units=draft.units, function=drawn.function, arguments=drawn.arguments
            )
    return book.refuse(NotADistribution(syntax.span.text, span=syntax.span))


def draw(book: Draftbook, syntax: tree.Call, context: Context) -> Draft:
    """`normal(mu, sigma)`: constants leave the units to the context."""
    function = family("distribution").get(syntax.function.name)
    if function is None:
        known = tuple(family("distribution"))
        return book.refuse(UnknownDistribution(syntax.function.name, known, span=syntax.function.span))
    if not right_count(book, function, syntax, context):
        return mistaken(syntax.span)
    arguments = tuple(expressions.expression(book, part, context) for part in syntax.arguments)
    result = Draw(span=syntax.span, units=Units(), function=function, arguments=arguments, shapeless=True)
    if function.signature.result is not None:
        result.domain = Domain(function.signature.result.domain)
    book.solver.require(
        Elementwise(
            book.solver,
            result.units,
            arguments,
            lambda first, second: expressions.elementwise_mismatch(function.name, first, second, result),
            open_result=True,
        )
    )
    return result


# --- parameters of a function ----------------------------------------------------------


def _own_parameters(book: Draftbook, result: Apply, context: Context) -> None:
    """The numbers that each use of a function owns: the gain and offset of a normalisation."""
    owned: list[DraftParameter] = []
    for name, units, value in result.function.parameters:
        state = name in result.function.states
        role = ParameterRole.STATE if state else ParameterRole.FREE if value else ParameterRole.BIAS
        parameter = weights.anonymous(book, context, name, role, result.span)
        parameter.attributes = frozenset({"fixed"} if state else ())
        parameter.given = value
        if units == ("*u",):
            parameter.units.become(result.units)
        owned.append(parameter)
    result.parameters = tuple(owned)
