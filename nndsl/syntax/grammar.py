"""The grammar, found and loaded: `grammar/nndsl.lark` is the one definition of the syntax."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lark import Lark

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
def load_grammar(*, strict: bool = False) -> Lark:
    """The parser of the language; `strict` also proves that no two terminals collide."""
    return Lark(
        grammar_path().read_text(encoding="utf-8"),
        parser="lalr",
        lexer="basic",
        propagate_positions=True,
        strict=strict,
    )
