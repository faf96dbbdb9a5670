"""Text to syntax tree."""

from __future__ import annotations

import re

from lark.exceptions import UnexpectedInput

from nndsl.diagnostics.catalogue.syntax import EmptySpec, NoNetwork
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.source import Source, Span
from nndsl.syntax.builder import TreeBuilder
from nndsl.syntax.depth import too_deep
from nndsl.syntax.grammar import load_grammar
from nndsl.syntax.tree import Comment, Network, Spec

_STRING_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|#[^\n]*')


def parse(source: Source, *, library: bool = False) -> Spec:
    """The syntax tree of a file; a `library` may do without a network.

    Raises NNDSLError with all syntax errors that can be told apart.
    """
    try:
        parsed = load_grammar().parse(source.text)
    except UnexpectedInput:
        from nndsl.syntax.recovery.recover import syntax_errors

        raise NNDSLError(syntax_errors(source)) from None
    deep = too_deep(source, parsed)
    if deep:
        raise NNDSLError(deep)
    builder = TreeBuilder(source)
    whole = Span(source, 0, len(source.text))
    spec = Spec(source, builder.transform(parsed), _comments(source), span=whole)
    if not library and not any(isinstance(item, Network) for item in spec.items):
        end = spec.items[-1].span.end if spec.items else 0
        mistake = NoNetwork if spec.items else EmptySpec
        builder.diagnostics.add(mistake(span=Span(source, end, end)))
    builder.diagnostics.raise_if_errors()
    return spec


def _comments(source: Source) -> tuple[Comment, ...]:
    return tuple(
        Comment(match[0].rstrip(), _begins_line(source.text, match.start()), span=Span(source, *match.span()))
        for match in _STRING_OR_COMMENT.finditer(source.text)
        if match[0].startswith("#")
    )


def _begins_line(text: str, offset: int) -> bool:
    return not text[text.rfind("\n", 0, offset) + 1 : offset].strip()
