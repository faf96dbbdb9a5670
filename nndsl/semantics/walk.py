"""Going through the expressions of a model."""

from __future__ import annotations

from collections.abc import Iterator

from nndsl.semantics.model import (
    Apply,
    At,
    Connect,
    Expression,
    Infer,
    Parameter,
    ParameterReference,
    Reduce,
    Reference,
    Sample,
    Value,
)


def children(expression: Expression) -> tuple[Expression, ...]:
    """The expressions that an expression is made of, from left to right."""
    match expression:
        case Apply(arguments=arguments) | Sample(arguments=arguments):
            return arguments
        case Connect(source=source, rule=rule):
            return (source,) if rule is None else (source, rule)
        case At(value=value):
            return (value,)
        case Reduce(body=body, condition=condition):
            return (body,) if condition is None else (body, condition)
        case Infer(clamped=clamped, start=start):
            return tuple(given for _, given in (*clamped, *start))
        case _:
            return ()


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and all below it, an expression before what it is made of."""
    pending = [expression]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(children(current)))


def values_of(expression: Expression) -> Iterator[Value]:
    """The values that an expression reads, once for each place."""
    return (part.value for part in walk(expression) if isinstance(part, Reference))


def parameters_of(expression: Expression) -> Iterator[Parameter]:
    """The parameters that an expression uses, once for each place."""
    for part in walk(expression):
        match part:
            case ParameterReference(parameter=parameter) | Connect(weights=parameter):
                yield parameter
            case Apply(parameters=parameters):
                yield from parameters


def along_axis(connect: Connect) -> int:
    """Which unit axis of its source a connection `along` one axis runs along."""
    source = connect.source
    while isinstance(source, At):
        source = source.value
    assert isinstance(source, Reference) and connect.along is not None
    return source.value.type.unit_names.index(connect.along)
