"""The `generate` statement: which output is fed back into which input, and how symbols are chosen."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.diagnostics.catalogue.training import (
    GenerateNotOrdered,
    GenerateNotShifted,
    GenerateNotSymbols,
    UnknownSearch,
)
from nndsl.functions.catalogue import family
from nndsl.semantics import model as m
from nndsl.semantics.context import Draftbook
from nndsl.semantics.data import DataReader
from nndsl.semantics.draft import DraftValue
from nndsl.semantics.finish import finish_value
from nndsl.semantics.model import ValueKind
from nndsl.semantics.options import Options, read_options
from nndsl.semantics.scope import Scope
from nndsl.semantics.sizes import constant
from nndsl.syntax import tree
from nndsl.types import Domain, IndexSet

GREEDY = "greedy"
"""How symbols are chosen where the statement does not say."""


@dataclass(frozen=True, slots=True)
class DraftGeneration:
    """The statement while types are open."""

    syntax: tree.Generate
    target: DraftValue
    logits: DraftValue
    into: DraftValue
    search: str
    options: Options
    at_most: int | None


def read_generation(
    syntax: tree.Generate, reader: DataReader, book: Draftbook, scope: Scope
) -> DraftGeneration | None:
    """The statement with its names resolved. Mistakes are reported; None where it cannot be gone on with."""
    target = reader.port(syntax.target, (ValueKind.TARGET,))
    into = reader.port(syntax.into, (ValueKind.INPUT,))
    logits = reader.port(syntax.logits, (ValueKind.LAYER, ValueKind.OUTPUT))
    found = _search(syntax.search, book, scope)
    at_most = None if syntax.at_most is None else constant(syntax.at_most, scope)
    if target is None or into is None or logits is None or found is None:
        return None
    for value in (target, into, logits):
        value.used = True
    return DraftGeneration(syntax, target, logits, into, *found, at_most)


def _search(call: tree.Call | None, book: Draftbook, scope: Scope) -> tuple[str, Options] | None:
    if call is None:
        return GREEDY, ()
    searches = family("search")
    search = searches.get(call.function.name)
    if search is None:
        mistake = UnknownSearch(call.function.name, tuple(searches), span=call.function.span)
        book.diagnostics.add(mistake)
        return None
    legal = search.signature.options
    return search.name, read_options(search.name, legal, call.arguments, call.options, scope, call.span)


def check_generation(generation: DraftGeneration, book: Draftbook) -> None:
    """All three must be sequences along one ordered set."""
    values = (generation.target, generation.into, generation.logits)
    ordered = [{place.set for place in value.places or () if place.set.ordered} for value in values]
    if not set.intersection(*ordered):
        named = next((value for value, sets in zip(values, ordered, strict=True) if not sets), values[0])
        book.diagnostics.add(GenerateNotOrdered(named.name, named.span, span=generation.syntax.span))


def finish_generation(
    generation: DraftGeneration, dataset: m.Dataset | None, book: Draftbook
) -> m.Generation:
    """The statement of the model. All speak of the same symbols, the input one place behind."""
    syntax = generation.syntax
    target, logits, into = map(finish_value, (generation.target, generation.logits, generation.into))
    for value in (target, into):
        if value.type.domain is not Domain.ONEHOT or value.type.units != logits.type.units:
            mistake = GenerateNotSymbols(
                value.name, str(value.type), logits.name, str(logits.type), value.span, span=syntax.span
            )
            book.diagnostics.add(mistake)
    if dataset is not None:
        _check_shift(target, into, dataset, syntax, book)
    until = syntax.until.value if syntax.until else None
    along = _along(into)
    search, options = generation.search, generation.options
    return m.Generation(
        target, logits, into, along, search, options, until, generation.at_most, span=syntax.span
    )


def _along(into: m.Value) -> IndexSet:
    return next(axis.set for axis in into.type.space if axis.set.ordered)


def _check_shift(
    target: m.Value, into: m.Value, dataset: m.Dataset, syntax: tree.Generate, book: Draftbook
) -> None:
    """What is fed back at t + 1 was the target at t."""
    bound = {binding.value.name: binding for binding in dataset.bindings}
    (column, ahead), (other, behind) = (_unshifted(bound[value.name].expression) for value in (target, into))
    if column != other or ahead != behind + 1:
        span = bound[into.name].span
        book.diagnostics.add(GenerateNotShifted(target.name, into.name, syntax.span, span=span))


def _unshifted(expression: m.ColumnExpression) -> tuple[m.ColumnExpression, int]:
    """An expression without the `next` and `previous` around it, and how many places on they take it."""
    shift = 0
    while isinstance(expression, m.Transform) and expression.function in ("next", "previous"):
        shift += 1 if expression.function == "next" else -1
        (expression,) = expression.arguments
    return expression, shift
