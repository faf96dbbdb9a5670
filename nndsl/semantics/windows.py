"""The options of windows: how far they stride, pad and dilate, side by side."""

from __future__ import annotations

from typing import Any

from nndsl.diagnostics.catalogue.names import UnknownOption
from nndsl.diagnostics.catalogue.types import (
    NotASize,
    OptionGivenTwice,
    WindowRankMismatch,
    WrongOptionValue,
)
from nndsl.functions.catalogue import OptionParameter
from nndsl.semantics.context import Context, Draftbook
from nndsl.semantics.options import fits, kind_of
from nndsl.semantics.scope import Scope
from nndsl.semantics.sizes import constant, whole_number
from nndsl.source import Span
from nndsl.syntax import tree


def window_options(
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
