"""Models and column expressions, made by hand for the tests of data."""

from __future__ import annotations

from nndsl.semantics import model
from nndsl.source import Source, Span
from nndsl.types import Axis, Domain, Extent, IndexSet, SetKind, Type

SOURCE = Source("spec.nn", "data digits { x = image / 16, digit = label }\n")
SPAN = Span(SOURCE, 0, 44)


def grid(*sizes: int | None) -> tuple[Axis, ...]:
    return tuple(
        Axis(
            IndexSet(f"side{i}", SetKind.GRID),
            Extent(f"side{i}") if size is None else Extent.of(size),
        )
        for i, size in enumerate(sizes)
    )


def value(
    name: str,
    *units: int,
    domain: Domain = Domain.REAL,
    space: tuple[Axis, ...] = (),
    kind: model.ValueKind = model.ValueKind.INPUT,
) -> model.Value:
    return model.Value(name, kind, Type(units, space, domain), span=SPAN)


def target(name: str, *units: int, domain: Domain = Domain.REAL) -> model.Value:
    return value(name, *units, domain=domain, kind=model.ValueKind.TARGET)


def column(name: str) -> model.Column:
    return model.Column(name, span=SPAN)


def number(value: float) -> model.Number:
    return model.Number(value, span=SPAN)


def apply(function: str, *arguments: model.ColumnExpression) -> model.Transform:
    return model.Transform(function, arguments, span=SPAN)


def dataset(
    source: str,
    *bindings: tuple[model.Value, model.ColumnExpression],
    path: bool = False,
    shares: tuple[float, float, float] | None = None,
    in_order: bool = False,
) -> model.Dataset:
    binds = tuple(model.Bind(value, expression, span=SPAN) for value, expression in bindings)
    return model.Dataset(source, path, binds, shares, in_order, span=SPAN)


def network(*values: model.Value, data: model.Dataset | None = None) -> model.Model:
    inputs = tuple(value for value in values if value.kind is model.ValueKind.INPUT)
    targets = tuple(value for value in values if value.kind is model.ValueKind.TARGET)
    return model.Model("Net", SOURCE, {}, (), inputs, targets, (), (), (), (), data, None)
