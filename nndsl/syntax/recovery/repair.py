"""What a rule returns: a diagnostic, and the tokens as they should have been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lark import Token

from nndsl.diagnostics.catalogue.syntax import ForeignWord
from nndsl.diagnostics.diagnostic import Diagnostic
from nndsl.syntax.recovery.failure import Failure

VALUE_BEGINS = frozenset({"NAME", "INT", "FLOAT", "STRING", "EXTENTS", "YES", "NO", "LPAR", "LSQB"})
AFTER_A_NAME = frozenset(
    {"EQUAL", "LSQB", "COMMA", "RPAR", "RSQB", "TILDE", "OVER", "DOT", "_PRIME", "IN", "RBRACE", "COLON"}
    | {"PLUS", "MINUS", "TIMES", "DIVIDE", "POWER", "COMPARISON", "AND", "OR", "$END"}
)
_HEADS = {
    "NETWORK": ("NETWORK", "NAME", "LBRACE"),
    "BLOCK": ("BLOCK", "NAME", "LPAR", "RPAR", "_ARROW", "NAME", "LBRACE"),
    "TRAIN": ("TRAIN", "LBRACE"),
}


@dataclass(frozen=True, slots=True)
class Repair:
    """A diagnostic, and `tokens[start:end]` to be replaced by new tokens of the types `instead`."""

    diagnostic: Diagnostic
    start: int
    end: int
    instead: tuple[str, ...] = ()

    def applied(self, tokens: Sequence[Token]) -> list[Token]:
        place = tokens[min(self.start, len(tokens) - 1)]
        new = [Token.new_borrow_pos(kind, "…", place) for kind in self.instead]
        return [*tokens[: self.start], *new, *tokens[self.end :]]


def replaced_word(
    failure: Failure, expected: str, found: str, instead: str, tokens: tuple[str, ...]
) -> Repair:
    """A word of another language, told and replaced by tokens of this one."""
    mistake = ForeignWord(expected, found, instead, span=failure.span())
    return Repair(mistake, failure.index, failure.index + 1, tokens)


def statement_dropped(failure: Failure, mistake: Diagnostic) -> Repair:
    """Passes over the statement, or over the wrong head or beginning of a body."""
    start = failure.statement or 0
    end = failure.index if failure.begins_statement(failure.index) else failure.statement_end(failure.index)
    brace = failure.brace_between(start, failure.index)
    head = _HEADS.get(failure.statement_type)
    if head and brace is not None:
        return Repair(mistake, brace + 1, end)
    if head:
        opening = failure.brace_between(failure.index, end)
        return Repair(mistake, start, end if opening is None else opening + 1, head)
    if brace is not None and failure.tokens[end].type == "RBRACE":
        end += 1
    return Repair(mistake, start, end)
