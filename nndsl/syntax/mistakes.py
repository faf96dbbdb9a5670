"""The syntax errors that can be named: each rule looks at where the parser stopped, and may know why.

A rule returns a `Repair`, the diagnostic and the tokens as they should have been, so that parsing
goes on behind the mistake; or None, and the next rule is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from lark import Token

from nndsl.diagnostics.catalogue import syntax
from nndsl.diagnostics.diagnostic import Diagnostic
from nndsl.source import Span
from nndsl.syntax.expected import describe
from nndsl.syntax.failure import (
    CLAUSES,
    CLOSING,
    DECLARATIONS,
    OPENING,
    SIGNS,
    STATEMENTS,
    TOP_LEVEL,
    Failure,
    shown,
    words_of,
)
from nndsl.syntax.grammar import keywords


@dataclass(frozen=True, slots=True)
class Repair:
    """A diagnostic, and `tokens[start:end]` to be replaced by tokens of the types `instead`."""

    diagnostic: Diagnostic
    start: int
    end: int
    instead: tuple[str, ...] = ()

    def applied(self, tokens: Sequence[Token]) -> list[Token]:
        place = tokens[min(self.start, len(tokens) - 1)]
        new = [Token.new_borrow_pos(kind, "", place) for kind in self.instead]
        return [*tokens[: self.start], *new, *tokens[self.end :]]


Rule = Callable[[Failure], Repair | None]

_VALUE_BEGINS = frozenset({"NAME", "INT", "FLOAT", "STRING", "EXTENTS", "YES", "NO", "LPAR", "LSQB"})
_NAMED = frozenset(
    {"NETWORK", "BLOCK", "GRAPH", "INPUT", "TARGET", "PARAM", "LAYER", "OUTPUT", "START", "SHARE"}
    | {"ENERGY", "GENERATE", "DATA"}
)
_AFTER_A_NAME = frozenset(
    {"EQUAL", "LSQB", "COMMA", "RPAR", "RSQB", "TILDE", "OVER", "DOT", "_PRIME", "IN", "RBRACE", "COLON"}
    | {"PLUS", "MINUS", "TIMES", "DIVIDE", "POWER", "COMPARISON", "AND", "OR", "$END"}
)
_FOREIGN_STATEMENTS = {
    "def": "a part used several times is a block: block NAME(x[d]) -> y { … }",
    "function": "a part used several times is a block: block NAME(x[d]) -> y { … }",
    "class": "a network is written network NAME { … }",
    "model": "a network is written network NAME { … }",
    "return": "a network's results are its outputs: output y = …",
    "let": "intermediate values are layers: layer h = …",
    "var": "intermediate values are layers: layer h = …",
    "const": "constants are the network's parameters: network NAME(d = 64) { … }",
    "for": "repetition is an index set (over t in T) or a chain of blocks (repeated 6)",
    "while": "repetition in time is a clock: over t in 1..50 until stable",
    "if": "conditions stand in reductions: sum(x over j in T where j <= t)",
}


# --- words -------------------------------------------------------------------------


def keyword_as_name(failure: Failure) -> Repair | None:
    found, after = failure.found, failure.after
    if found.type not in keywords().values() or "NAME" not in failure.expected:
        return None
    same_line = not failure.begins_line(failure.index)
    if found.type in STATEMENTS and not same_line:
        return None
    named = after.type in _AFTER_A_NAME or (same_line and after.type in STATEMENTS | {"LPAR"})
    if not named:
        return None
    mistake = syntax.KeywordAsName(str(found), span=failure.span())
    return Repair(mistake, failure.index, failure.index + 1, ("NAME",))


def foreign_statement(failure: Failure) -> Repair | None:
    """`def f(x): …`, whose first word may have been taken for the end of the statement before."""
    for index in _statement_candidates(failure):
        word = str(failure.tokens[index])
        if word in _FOREIGN_STATEMENTS:
            mistake = syntax.ForeignWord(
                "a statement", word, _FOREIGN_STATEMENTS[word], span=failure.span(index)
            )
            return Repair(mistake, index, failure.statement_end(index))
    return None


def foreign_word(failure: Failure) -> Repair | None:
    """`for` and `if` inside a reduction."""
    for word, kind in (("for", "OVER"), ("if", "WHERE")):
        if failure.found == word and kind in failure.expected:
            return _replaced(failure, f"'{kind.lower()}'", word, f"write '{kind.lower()}'", (kind,))
    return None


def foreign_sign(failure: Failure) -> Repair | None:
    found, before, expected = failure.found, failure.before, failure.expected
    if found.type == "COLON" and "LBRACE" in expected:
        return _replaced(
            failure, "'{'", ":", "bodies stand in braces: { … }; indentation means nothing", ("LBRACE",)
        )
    if found.type == "COLON" and "EQUAL" in expected:
        return _replaced(failure, "'='", ":", "write '='", ("EQUAL",))
    if found == "==" and "EQUAL" in expected:
        return _replaced(failure, "'='", "==", "'=' defines a name, '==' compares two values", ("EQUAL",))
    if found.type == "_PRIME" and "STRING" in expected:
        advice = 'strings stand in double quotes: "…"'
        mistake = syntax.ForeignWord("a string", "'", advice, span=failure.span())
        return _dropped(failure, mistake)
    for doubled, sign, instead in (
        ("TIMES", "**", "a power is written with '^': x^2"),
        ("DIVIDE", "//", "sizes are divided with '/', and must divide without rest"),
    ):
        if before is not None and found.type == before.type == doubled:
            span = failure.span(failure.index - 1).to(failure.span())
            mistake = syntax.ForeignWord("an operator", sign, instead, span=span)
            return Repair(mistake, failure.index, failure.index + 1)
    return None


def misspelled_keyword(failure: Failure) -> Repair | None:
    """`layr h = …`, which may have been taken for the end of the statement before."""
    for index in _statement_candidates(failure):
        here = failure.expected if index == failure.index else _statements_of(failure.level)
        near = get_close_matches(str(failure.tokens[index]), list(words_of(here)), n=1, cutoff=0.75)
        if near:
            mistake = syntax.MisspelledKeyword(str(failure.tokens[index]), near[0], span=failure.span(index))
            return Repair(mistake, index, index + 1, (keywords()[near[0]],))
    return None


def _statement_candidates(failure: Failure) -> list[int]:
    """The names that may have been meant as keywords: one before that begins its line, and the one found."""
    before, index = failure.before, failure.index
    swallowed = before is not None and before.type == "NAME" and failure.begins_line(index - 1)
    places = [index - 1] if swallowed and failure.bracket is None else []
    if failure.found.type == "NAME":
        places.append(index)
    return places


def _statements_of(level: str) -> frozenset[str]:
    if level == "TRAIN":
        return CLAUSES
    return DECLARATIONS if level in ("NETWORK", "BLOCK") else TOP_LEVEL


# --- brackets ----------------------------------------------------------------------


def unclosed_bracket(failure: Failure) -> Repair | None:
    if failure.bracket is None:
        return None
    opening = failure.tokens[failure.bracket].type
    closing = CLOSING[opening]
    if closing not in failure.expected:
        return None
    found = failure.found.type
    ends = failure.ends_here or (opening == "LSQB" and found in ("EQUAL", "TILDE", "OVER"))
    wrong = found in OPENING and found != closing
    if not (ends or wrong or not failure.closes_later(opening)):
        return None
    mistake = syntax.UnclosedBracket(
        SIGNS[closing], failure.shown, failure.span(failure.bracket), span=failure.gap
    )
    replaces = wrong and all(failure.tokens[i].type != OPENING[found] for i in failure.opened)
    return Repair(mistake, failure.index, failure.index + replaces, (closing,))


def unmatched_closing(failure: Failure) -> Repair | None:
    kind = failure.found.type
    if kind not in OPENING or any(failure.tokens[i].type == OPENING[kind] for i in failure.opened):
        return None
    if kind == "RBRACE" and "$END" not in failure.expected:
        return None
    mistake = syntax.UnmatchedClosing(SIGNS[kind], SIGNS[OPENING[kind]], span=failure.span())
    return Repair(mistake, failure.index, failure.index + 1)


def unclosed_brace(failure: Failure) -> Repair | None:
    kind = failure.found.type
    ends = kind == "$END" or kind in TOP_LEVEL
    ends |= kind in DECLARATIONS and failure.level in ("TRAIN", "DATA")
    if not (ends and failure.braces and "RBRACE" in failure.expected):
        return None
    brace, place = _where_unclosed(failure)
    mistake = syntax.UnclosedBrace(
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


# --- signs -------------------------------------------------------------------------


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
    begins = failure.found.type in _VALUE_BEGINS | {"MINUS"}
    swallowed = (
        failure.before.type == "NAME"
        and not failure.begins_statement(failure.index - 2)
        and (failure.found.type in _AFTER_A_NAME | {"LPAR"} and not failure.ends_here)
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
    if failure.found.type not in _AFTER_A_NAME | {"LPAR", "LBRACE"} and not failure.ends_here:
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
    if before is None or "PLUS" not in failure.expected or failure.found.type not in _VALUE_BEGINS:
        return None
    if failure.bracket is None and failure.begins_line(failure.index):
        return None
    joined = before.end_pos == failure.found.start_pos
    listed = "COMMA" in failure.expected and failure.bracket is not None and not joined
    mistake = syntax.MissingOperator(str(before), str(failure.found), listed, span=failure.span())
    return Repair(mistake, failure.index, failure.index, ("COMMA" if listed else "TIMES",))


# --- places ------------------------------------------------------------------------


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
    mistake = syntax.Misplaced(str(failure.found), belongs, place, _ended(failure), span=failure.span())
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
    mistake = syntax.Unexpected(describe(failure.expected), failure.shown, hint, span=place)
    return _dropped(failure, mistake)


def _replaced(failure: Failure, expected: str, found: str, instead: str, tokens: tuple[str, ...]) -> Repair:
    mistake = syntax.ForeignWord(expected, found, instead, span=failure.span())
    return Repair(mistake, failure.index, failure.index + 1, tokens)


def _dropped(failure: Failure, mistake: Diagnostic) -> Repair:
    """Passes over the statement, and keeps the head of a body so that the body can be read."""
    start = 0 if failure.statement is None else failure.statement
    tokens = failure.tokens
    end = failure.index if failure.begins_statement(failure.index) else failure.statement_end(failure.index)
    brace = next((i for i in range(start, failure.index) if tokens[i].type == "LBRACE"), None)
    if brace is not None and failure.statement_type != "DATA":
        return Repair(mistake, brace + 1, end)
    if failure.statement_type in ("NETWORK", "BLOCK", "TRAIN"):
        head = {"NETWORK": ("NETWORK", "NAME", "LBRACE"), "TRAIN": ("TRAIN", "LBRACE")}
        block = ("BLOCK", "NAME", "LPAR", "RPAR", "_ARROW", "NAME", "LBRACE")
        opening = next((i for i in range(failure.index, end) if tokens[i].type == "LBRACE"), None)
        end = end if opening is None else opening + 1
        return Repair(mistake, start, end, head.get(failure.statement_type, block))
    if failure.statement_type == "DATA" and tokens[end].type == "RBRACE" and brace is not None:
        end += 1
    return Repair(mistake, start, max(end, failure.index), ())


RULES: tuple[Rule, ...] = (
    keyword_as_name,
    foreign_word,
    foreign_statement,
    foreign_sign,
    misspelled_keyword,
    missing_over,
    unclosed_bracket,
    trailing_comma,
    equals_for_comparison,
    missing_arrow,
    missing_definition,
    missing_name,
    missing_word,
    missing_quotes,
    malformed_number,
    missing_operator,
    unmatched_closing,
    unclosed_brace,
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
