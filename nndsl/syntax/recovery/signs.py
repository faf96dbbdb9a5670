"""What is missing, too much or mistaken between two words."""

from __future__ import annotations

from nndsl.diagnostics.catalogue import syntax
from nndsl.syntax.recovery.failure import OPENING, Failure, shown
from nndsl.syntax.recovery.repair import AFTER_A_NAME, VALUE_BEGINS, Repair

_NAMED = frozenset(
    {"NETWORK", "BLOCK", "GRAPH", "INPUT", "TARGET", "PARAM", "LAYER", "OUTPUT", "START", "SHARE"}
    | {"ENERGY", "GENERATE", "DATA"}
)


def equals_for_comparison(failure: Failure) -> Repair | None:
    if failure.found.type != "EQUAL" or "COMPARISON" not in failure.expected:
        return None
    return Repair(
        syntax.EqualsForComparison(span=failure.span()), failure.index, failure.index + 1, ("COMPARISON",)
    )


def missing_quotes(failure: Failure) -> Repair | None:
    """`import numpy`"""
    if failure.statement_type != "IMPORT" or failure.found.type != "NAME":
        return None
    hint = f'a file stands in quotes: import "{failure.found}.nn"; the library: use NAME from std'
    mistake = syntax.Unexpected("a string", failure.shown, hint, span=failure.span())
    return Repair(mistake, failure.index, failure.index + 1, ("STRING",))


def missing_arrow(failure: Failure) -> Repair | None:
    if failure.statement_type != "BLOCK" or failure.expected != {"_ARROW"} or failure.statement is None:
        return None
    name = str(failure.tokens[failure.statement + 1])
    mistake = syntax.MissingArrow(name, failure.shown, span=failure.span())
    found = failure.found.type
    if found in ("NAME", "LPAR"):
        return Repair(mistake, failure.index, failure.index, ("_ARROW",))
    end = failure.index + (found in ("COLON", "EQUAL", "MINUS", "COMPARISON"))
    named = failure.tokens[end].type in ("NAME", "LPAR")
    return Repair(mistake, failure.index, end, ("_ARROW",) if named else ("_ARROW", "NAME"))


def missing_over(failure: Failure) -> Repair | None:
    if "OVER" not in failure.expected:
        return None
    found, after = failure.found.type, failure.after.type
    after_element = found == "IN" and failure.before is not None and failure.before.type == "NAME"
    before_element = found == "NAME" and after == "IN"
    before_set = found in ("WINDOW", "EXTENTS")
    if not (after_element or before_element or before_set):
        return None
    place = failure.index - after_element
    mistake = syntax.MissingOver(shown(failure.tokens[place]), span=failure.span(place))
    return Repair(mistake, place, place, ("OVER",))


def missing_definition(failure: Failure) -> Repair | None:
    kind = failure.statement_type
    if kind not in ("LAYER", "OUTPUT", "ENERGY", "START", "SHARE") or "EQUAL" not in failure.expected:
        return None
    if failure.bracket is not None or failure.before is None:
        return None
    begins = failure.found.type in VALUE_BEGINS | {"MINUS"}
    swallowed = (
        failure.before.type == "NAME"
        and not failure.begins_statement(failure.index - 2)
        and (failure.found.type in AFTER_A_NAME | {"LPAR"} and not failure.ends_here)
    )
    if not (begins or swallowed or failure.ends_here):
        return None
    place = failure.index - swallowed
    mistake = syntax.MissingDefinition(
        kind.lower(),
        shown(failure.tokens[place]),
        "TILDE" in failure.expected,
        span=failure.span(place) if swallowed else failure.gap,
    )
    value = ("EQUAL", "NAME") if failure.ends_here else ("EQUAL",)
    return Repair(mistake, place, place, value)


def missing_name(failure: Failure) -> Repair | None:
    before = failure.before
    if before is None or before.type not in _NAMED or "NAME" not in failure.expected:
        return None
    if failure.found.type not in AFTER_A_NAME | {"LPAR", "LBRACE"} and not failure.ends_here:
        return None
    mistake = syntax.MissingName(str(before), failure.shown, span=failure.gap)
    if failure.ends_here:
        return Repair(mistake, failure.index - 1, failure.index)
    return Repair(mistake, failure.index, failure.index, ("NAME",))


def missing_word(failure: Failure) -> Repair | None:
    """`early_stop 5`, `clip 1.0`."""
    before = failure.before
    words = {"EARLY_STOP": "after", "CLIP": "norm"}
    if before is None or before.type not in words:
        return None
    word = words[before.type]
    mistake = syntax.Unexpected(
        f"'{word}'", failure.shown, f"write {before} {word} {failure.found}", span=failure.span()
    )
    return Repair(mistake, failure.index, failure.index, ("NAME",))


def trailing_comma(failure: Failure) -> Repair | None:
    before = failure.before
    if before is None or before.type != "COMMA":
        return None
    if failure.found.type not in OPENING and not failure.ends_here:
        return None
    mistake = syntax.TrailingComma(failure.shown, span=failure.span(failure.index - 1))
    return Repair(mistake, failure.index - 1, failure.index)


def malformed_number(failure: Failure) -> Repair | None:
    """`.5` and `1.`"""
    index, before = failure.index, failure.before
    if failure.found.type != "DOT":
        return None
    if before is not None and before.type == "INT" and before.end_pos == failure.found.start_pos:
        span = failure.span(index - 1).to(failure.span())
        return Repair(syntax.MalformedNumber(span.text, f"{span.text}0", span=span), index, index + 1)
    if failure.after.type == "INT":
        span = failure.span().to(failure.span(index + 1))
        return Repair(syntax.MalformedNumber(span.text, f"0{span.text}", span=span), index, index + 1)
    return None


def missing_operator(failure: Failure) -> Repair | None:
    before = failure.before
    if before is None or "PLUS" not in failure.expected or failure.found.type not in VALUE_BEGINS:
        return None
    if failure.bracket is None and failure.begins_line(failure.index):
        return None
    joined = before.end_pos == failure.found.start_pos
    listed = "COMMA" in failure.expected and failure.bracket is not None and not joined
    mistake = syntax.MissingOperator(str(before), str(failure.found), listed, span=failure.span())
    return Repair(mistake, failure.index, failure.index, ("COMMA" if listed else "TIMES",))
