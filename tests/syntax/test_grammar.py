"""The grammar is found, unambiguous, and cached without changing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nndsl.source import Source
from nndsl.syntax import grammar
from nndsl.syntax.parser import parse

MLP = "network N { input x[4]  layer h[2] = relu(full(x) + bias) }"


def test_loads_strictly() -> None:
    """LALR without conflicts, and no text that two terminals could claim."""
    grammar.make_grammar(grammar.grammar_path().read_text(encoding="utf-8"), strict=True)


def test_one_terminal_for_names() -> None:
    terminals = grammar.load_grammar().terminals
    letters = [t.name for t in terminals if re.fullmatch(t.pattern.to_regexp(), "abc")]
    assert letters == ["NAME"]


@pytest.mark.parametrize("word", grammar.keywords())
def test_keywords_are_reserved_everywhere(word: str) -> None:
    (token,) = grammar.load_grammar().lex(word)
    assert token.type == grammar.keywords()[word] != "NAME"


def test_cached_tables_parse_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = parse(Source("made", MLP))
    monkeypatch.setattr(grammar, "_cache_path", lambda text: tmp_path / "sub" / "tables.json")
    for _ in ("made and stored", "read from the store"):
        grammar.load_grammar.cache_clear()
        again = parse(Source("again", MLP))
        assert again == made
        assert again.items[0].span == made.items[0].span.__class__(again.source, 0, len(MLP))
    assert (tmp_path / "sub" / "tables.json").is_file()
    grammar.load_grammar.cache_clear()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_damaged_cache_is_made_anew(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tables.json"
    path.write_text(content, encoding="utf-8")
    monkeypatch.setattr(grammar, "_cache_path", lambda text: path)
    grammar.load_grammar.cache_clear()
    assert parse(Source("again", MLP)).items
    grammar.load_grammar.cache_clear()
