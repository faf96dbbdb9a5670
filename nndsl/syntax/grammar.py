"""The grammar, found and loaded: `grammar/nndsl.lark` is the one definition of the syntax.

Making the parser's tables takes longer than anything that is done with them, so they are kept in the
user's cache directory, as JSON, under a name made of the grammar's content and lark's version.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import lark
from lark import Lark
from lark.grammar import Rule
from lark.lexer import PatternStr, TerminalDef

_PACKAGE = Path(__file__).resolve().parent.parent


def grammar_path() -> Path:
    """The grammar's place: inside an installed package, beside the package in a checkout.

    Raises FileNotFoundError where the installation is incomplete.
    """
    for folder in (_PACKAGE, _PACKAGE.parent):
        path = folder / "grammar" / "nndsl.lark"
        if path.is_file():
            return path
    raise FileNotFoundError(f"nndsl.lark is neither in {_PACKAGE} nor beside it: install nndsl again")


@cache
def load_grammar() -> Lark:
    """The parser of the language, from the cache where it has been made before."""
    text = grammar_path().read_text(encoding="utf-8")
    cached = _cache_path(text)
    tables = _stored(cached)
    if tables:
        return Lark.load(tables)  # takes the tables as well as a file of them
    parser = make_grammar(text)
    _store(parser, cached)
    return parser


def make_grammar(text: str, *, strict: bool = False) -> Lark:
    """The parser, made from the grammar's text; `strict` also proves that no two terminals collide."""
    return Lark(text, parser="lalr", lexer="basic", propagate_positions=True, strict=strict)


@cache
def keywords() -> dict[str, str]:
    """Every reserved word, with the name of its terminal."""
    words = {
        terminal.pattern.value: terminal.name
        for terminal in load_grammar().terminals
        if isinstance(terminal.pattern, PatternStr)
    }
    return {word: name for word, name in sorted(words.items()) if word.isidentifier()}


def _cache_path(text: str) -> Path:
    from platformdirs import user_cache_path

    key = sha256(f"{lark.__version__}\n{text}".encode()).hexdigest()[:16]
    return user_cache_path("nndsl", appauthor=False) / f"grammar-{key}.json"


def _stored(path: Path) -> Any:
    """The tables in the cache; None where there are none, or the file is damaged."""
    try:
        tables = json.loads(path.read_text(encoding="utf-8"), object_hook=_with_numbers)
    except (OSError, ValueError):
        return None
    return tables if isinstance(tables, dict) and tables.keys() == {"data", "memo"} else None


def _store(parser: Lark, path: Path) -> None:
    tables, memo = parser.memo_serialize([TerminalDef, Rule])
    text = json.dumps({"data": tables, "memo": memo}, separators=(",", ":"))
    partial = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):  # a cache that cannot be written only costs time
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)


def _with_numbers(entries: dict[str, Any]) -> dict[str | int, Any]:
    """The keys that were numbers before JSON made them text."""
    return {int(key) if key.isdigit() else key: value for key, value in entries.items()}
