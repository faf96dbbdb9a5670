"""Text to syntax tree."""

from __future__ import annotations

import re

from nndsl.source import Source, Span
from nndsl.syntax.builder import TreeBuilder
from nndsl.syntax.grammar import load_grammar
from nndsl.syntax.tree import Comment, Spec

_STRING_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|#[^\n]*')


def parse(source: Source) -> Spec:
    """The syntax tree of a file. Raises NNDSLError with all syntax errors that can be told apart."""
    parsed = load_grammar().parse(source.text)
    return Spec(source, TreeBuilder(source).transform(parsed), _comments(source), span=_whole(source))


def _whole(source: Source) -> Span:
    return Span(source, 0, len(source.text))


def _comments(source: Source) -> tuple[Comment, ...]:
    return tuple(
        Comment(match[0].rstrip(), _begins_line(source.text, match.start()), span=Span(source, *match.span()))
        for match in _STRING_OR_COMMENT.finditer(source.text)
        if match[0].startswith("#")
    )


def _begins_line(text: str, offset: int) -> bool:
    return not text[text.rfind("\n", 0, offset) + 1 : offset].strip()
