"""Drafts to the model, once every type is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from nndsl.semantics import draft as d
from nndsl.semantics import model as m
from nndsl.semantics.places import Picked
from nndsl.semantics.units import Size
from nndsl.types import Axis, Domain, Type

_FOLDED: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: x**y,
    "negate": lambda x: -x,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "not": lambda x: float(not x),
    "less": lambda x, y: float(x < y),
    "less_equal": lambda x, y: float(x <= y),
    "greater": lambda x, y: float(x > y),
    "greater_equal": lambda x, y: float(x >= y),
    "equal": lambda x, y: float(x == y),
    "not_equal": lambda x, y: float(x != y),
}


def type_of(draft: d.Draft, unit_names: tuple[str, ...] = ()) -> Type:
    units = draft.units.known
    assert units is not None, f"units of {draft.span.text} are unknown after checking"
    return Type(units, _space(draft.places), draft.domain, unit_names)


def _space(places: d.Places | None) -> tuple[Axis, ...]:
    return tuple(place.axis() for place in places or ())


def finish_value(value: d.DraftValue) -> m.Value:
    """The value of the model, made once."""
    if value.value is None:
        units = value.units.known
        assert units is not None, f"units of {value.name} are unknown after checking"
        domain = value.domain or value.declared_domain or Domain.REAL
        type_ = Type(units, _space(value.places), domain, value.unit_names)
        value.value = m.Value(value.name, value.kind, type_, value.scope, span=value.span)
    return value.value


def finish_parameter(parameter: d.DraftParameter) -> m.Parameter:
    assert parameter.parameter is not None, f"parameter {parameter.name} has no shape after checking"
    return parameter.parameter


def finish(draft: d.Draft) -> m.Expression:
    """The typed expression that a draft has become."""
    type_, span = type_of(draft), draft.span
    match draft:
        case d.Number(number=number):
            value = number.value if isinstance(number, Size) else number
            return m.Constant(float(value or 0), type=type_, span=span)
        case d.Ref():
            return _reference(draft, type_)
        case d.At():
            return _at(draft, type_)
        case d.ParameterRef(parameter=parameter, transposed=transposed):
            return m.ParameterReference(finish_parameter(parameter), transposed, type=type_, span=span)
        case d.Weights(parameters=parameters):
            return _weights(parameters, draft)
        case d.Position(name=name):
            axis = type_.space[0] if type_.space else None
            return m.ElementPosition(name, axis, draft.end, type=type_, span=span)
        case d.UnitNumber(name=name):
            return m.ElementPosition(name, None, type=type_, span=span)
        case d.Apply():
            return _apply(draft, type_)
        case d.Connect():
            return _connect(draft, type_)
        case d.Reduce():
            return _reduce(draft, type_)
        case d.Draw(function=function, arguments=arguments):
            return m.Sample(function.name, tuple(map(finish, arguments)), type=type_, span=span)
        case d.Query():
            return _infer(draft, type_)
    raise AssertionError(f"{draft.span.text} was not understood, and no mistake was reported")


def _reference(draft: d.Ref, type_: Type) -> m.Expression:
    value = finish_value(draft.value)
    picks = _picks(draft.picks)
    if not picks:
        return m.Reference(value, type=type_, span=draft.span)
    plain = m.Reference(value, type=value.type, span=draft.span)
    return m.At(plain, picks, type=type_, span=draft.span)


def _at(draft: d.At, type_: Type) -> m.Expression:
    if isinstance(draft.value, d.Ref):
        value = finish_value(draft.value.value)
        inner: m.Expression = m.Reference(value, type=value.type, span=draft.value.span)
    else:
        inner = finish(draft.value)
    picks = _picks(draft.picked)
    return m.At(inner, picks, type=type_, span=draft.span) if picks else inner


def _picks(picked: Sequence[Picked]) -> tuple[m.Pick, ...]:
    """Those that say more than the statement's own element."""
    return tuple(
        m.Pick(pick.axis, pick.element, pick.shift, pick.end)
        for pick in picked
        if pick.element is not None or pick.shift or pick.end is not None
    )


def _weights(parameters: Sequence[d.DraftParameter], draft: d.Draft) -> m.Expression:
    references = tuple(
        m.ParameterReference((found := finish_parameter(parameter)), type=Type(found.shape), span=draft.span)
        for parameter in parameters
    )
    count = sum(reference.type.unit_count for reference in references)
    return m.Apply("weights", references, type=Type((max(count, 1),)), span=draft.span)


def _apply(draft: d.Apply, type_: Type) -> m.Expression:
    arguments = tuple(map(finish, draft.arguments))
    name = draft.function.name
    folded = _folded(name, arguments, type_, draft)
    if folded is not None:
        return folded
    parameters = tuple(map(finish_parameter, draft.parameters))
    return m.Apply(name, arguments, draft.options, parameters, type=type_, span=draft.span)


def _folded(
    name: str, arguments: tuple[m.Expression, ...], type_: Type, draft: d.Draft
) -> m.Expression | None:
    """Arithmetic on numbers is done here, and logic where one side decides it."""
    numbers = [argument.value for argument in arguments if isinstance(argument, m.Constant)]
    if name in ("and", "or") and numbers:
        decides = (name == "or") == bool(numbers[0])
        rest = [argument for argument in arguments if not isinstance(argument, m.Constant)]
        if decides or not rest:
            truth = all(numbers) if name == "and" else any(numbers)
            return m.Constant(float(truth), type=Type((1,)), span=draft.span)
        return rest[0]
    if name not in _FOLDED or len(numbers) < len(arguments):
        return None
    try:
        value = _FOLDED[name](*numbers)
    except (ArithmeticError, ValueError):
        return None
    if isinstance(value, complex):
        return None
    return m.Constant(float(value), type=type_, span=draft.span)


def _connect(draft: d.Connect, type_: Type) -> m.Expression:
    groups = draft.groups or (draft.source.units.known or (1,))[0]
    return m.Connect(
        m.ConnectionKind(draft.kind),
        finish(draft.source),
        finish_parameter(draft.parameter),
        transposed=draft.transposed,
        along=draft.along,
        window=draft.window,
        stride=draft.stride,
        pad=draft.pad,
        dilation=draft.dilation,
        groups=groups,
        causal=draft.causal,
        unshared=draft.unshared,
        density=draft.density,
        seed=draft.seed,
        rule=finish(draft.rule) if draft.rule is not None else None,
        rule_elements=draft.rule_elements,
        type=type_,
        span=draft.span,
    )


def _reduce(draft: d.Reduce, type_: Type) -> m.Expression:
    condition = finish(draft.condition) if draft.condition is not None else None
    if isinstance(condition, m.Constant) and condition.value:
        condition = None
    return m.Reduce(
        draft.operation,
        finish(draft.body),
        () if draft.window else _space(draft.reduced),
        neighbours=draft.neighbours is not None,
        condition=condition,
        window=draft.window,
        stride=draft.stride,
        pad=draft.pad,
        type=type_,
        span=draft.span,
    )


def _infer(draft: d.Query, type_: Type) -> m.Expression:
    return m.Infer(
        draft.query,
        draft.energy.name,
        draft.unit.name.rpartition(".")[2] if draft.unit is not None else None,
        tuple((name, finish(given)) for name, given in draft.clamped),
        tuple((name, finish(given)) for name, given in draft.start),
        draft.options,
        type=type_,
        span=draft.span,
    )
