"""Options of a call against those of a signature: names, kinds, defaults."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from math import inf
from typing import Any

from nndsl.diagnostics.catalogue.names import UnknownOption
from nndsl.diagnostics.catalogue.training import UnknownSchedule
from nndsl.diagnostics.catalogue.types import MissingOption, OptionGivenTwice, WrongOptionValue
from nndsl.functions.catalogue import OptionParameter, family
from nndsl.semantics.model import Ramp, Schedule
from nndsl.semantics.scope import Scope
from nndsl.semantics.sizes import constant
from nndsl.source import Span
from nndsl.syntax import tree

Options = tuple[tuple[str, Any], ...]


def read_options(
    function: str,
    legal: Sequence[OptionParameter],
    positional: Sequence[tree.Expression],
    named: Sequence[tree.Option],
    scope: Scope,
    span: Span,
) -> Options:
    """Every option in the order of the signature, defaults filled in. Mistakes are reported."""
    given: dict[str, tree.Option] = {}
    by_name = {option.name: option for option in legal}
    for option in (*_spelled(legal, positional), *named):
        name = option.name.name
        if name not in by_name:
            legal_names = tuple(by_name)
            scope.diagnostics.add(UnknownOption(function, name, legal_names, span=option.name.span))
        elif name in given:
            first = given[name].span
            scope.diagnostics.add(OptionGivenTwice(function, name, first, span=option.span))
        else:
            given[name] = option
    return tuple((o.name, _read(function, o, given.get(o.name), scope, span)) for o in legal)


def _spelled(
    legal: Sequence[OptionParameter], positional: Sequence[tree.Expression]
) -> Iterator[tree.Option]:
    """Options without their names: a bare word says which it is, other values stand in order."""
    in_order = iter(legal)
    for value in positional:
        word = value.name if isinstance(value, tree.Name) else None
        option = next((o for o in legal if o.type == "truth" and o.name == word), None)
        if option is not None:
            yes = tree.Truth(True, span=value.span)
            yield tree.Option(tree.Name(option.name, span=value.span), yes, span=value.span)
            continue
        option = next((o for o in legal if word in o.words), None) or next(in_order, None)
        if option is not None:
            yield tree.Option(tree.Name(option.name, span=value.span), value, span=value.span)


def _read(function: str, option: OptionParameter, given: tree.Option | None, scope: Scope, span: Span) -> Any:
    if given is None:
        if option.default is None:
            scope.diagnostics.add(MissingOption(function, option.name, kind_of(option), span=span))
            return None
        return literal(option.default)
    if option.type == "word" and isinstance(given.value, tree.Name):
        return _checked(function, option, given.value.name, given.value.span, scope)
    value = setting(given.value, scope)
    return None if value is None else _checked(function, option, value, given.value.span, scope)


def setting(syntax: tree.Expression, scope: Scope) -> Any:
    """A number, truth, text, tuple, ramp or schedule."""
    match syntax:
        case tree.Ramp(start, end):
            first, last = constant(start, scope), constant(end, scope)
            return None if first is None or last is None else Ramp(float(first), float(last))
        case tree.Call(function, False, arguments, options):
            entry = family("schedule").get(function.name)
            if entry is None:
                known = tuple(family("schedule"))
                scope.diagnostics.add(UnknownSchedule(function.name, known, span=function.span))
                return None
            read = read_options(
                function.name, entry.signature.options, arguments, options, scope, syntax.span
            )
            if any(value is None for _, value in read):
                return None
            return Schedule(function.name, tuple(float(value) for _, value in read))
    return constant(syntax, scope)


def _checked(function: str, option: OptionParameter, value: Any, span: Span, scope: Scope) -> Any:
    if not fits(option, value):
        shown = kind_of(option)
        scope.diagnostics.add(WrongOptionValue(function, option.name, shown, span.text, span=span))
        return None
    return value


def kind_of(option: OptionParameter) -> str:
    """What an option takes, in the reader's terms."""
    if option.words:
        return " or ".join(option.words)
    return {
        "number": "a number",
        "integer": "a whole number",
        "truth": "yes or no",
        "numbers": f"numbers such as {option.default}",
        "schedule": "a number, a ramp such as 1 -> 0.1, or a schedule",
        "positive_schedule": "a number above 0, a ramp such as 10 -> 1, or a schedule",
        "share_schedule": "a number above 0 and at most 1, a ramp such as 0.5 -> 0.02, or a schedule",
        "share": "a number from 0 up to, but not, 1",
        "positive": "a number above 0",
        "count": "a whole number from 1 on",
    }.get(option.type, option.type)


def fits(option: OptionParameter, value: Any) -> bool:
    """Whether a value is of the option's kind."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    match option.type:
        case "number":
            return plain
        case "share":
            return plain and 0 <= value < 1
        case "positive":
            return plain and value > 0
        case "count":
            return plain and float(value).is_integer() and value >= 1
        case "integer":
            return plain and float(value).is_integer() and value >= 0
        case "truth":
            return isinstance(value, bool)
        case "word":
            return value in option.words
        case "numbers":
            usual = literal(option.default) if option.default is not None else value
            numbers = isinstance(value, tuple) and all(isinstance(part, int | float) for part in value)
            return numbers and isinstance(usual, tuple) and len(value) == len(usual)
        case "schedule":
            return plain or isinstance(value, Ramp | Schedule)
        case "positive_schedule":
            return _runs_within(value, inf)
        case "share_schedule":
            return _runs_within(value, 1.0)
    return True


def _runs_within(value: Any, most: float) -> bool:
    """Whether a rate begins above 0, and never lies below it nor above `most`."""
    match value:
        case bool():
            return False
        case int() | float() as start:
            end: float = start
        case Ramp(start=start, end=end):
            pass
        case Schedule(numbers=(start, *_)):
            end = start
        case _:
            return False
    return 0 < start <= most and 0 <= end <= most


def literal(text: str) -> Any:
    """A default as a signature writes it."""
    if "->" in text:
        return Ramp(*(float(number) for number in text.split("->")))
    if text in ("yes", "no"):
        return text == "yes"
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text
