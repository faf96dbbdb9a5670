"""What a diagnostic is; the catalogue beside this file holds every one that exists."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from nndsl.source import Span


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Label:
    """A second place in the text that helps to understand the first: `declared here`."""

    span: Span
    text: str


@dataclass(frozen=True, kw_only=True)
class Diagnostic(ABC):
    """A mistake of the user's: one subclass a mistake, with the values that it speaks of.

    The class docstring is what `nndsl explain CODE` shows: what the mistake is, why it is
    one, and a wrong and a right example. `span` is None where no text is at fault (a data
    file, a command line option).
    """

    code: ClassVar[str]
    severity: ClassVar[Severity] = Severity.ERROR
    span: Span | None = field(default=None)

    @abstractmethod
    def message(self) -> str:
        """One sentence: expected …, found …, because …, in the reader's terms."""

    def here(self) -> str:
        """What to write under the carets, if anything."""
        return ""

    def labels(self) -> Sequence[Label]:
        """Other places that belong to the mistake."""
        return ()

    def help(self) -> str | None:
        """The likely fix: try …"""
        return None


class NNDSLError(Exception):
    """Raised with all independent diagnostics of a stage at once."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(d.message() for d in self.diagnostics))

    def __str__(self) -> str:
        from nndsl.diagnostics.report import render

        return render(self.diagnostics)


class Diagnostics:
    """Collects what a stage finds, so that one mistake does not hide the next."""

    def __init__(self) -> None:
        self._found: list[Diagnostic] = []

    def add(self, diagnostic: Diagnostic) -> None:
        if diagnostic not in self._found:
            self._found.append(diagnostic)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keeps the diagnostics that the block raises, and goes on after it."""
        try:
            yield
        except NNDSLError as error:
            for diagnostic in error.diagnostics:
                self.add(diagnostic)

    @property
    def found(self) -> tuple[Diagnostic, ...]:
        return tuple(self._found)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self._found if d.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self._found if d.severity is Severity.WARNING)

    def raise_if_errors(self) -> None:
        """Raises NNDSLError with everything found, if any of it is an error."""
        if self.errors:
            raise NNDSLError(self._found)
