"""The words of a file with mistakes in it: what no word contains is told, and replaced by what was meant."""

from __future__ import annotations

import unicodedata

from lark import Token
from lark.exceptions import UnexpectedCharacters

from nndsl.diagnostics.catalogue.syntax import StrayCharacter, UnterminatedString
from nndsl.diagnostics.diagnostic import Diagnostic
from nndsl.source import Source, Span
from nndsl.syntax.grammar import load_grammar

LIMIT = 20

_LOOKALIKES = {
    "*": "×✕✖∗∙·⋅•",
    "-": "−–—‐‑",
    "/": "÷∕⁄",
    '"': "“”„‟«»″",
    "'": "‘’′´`",
    "~": "∼∽",
    "<=": "≤⩽",
    ">=": "≥⩾",
    "!=": "≠",
    "==": "≡",
    "->": "→⟶⇒⟹↦",
    "=": "←≔",
    "in": "∈",
    "and": "∧&",
    "or": "∨",
    "not": "¬!",
    "^2": "²",
    "^3": "³",
    "sqrt": "√",
    "sum": "∑",
    "a": "а",
    "c": "с",
    "e": "е",
    "o": "о",
    "p": "р",
    "x": "х",
}
_INSTEAD = {char: sign for sign, chars in _LOOKALIKES.items() for char in chars}


def tokens_of(source: Source) -> tuple[list[Token], list[Diagnostic]]:
    """The file's tokens with an end token, and the mistakes inside words, at most LIMIT of them."""
    text = source.text
    found: list[Diagnostic] = []
    while len(found) < LIMIT:
        try:
            tokens = list(load_grammar().lex(text))
        except UnexpectedCharacters as error:
            mistake, text = _repaired(source, text, error.pos_in_stream or 0)
            found.append(mistake)
        else:
            return [*tokens, _end(source, tokens)], found
    return [], found


def _end(source: Source, tokens: list[Token]) -> Token:
    """The end of the file: right after the last word."""
    if not tokens:
        return Token("$END", "", 0, 1, 1, 1, 1, 0)
    last = tokens[-1]
    end = last.end_pos or 0
    return Token("$END", "", end, last.end_line, last.end_column, last.end_line, last.end_column, end)


def _repaired(source: Source, text: str, place: int) -> tuple[Diagnostic, str]:
    """What is wrong at the place, and the text, equally long, without it."""
    char = text[place]
    if char == '"':
        return _repaired_string(source, text, place)
    instead = _instead(char)
    name = unicodedata.name(char, "").lower() or f"U+{ord(char):04X}"
    mistake = StrayCharacter(char, name, instead, span=Span(source, place, place + 1))
    substitute = instead if instead and len(instead) == 1 else "x" if char.isalpha() else " "
    text = text[:place] + substitute + text[place + 1 :]
    return mistake, _with_end_quote(text, place) if instead == '"' else text


def _with_end_quote(text: str, place: int) -> str:
    """Replaces the typographic mark that ends the string, too."""
    for end in range(place + 1, len(text)):
        if text[end] == "\n":
            break
        if _INSTEAD.get(text[end]) == '"':
            return f'{text[:end]}"{text[end + 1 :]}'
    return text


def _repaired_string(source: Source, text: str, place: int) -> tuple[Diagnostic, str]:
    """Ends the string at the first blank or bracket: paths and marks seldom hold any."""
    line_end = text.find("\n", place)
    line_end = len(text) if line_end < 0 else line_end
    mistake = UnterminatedString(span=Span(source, place, line_end))
    end = next((i for i in range(place + 1, line_end) if text[i] in " \t,(){}"), line_end)
    content = '"' + "_" * (end - place - 2) + '"' if end - place >= 2 else " " * (end - place)
    return mistake, text[:place] + content + text[end:]


def _instead(char: str) -> str | None:
    """What was probably meant by a character: a lookalike, or a letter's plain form or name."""
    if char in _INSTEAD:
        return _INSTEAD[char]
    plain = unicodedata.normalize("NFKD", char)[0]
    if plain != char and plain.isascii():
        return plain
    words = unicodedata.name(char, "").split()
    return words[-1].lower() if words[:1] == ["GREEK"] and len(words) == 4 else None
