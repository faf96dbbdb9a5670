"""What the grammar would have accepted, in the reader's words."""

from __future__ import annotations

from nndsl.syntax.grammar import load_grammar
from nndsl.syntax.recovery.failure import CLAUSES, DECLARATIONS, TOP_LEVEL

_OPERATORS = frozenset({"PLUS", "MINUS", "TIMES", "DIVIDE", "POWER", "COMPARISON", "AND", "OR", "NOT"})
_VALUES = frozenset({"INT", "FLOAT", "STRING", "EXTENTS", "YES", "NO", "NAME", "LPAR", "LSQB", "WINDOW"})
_CONTINUATIONS = frozenset({"LSQB", "LPAR", "DOT", "_PRIME", "REPEATED", "VBAR", "_RANGE", "COMMA"})
_GROUPS = (
    (TOP_LEVEL, "'network' or 'block'"),
    (DECLARATIONS, "a declaration"),
    (CLAUSES, "a clause of training"),
)
_NAMED = {
    "$END": "the end of the file",
    "INT": "a whole number",
    "FLOAT": "a number",
    "STRING": "a string",
    "EXTENTS": "a size such as 5x5",
    "COMPARISON": "a comparison",
}
_MOST = 4


def describe(expected: frozenset[str]) -> str:
    """One phrase for a set of terminals: `an expression`, `',' or ')'`, `a name`."""
    rest = set(expected) - {"_PRIME"}
    phrases: list[str] = []
    if {"FLOAT", "NAME"} <= rest:
        phrases.append("an expression")
        rest -= _VALUES | _OPERATORS | {"ALONG", "TO"}
    elif {"EXTENTS", "NAME"} <= rest:
        phrases.append("an index set")
        rest -= _VALUES
    elif "PLUS" in rest:
        phrases.append("an operator")
        rest -= _OPERATORS | (_CONTINUATIONS - {"COMMA"})
    for group, phrase in _GROUPS:
        if len(rest & group) > 1:
            phrases.append(phrase)
            rest -= group | {"WINDOW"}
    if "NAME" in rest:
        phrases.insert(0, "a name")
        rest -= {"NAME", "WINDOW"}
    phrases += sorted(_sign(kind) for kind in rest)
    phrases = phrases[:_MOST]
    if len(phrases) == 1:
        return phrases[0]
    return f"{', '.join(phrases[:-1])} or {phrases[-1]}"


def _sign(kind: str) -> str:
    if kind in _NAMED:
        return _NAMED[kind]
    return f"'{load_grammar().get_terminal(kind).pattern.value}'"
