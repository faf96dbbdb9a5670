"""Wrong words: keywords as names, misspelled keywords, words and signs of other languages."""

from __future__ import annotations

from difflib import get_close_matches

from nndsl.diagnostics.catalogue.syntax import ForeignWord, KeywordAsName, MisspelledKeyword
from nndsl.syntax.grammar import keywords
from nndsl.syntax.recovery.failure import CLAUSES, DECLARATIONS, STATEMENTS, TOP_LEVEL, Failure, words_of
from nndsl.syntax.recovery.repair import AFTER_A_NAME, Repair, replaced_word, statement_dropped

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
_DEFINES = {":": "write '='", "==": "'=' defines a name, '==' compares two values"}
_OPERATORS = {
    "**": "a power is written with '^': x^2",
    "//": "sizes are divided with '/', and must divide without rest",
}


def keyword_as_name(failure: Failure) -> Repair | None:
    found, after = failure.found, failure.after
    if found.type not in keywords().values() or "NAME" not in failure.expected:
        return None
    same_line = not failure.begins_line(failure.index)
    if found.type in STATEMENTS and not same_line:
        return None
    named = after.type in AFTER_A_NAME or (same_line and after.type in STATEMENTS | {"LPAR"})
    if not named:
        return None
    mistake = KeywordAsName(str(found), span=failure.span())
    return Repair(mistake, failure.index, failure.index + 1, ("NAME",))


def foreign_statement(failure: Failure) -> Repair | None:
    """`def f(x): …`, whose first word may have been taken for the end of the statement before."""
    for index in _statement_candidates(failure):
        word = str(failure.tokens[index])
        if word in _FOREIGN_STATEMENTS:
            mistake = ForeignWord("a statement", word, _FOREIGN_STATEMENTS[word], span=failure.span(index))
            return Repair(mistake, index, failure.statement_end(index))
    return None


def foreign_word(failure: Failure) -> Repair | None:
    """`for` and `if` inside a reduction."""
    for word, kind in (("for", "OVER"), ("if", "WHERE")):
        if failure.found == word and kind in failure.expected:
            return replaced_word(failure, f"'{kind.lower()}'", word, f"write '{kind.lower()}'", (kind,))
    return None


def foreign_equals(failure: Failure) -> Repair | None:
    """`:` or `==` where `=` defines, and `:` where a body begins."""
    found = str(failure.found)
    if found == ":" and "LBRACE" in failure.expected:
        advice = "bodies stand in braces: { … }; indentation means nothing"
        return replaced_word(failure, "'{'", found, advice, ("LBRACE",))
    if found in _DEFINES and "EQUAL" in failure.expected:
        return replaced_word(failure, "'='", found, _DEFINES[found], ("EQUAL",))
    return None


def foreign_operator(failure: Failure) -> Repair | None:
    """`**` and `//`."""
    before, found = failure.before, failure.found
    if before is None or found.type != before.type or found.end_pos != (before.end_pos or 0) + 1:
        return None
    sign = f"{before}{found}"
    if sign not in _OPERATORS:
        return None
    span = failure.span(failure.index - 1).to(failure.span())
    mistake = ForeignWord("an operator", sign, _OPERATORS[sign], span=span)
    return Repair(mistake, failure.index, failure.index + 1)


def foreign_quotes(failure: Failure) -> Repair | None:
    """`'iris.csv'`."""
    if failure.found.type != "_PRIME" or "STRING" not in failure.expected:
        return None
    mistake = ForeignWord("a string", "'", 'strings stand in double quotes: "…"', span=failure.span())
    return statement_dropped(failure, mistake)


def misspelled_keyword(failure: Failure) -> Repair | None:
    """`layr h = …`, which may have been taken for the end of the statement before."""
    for index in _statement_candidates(failure):
        here = failure.expected if index == failure.index else _statements_of(failure.level)
        near = get_close_matches(str(failure.tokens[index]), list(words_of(here)), n=1, cutoff=0.75)
        if near:
            mistake = MisspelledKeyword(str(failure.tokens[index]), near[0], span=failure.span(index))
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
