"""The limit on the nesting of an expression: every later stage may recurse over one."""

from __future__ import annotations

from collections.abc import Iterator

from lark import Token, Tree

from nndsl.diagnostics.catalogue.syntax import NestedTooDeep
from nndsl.source import Source, Span

LIMIT = 100


def too_deep(source: Source, parsed: Tree[Token]) -> list[NestedTooDeep]:
    """The statements with more than LIMIT levels, each with the place where the limit is passed."""
    return [
        NestedTooDeep(LIMIT, span=Span(source, node.meta.start_pos, node.meta.end_pos))
        for statement in _statements(parsed)
        if (node := _beyond(statement))
    ]


def _statements(parsed: Tree[Token]) -> Iterator[Tree[Token]]:
    waiting = [parsed]
    while waiting:
        for child in waiting.pop().children:
            if isinstance(child, Tree):
                if child.data in ("network", "block", "body"):
                    waiting.append(child)
                else:
                    yield child


def _beyond(statement: Tree[Token]) -> Tree[Token] | None:
    """A node that lies more than LIMIT levels deep."""
    level = [statement]
    for _ in range(LIMIT):
        level = [child for node in level for child in node.children if isinstance(child, Tree)]
    return level[0] if level else None
