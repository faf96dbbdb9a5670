"""How texts over a sequence are read as class numbers, and class numbers written as texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nndsl.data.convert import Classes
from nndsl.data.examples import Array
from nndsl.data.sequences import IDEOGRAPHS, MARK, characters, unshifted, words
from nndsl.data.vocabulary import encoded
from nndsl.diagnostics.catalogue.data import UnknownSymbol
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.semantics import model

_NO_SPACE_BEFORE = re.compile(rf"[{IDEOGRAPHS}.,;:!?%)\]}}’”。，、；：！？）】》」…]")
_NO_SPACE_AFTER = re.compile(rf"[{IDEOGRAPHS}(\[{{‘“（【《「。，、；：！？…]")


@dataclass(frozen=True, slots=True)
class Script:
    """The symbols of a value's texts, by class number: words where `tokens` made them, else characters."""

    value: model.Value
    symbols: Classes
    by_words: bool

    @classmethod
    def of(cls, value: model.Value, expression: model.ColumnExpression, symbols: Classes) -> Script:
        """That of a value by what the data statement binds to it."""
        source, _ = unshifted(expression)
        by_words = isinstance(source, model.Transform) and source.function == "tokens"
        return cls(value, tuple(symbols), by_words)

    @property
    def mark(self) -> int | None:
        """The class number of what stands before and after each text; None where there is none."""
        return self.number(MARK)

    def number(self, symbol: str) -> int | None:
        """The class number of a symbol, None where it has none."""
        return self.symbols.index(symbol) if symbol in self.symbols else None

    def read(self, texts: Iterable[str]) -> list[Array]:
        """The class numbers of each text. Raises NNDSLError where a symbol has none."""
        parted = words(texts) if self.by_words else characters(texts)
        rows, strange = encoded(parted, self.symbols)
        if strange is not None:
            known = len(self.symbols)
            span = self.value.span
            mistake = UnknownSymbol(
                name=self.value.name, symbol=strange, known=known, declared=span, span=None
            )
            raise NNDSLError([mistake])
        return [rows.row(number) for number in range(len(rows))]

    def write(self, numbers: Sequence[int] | Array) -> str:
        """The text of class numbers; marks and what is no class are left out."""
        inside = (int(number) for number in numbers if 0 <= number < len(self.symbols))
        found = [self.symbols[number] for number in inside if self.symbols[number] != MARK]
        return joined(found) if self.by_words else "".join(found)


def joined(symbols: Sequence[str]) -> str:
    """Words and signs as they are printed: no space before a comma, or between ideographs."""
    text = ""
    for symbol in symbols:
        apart = text and not _NO_SPACE_BEFORE.match(symbol) and not _NO_SPACE_AFTER.match(text[-1])
        text += f" {symbol}" if apart else symbol
    return text
