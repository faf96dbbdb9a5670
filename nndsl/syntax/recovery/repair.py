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


def replaced_word(
    failure: Failure, expected: str, found: str, instead: str, tokens: tuple[str, ...]
) -> Repair:
    mistake = ForeignWord(expected, found, instead, span=failure.span())
    return Repair(mistake, failure.index, failure.index + 1, tokens)


def statement_dropped(failure: Failure, mistake: Diagnostic) -> Repair:
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
