"""Expression -> Term: what each construct of the language means as operators."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from nndsl.building.connections import connection
from nndsl.building.layout import Layout
from nndsl.building.reductions import reduction
from nndsl.building.scope import Scope
from nndsl.building.term import Term, known
from nndsl.functions.catalogue import entry_of
from nndsl.operators.movement import Pad, Slice
from nndsl.semantics.model import (
    Apply,
    At,
    Connect,
    Constant,
    ElementPosition,
    Expression,
    ParameterReference,
    Pick,
    Reduce,
    Reference,
)
from nndsl.types import Axis, Extent, IndexSet, SetKind


def lower(scope: Scope, expression: Expression) -> Term:
    """The value of an expression. What cannot be run has been refused before (see `refusals`)."""
    match expression:
        case Constant(value=value):
            return scope.constant(value)
        case Reference(value=value):
            return _at(scope.value(value), expression)
        case At(value=value, picks=picks):
            return _at(shifted(lower(scope, value), picks), expression)
        case ParameterReference(parameter=parameter, transposed=transposed):
            term = scope.parameter(parameter)
            return term.transposed() if transposed else term
        case ElementPosition(element=element, axis=axis):
            return scope.elements[element] if axis is None else scope.constant(0).position(axis)
        case Apply():
            return _apply(scope, expression)
        case Connect():
            return connection(expression, lower(scope, expression.source), _weights(scope, expression))
        case Reduce(body=body, condition=condition):
            truth = None if condition is None else lower(scope, condition).truth()
            return reduction(expression, lower(scope, body), truth)
        case _:
            raise AssertionError(f"not refused: {expression}")


def _at(term: Term, expression: Reference | At) -> Term:
    """A value at elements of an index space: the same dimensions, called after these elements."""
    return replace(term, layout=replace(term.layout, space=expression.type.space))


def shifted(term: Term, picks: Iterable[Pick]) -> Term:
    """A value some steps earlier or later along an ordered set: zeros come in from beyond its ends."""
    for pick in picks:
        axis, steps = term.layout.batch + pick.axis, abs(pick.shift)
        if pick.shift < 0:
            node = term.build(Pad(axis, steps, 0), term.build(Slice(axis, 0, steps), term.node))
        elif pick.shift > 0:
            node = term.build(Pad(axis, 0, steps), term.build(Slice(axis, steps, 0), term.node))
        else:
            continue
        term = replace(term, node=node)
    return term


def _weights(scope: Scope, connect: Connect) -> Term:
    """The weights of a connection; those that its rule leaves out are zero."""
    weights = scope.parameter(connect.weights)
    if connect.rule is None:
        return weights
    return weights * wiring(scope, connect).with_units(weights.units)


def wiring(scope: Scope, connect: Connect) -> Term:
    """Which units the rule of a `wired` connection joins, as a matrix of truths shaped as the weights."""
    assert connect.rule is not None and connect.rule_elements is not None
    sides = (connect.source.type.unit_count, connect.type.unit_count)
    source, target = (
        Axis(IndexSet(name, SetKind.NODES), Extent.of(size), name)
        for name, size in zip(connect.rule_elements, sides, strict=True)
    )
    for axis in (source, target):
        scope.elements[axis.set.name] = scope.constant(0).position(axis)
    table = Layout(space=(source, target) if connect.transposed else (target, source))
    wired = lower(scope, connect.rule).truth().stretched(table)
    return replace(wired, layout=Layout(units=tuple(known(axis.extent) for axis in table.space)))


def _apply(scope: Scope, apply: Apply) -> Term:
    """A function of the catalogue; of `weights` it is the sum over all of them."""
    function = entry_of(apply.function)
    names = (name for name, _, _ in function.parameters)
    owned = {name: scope.parameter(own) for name, own in zip(names, apply.parameters, strict=True)}
    told = {"units": apply.type.units, "noise": None}
    told = {name: value for name, value in told.items() if function.asks(name)}
    options = {**dict(apply.options), **owned, **told}
    body = function.lower
    match apply.arguments:
        case (Apply(function="weights", arguments=weights),):
            terms = [body(lower(scope, weight), **options) for weight in weights]
            total: Term = sum(terms[1:], start=terms[0]) if terms else scope.constant(0)
            return total
        case arguments:
            result: Term = body(*(lower(scope, argument) for argument in arguments), **options)
            return result
