"""The syntax errors that can be named: each rule looks at where the parser stopped, and may know why.

A rule returns a `Repair`, so that parsing goes on behind the mistake; or None, and the next rule is asked.
"""

from __future__ import annotations

from collections.abc import Callable

from lark import Token

from nndsl.diagnostics.catalogue.syntax import Misplaced, Unexpected
from nndsl.source import Span
from nndsl.syntax.recovery import brackets, signs, words
from nndsl.syntax.recovery.expected import describe
from nndsl.syntax.recovery.failure import CLAUSES, DECLARATIONS, STATEMENTS, TOP_LEVEL, Failure
from nndsl.syntax.recovery.repair import Repair, statement_dropped

Rule = Callable[[Failure], Repair | None]


def misplaced(failure: Failure) -> Repair | None:
    kind = failure.found.type
    if kind not in CLAUSES | DECLARATIONS or not failure.expected & (STATEMENTS | {"RBRACE", "$END"}):
        return None
    if failure.braces and kind in CLAUSES:
        place = f"directly in '{failure.owner_text(failure.braces[-1])}'"
        belongs = "train { … }"
        end = failure.statement_end(failure.index)
    elif not failure.braces:
        place, belongs = "outside of any", "train { … }" if kind in CLAUSES else "a network or a block"
        end = next(i for i in range(failure.index, len(failure.tokens)) if _top(failure.tokens[i]))
    else:
        return None
    mistake = Misplaced(str(failure.found), belongs, place, _ended(failure), span=failure.span())
    return Repair(mistake, failure.index, end)


def _top(token: Token) -> bool:
    return token.type in TOP_LEVEL or token.type == "$END"


def _ended(failure: Failure) -> Span | None:
    """The brace that ended the network too early, perhaps."""
    before = failure.before
    outside = not failure.braces and before is not None and before.type == "RBRACE"
    return failure.span(failure.index - 1) if outside else None


def unexpected(failure: Failure) -> Repair:
    """What no other rule can name: the rest of the statement is passed over."""
    hint = None
    if failure.statement_type in ("INPUT", "TARGET") and failure.found.type == "EQUAL":
        hint = "inputs and targets get their values from data { … }; what is computed is a layer"
    place = failure.gap if failure.ends_here else failure.span()
    mistake = Unexpected(describe(failure.expected), failure.shown, hint, span=place)
    return statement_dropped(failure, mistake)


RULES: tuple[Rule, ...] = (
    words.keyword_as_name,
    words.foreign_word,
    words.foreign_statement,
    words.foreign_equals,
    words.foreign_operator,
    words.foreign_quotes,
    words.misspelled_keyword,
    signs.missing_over,
    brackets.unclosed_bracket,
    signs.trailing_comma,
    signs.equals_for_comparison,
    signs.missing_arrow,
    signs.missing_definition,
    signs.missing_name,
    signs.missing_word,
    signs.missing_quotes,
    signs.malformed_number,
    signs.missing_operator,
    brackets.missing_brace,
    brackets.unmatched_closing,
    brackets.unclosed_brace,
    misplaced,
)


def diagnose(failure: Failure) -> Repair:
    """What is wrong, from the first rule that knows."""
    return next((repair for rule in RULES if (repair := rule(failure))), None) or unexpected(failure)


def passed_over(failure: Failure) -> Repair:
    """The repair that always moves on."""
    repair = unexpected(failure)
    if repair.end > failure.index or repair.end - repair.start > len(repair.instead):
        return repair
    return Repair(repair.diagnostic, failure.index, failure.index + 1)
