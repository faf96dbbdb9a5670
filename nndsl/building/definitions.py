"""Definition -> Term: a layer or an output, in the shape of its value."""

from __future__ import annotations

from dataclasses import replace

from nndsl.building.expressions import lower
from nndsl.building.scope import Scope
from nndsl.building.term import Term
from nndsl.graph.types import Element
from nndsl.semantics.model import Definition, Expression, Sample
from nndsl.types import Domain, IndexSet


def defined(scope: Scope, definition: Definition) -> Term:
    """What a definition says, repeated to the whole shape of its value."""
    value = definition.value
    with scope.build.at(value.name, value.span):
        term = lower(scope, _whole(definition))
        if term.node.type.element is Element.TRUTH and value.type.domain is Domain.BIPOLAR:
            term = 2 * term.real() - 1
        term = term if value.type.domain is Domain.INDEX else term.real()
        term = replace(term, layout=term.layout.renamed(value.type.space))
        return term.stretched(scope.layout(value.type))


def started(scope: Scope, definition: Definition, time: IndexSet) -> None:
    """Builds what a value is before the first step of an ordered set, where the spec says so."""
    if definition.start is not None:
        value = definition.value
        space = tuple(axis for axis in value.type.space if axis.set != time)
        begun = replace(value, type=replace(value.type, space=space))
        term = defined(scope, replace(definition, value=begun, expression=definition.start))
        scope.starts[value.name] = term


def _whole(definition: Definition) -> Expression:
    """The expression of a definition; a draw has other numbers for each entry of the value."""
    expression = definition.expression
    return replace(expression, type=definition.value.type) if isinstance(expression, Sample) else expression
