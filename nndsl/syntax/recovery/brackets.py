"""Brackets and braces that are not closed, or were never opened."""

from __future__ import annotations

from nndsl.diagnostics.catalogue.syntax import UnclosedBrace, UnclosedBracket, Unexpected, UnmatchedClosing
from nndsl.syntax.recovery.failure import (
    CLOSING,
    DECLARATIONS,
    OPENING,
    OWNERS,
    SIGNS,
    TOP_LEVEL,
    Failure,
    shown,
)
from nndsl.syntax.recovery.repair import Repair


def unclosed_bracket(failure: Failure) -> Repair | None:
    if failure.bracket is None:
        return None
    opening = failure.tokens[failure.bracket].type
    closing = CLOSING[opening]
    if closing not in failure.expected:
        return None
    found = failure.found.type
    ends = failure.ends_here or (opening == "LSQB" and found in ("EQUAL", "TILDE", "OVER"))
    wrong = found in ("RPAR", "RSQB") and found != closing
    ahead = failure.closings_ahead(opening)
    if wrong and ahead == failure.open_count(opening):
        return None
    if not (ends or wrong or ahead == 0):
        return None
    mistake = UnclosedBracket(SIGNS[closing], failure.shown, failure.span(failure.bracket), span=failure.gap)
    replaces = wrong and failure.open_count(OPENING[found]) == 0
    return Repair(mistake, failure.index, failure.index + replaces, (closing,))


def unmatched_closing(failure: Failure) -> Repair | None:
    kind = failure.found.type
    if kind not in OPENING or any(failure.tokens[i].type == OPENING[kind] for i in failure.opened):
        return None
    if kind == "RBRACE" and "$END" not in failure.expected:
        return None
    mistake = UnmatchedClosing(SIGNS[kind], SIGNS[OPENING[kind]], span=failure.span())
    return Repair(mistake, failure.index, failure.index + 1)


def missing_brace(failure: Failure) -> Repair | None:
    """`train minimize mse(y, x) }`."""
    if "LBRACE" not in failure.expected or failure.statement_type not in OWNERS:
        return None
    binding = failure.found.type == "NAME" and failure.after.type == "EQUAL"
    if not (binding or failure.begins_statement(failure.index)):
        return None
    owner = str(failure.tokens[failure.statement or 0])
    hint = f"the body of '{owner}' stands in braces: {owner} … {{ … }}"
    mistake = Unexpected("'{'", failure.shown, hint, span=failure.gap)
    return Repair(mistake, failure.index, failure.index, ("LBRACE",))


def unclosed_brace(failure: Failure) -> Repair | None:
    kind = failure.found.type
    ends = kind == "$END" or kind in TOP_LEVEL
    ends |= kind in DECLARATIONS and failure.level in ("TRAIN", "DATA")
    if not (ends and failure.braces and "RBRACE" in failure.expected):
        return None
    brace, place = _where_unclosed(failure)
    mistake = UnclosedBrace(
        failure.owner_text(brace),
        shown(failure.tokens[place]),
        failure.span(brace),
        span=failure.span(place),
    )
    return Repair(mistake, place, place, ("RBRACE",))


def _where_unclosed(failure: Failure) -> tuple[int, int]:
    """The brace that was left open and where it should have ended, as the indentation tells."""
    stack: list[int] = []
    tokens = failure.tokens
    for i in range(failure.index):
        kind = tokens[i].type
        if stack and kind != "RBRACE" and failure.begins_line(i) and _dedented(failure, stack[-1], i):
            return stack[-1], i
        if kind == "LBRACE":
            stack.append(i)
        elif kind == "RBRACE" and stack:
            stack.pop()
    return failure.braces[-1], failure.index


def _dedented(failure: Failure, brace: int, place: int) -> bool:
    """Whether the line at `place` stands no deeper than that of the brace, whose body does stand deeper."""
    margin = _margin(failure, brace)
    first = failure.tokens[brace + 1]
    indented = (first.column or 0) > margin
    return indented and (failure.tokens[place].column or 0) <= margin


def _margin(failure: Failure, index: int) -> int:
    while not failure.begins_line(index):
        index -= 1
    return failure.tokens[index].column or 0
