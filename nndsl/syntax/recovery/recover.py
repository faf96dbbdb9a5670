"""All syntax errors of a file: each is named, repaired as it was probably meant, and parsing goes on."""

from __future__ import annotations

from collections.abc import Sequence

from lark import Token
from lark.exceptions import UnexpectedToken
from lark.parsers.lalr_interactive_parser import InteractiveParser

from nndsl.diagnostics.catalogue.syntax import StrayCharacter, Unexpected, UnterminatedString
from nndsl.diagnostics.diagnostic import Diagnostic
from nndsl.source import Source
from nndsl.syntax.grammar import load_grammar
from nndsl.syntax.recovery.diagnose import diagnose, passed_over
from nndsl.syntax.recovery.failure import STATEMENTS, Failure
from nndsl.syntax.recovery.tokens import LIMIT, tokens_of

_VAGUE = (StrayCharacter.code, UnterminatedString.code, Unexpected.code)  # their repairs are guesses


def syntax_errors(source: Source) -> tuple[Diagnostic, ...]:
    """The file's syntax errors, at most LIMIT."""
    tokens, found = tokens_of(source)
    trial = _Trial()
    start = 0
    tried: set[tuple[int, str]] = set()
    while len(found) < LIMIT and (stop := trial.stop(tokens, start)) is not None:
        index, expected = stop
        failure = Failure(source, tokens, index, expected)
        repair = diagnose(failure)
        attempt = (len(tokens) - index, repair.diagnostic.code)
        if attempt in tried:
            repair = passed_over(failure)
        elif _independent(repair.diagnostic, found):
            found.append(repair.diagnostic)
        tried.add(attempt)
        start = min(repair.start, index)
        tokens = repair.applied(tokens)
    return tuple(found)


def _independent(mistake: Diagnostic, found: Sequence[Diagnostic]) -> bool:
    """Whether a mistake can hardly come from those before: it is another one than all others of its line."""
    codes = {other.code for other in found if _line(other) == _line(mistake)}
    return not codes or (codes.isdisjoint({mistake.code, *_VAGUE}) and mistake.code != Unexpected.code)


def _line(mistake: Diagnostic) -> int:
    return mistake.span.line_number if mistake.span else 0


class _Trial:
    """Feeds tokens to the parser, and goes back to the statement of a repair rather than to the beginning."""

    def __init__(self) -> None:
        self._saved = [(0, load_grammar().parse_interactive(""))]

    def stop(self, tokens: Sequence[Token], changed: int) -> tuple[int, frozenset[str]] | None:
        """Where the parser stops and what it would accept there, or None if it gets to the end.

        `changed` is the first token that is another one than at the last call.
        """
        while self._saved[-1][0] > changed:
            self._saved.pop()
        begin, saved = self._saved[-1]
        parser = _copy(saved)
        for index in range(begin, len(tokens)):
            if tokens[index].type in STATEMENTS and index > self._saved[-1][0]:
                self._saved.append((index, _copy(parser)))
            try:
                parser.feed_token(tokens[index])
            except UnexpectedToken:
                return index, self._accepted(tokens, index)
        return None

    def _accepted(self, tokens: Sequence[Token], index: int) -> frozenset[str]:
        """What fits at the index; asked of a parser that has not yet seen what does not."""
        begin, saved = self._saved[-1]
        parser = _copy(saved)
        for token in tokens[begin:index]:
            parser.feed_token(token)
        return frozenset(parser.accepts())  # type: ignore[no-untyped-call]


def _copy(parser: InteractiveParser) -> InteractiveParser:
    """Shares the trees, which nobody reads, and not the stack."""
    copy: InteractiveParser = parser.copy(deepcopy_values=False)  # type: ignore[no-untyped-call]
    return copy
