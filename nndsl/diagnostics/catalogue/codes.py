"""Mistakes in asking for a diagnostic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Diagnostic


@dataclass(frozen=True)
class UnknownCode(Diagnostic):
    """`nndsl explain` was asked for a code that no diagnostic has.

    A code is a letter (E for errors, W for warnings) and four digits, as it stands in
    brackets at the head of a diagnostic.

    Wrong:  nndsl explain E9999
    Right:  nndsl explain E0101
    """

    code: ClassVar[str] = "E0790"
    asked: str
    similar: tuple[str, ...]

    def message(self) -> str:
        return f"expected the code of a diagnostic, found '{self.asked}', which none has"

    def help(self) -> str:
        if self.similar:
            return f"did you mean {' or '.join(self.similar)}?"
        return "codes look like E0101; each diagnostic shows its own in brackets"
