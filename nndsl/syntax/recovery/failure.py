"""Where the parser stopped, and what stands around that place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from lark import Token

from nndsl.source import Source, Span
from nndsl.syntax.grammar import keywords

TOP_LEVEL = frozenset({"IMPORT", "USE", "BLOCK", "NETWORK"})
DECLARATIONS = frozenset(
    {
        "GRAPH",
        "INPUT",
        "TARGET",
        "PARAM",
        "LAYER",
        "OUTPUT",
        "START",
        "SHARE",
        "ENERGY",
        "TRAIN",
        "GENERATE",
        "DATA",
    }
)
CLAUSES = frozenset(
    {"LEARN", "MINIMIZE", "MAXIMIZE", "REPORT", "OPTIMIZER", "BATCH", "EPOCHS", "EARLY_STOP", "CLIP"}
)
STATEMENTS = TOP_LEVEL | DECLARATIONS | CLAUSES
OWNERS = frozenset({"NETWORK", "BLOCK", "TRAIN", "DATA"})
CLOSING = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
OPENING = {closing: opening for opening, closing in CLOSING.items()}
SIGNS = {"LPAR": "(", "RPAR": ")", "LSQB": "[", "RSQB": "]", "LBRACE": "{", "RBRACE": "}"}


@dataclass(frozen=True)
class Failure:
    """The token `tokens[index]` that fits nowhere, and the `expected` terminals in its stead."""

    source: Source
    tokens: Sequence[Token]
    index: int
    expected: frozenset[str]

    @property
    def found(self) -> Token:
        return self.tokens[self.index]

    @property
    def before(self) -> Token | None:
        return self.tokens[self.index - 1] if self.index else None

    @property
    def after(self) -> Token:
        return self.tokens[min(self.index + 1, len(self.tokens) - 1)]

    @cached_property
    def opened(self) -> tuple[int, ...]:
        """The brackets and braces that are open here, outermost first."""
        return tuple(opened(self.tokens[: self.index]))

    @property
    def bracket(self) -> int | None:
        """The innermost open `(` or `[`, if it is inside the innermost brace."""
        return self.opened[-1] if self.opened and self.tokens[self.opened[-1]].type != "LBRACE" else None

    @property
    def braces(self) -> tuple[int, ...]:
        return tuple(i for i in self.opened if self.tokens[i].type == "LBRACE")

    @cached_property
    def statement(self) -> int | None:
        """The keyword of the statement that the place is in."""
        return next((i for i in range(self.index - 1, -1, -1) if self.begins_statement(i)), None)

    @property
    def statement_type(self) -> str:
        return "" if self.statement is None else self.tokens[self.statement].type

    @property
    def level(self) -> str:
        """What the innermost brace belongs to: NETWORK, BLOCK, TRAIN, DATA, or nothing."""
        return self.tokens[self.owner(self.braces[-1])].type if self.braces else ""

    def owner(self, brace: int) -> int:
        """The keyword that a brace belongs to."""
        return next((i for i in range(brace, -1, -1) if self.tokens[i].type in OWNERS), brace)

    def owner_text(self, brace: int) -> str:
        """`network MLP`, `train`: the head of what a brace belongs to, in short."""
        first = self.owner(brace)
        words = [str(token) for token in self.tokens[first : min(first + 2, brace)]]
        return " ".join(words)

    def begins_statement(self, index: int) -> bool:
        return self.tokens[index].type in STATEMENTS

    def begins_line(self, index: int) -> bool:
        return index == 0 or self.tokens[index - 1].end_line != self.tokens[index].line

    @property
    def ends_here(self) -> bool:
        """Whether what is found ends the statement before it."""
        return self.found.type in ("RBRACE", "$END") or self.begins_statement(self.index)

    @property
    def shown(self) -> str:
        return shown(self.found)

    def span(self, index: int | None = None) -> Span:
        token = self.tokens[self.index if index is None else index]
        return token_span(self.source, token)

    @property
    def gap(self) -> Span:
        """Where something is missing: at what is found, or behind the line before it."""
        before = self.before
        if before is None or not (self.begins_line(self.index) or self.found.type == "$END"):
            return self.span()
        end = before.end_pos or 0
        return Span(self.source, end, end)

    def brace_between(self, start: int, end: int) -> int | None:
        """The first `{` among these tokens."""
        return next((i for i in range(start, end) if self.tokens[i].type == "LBRACE"), None)

    def statement_end(self, index: int) -> int:
        """Where the statement that holds the token ends: the next statement's keyword or a closing brace."""
        depth = 0
        for i in range(index, len(self.tokens)):
            kind = self.tokens[i].type
            if kind == "$END" or (depth == 0 and i > index and self.begins_statement(i)):
                return i
            depth += (kind == "LBRACE") - (kind == "RBRACE")
            if depth < 0:
                return i
        return len(self.tokens) - 1

    def closings_ahead(self, opening: str) -> int:
        """How many brackets of this type that are open are closed further on in the statement."""
        depth = closed = 0
        for i in range(self.index, len(self.tokens)):
            kind = self.tokens[i].type
            if kind in ("LBRACE", "RBRACE", "$END") or self.begins_statement(i):
                break
            depth += (kind == opening) - (kind == CLOSING[opening])
            closed = max(closed, -depth)
        return closed

    def open_count(self, opening: str) -> int:
        """How many brackets of this type are open in the statement."""
        brace = max(self.braces, default=-1)
        return sum(self.tokens[i].type == opening for i in self.opened if i > brace)


def opened(tokens: Sequence[Token]) -> list[int]:
    """The positions of brackets and braces that are not closed. A brace closes what is open inside it."""
    stack: list[int] = []
    for i, token in enumerate(tokens):
        if token.type in CLOSING:
            stack.append(i)
        elif token.type in OPENING:
            matching = [k for k, place in enumerate(stack) if tokens[place].type == OPENING[token.type]]
            if matching and (token.type == "RBRACE" or tokens[stack[-1]].type != "LBRACE"):
                del stack[matching[-1] :]
    return stack


def token_span(source: Source, token: Token) -> Span:
    return Span(source, token.start_pos or 0, token.end_pos or 0)


def shown(token: Token) -> str:
    """How a message speaks of a token."""
    if token.type == "$END":
        return "the end of the file"
    text = str(token)
    return f"'{text if len(text) <= 24 else text[:23] + '…'}'"


def words_of(types: frozenset[str] | set[str]) -> Iterator[str]:
    """The keywords among the types of tokens."""
    return (word for word, kind in keywords().items() if kind in types)
