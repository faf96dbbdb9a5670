"""Diagnostics as a reader sees them: message, excerpt with carets, help, and a count at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from nndsl.diagnostics.diagnostic import Diagnostic, Severity
from nndsl.diagnostics.excerpt import Mark, Row, excerpt
from nndsl.source import Source

_RESET = "\x1b[0m"
_STYLES = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "gutter": "\x1b[1;34m",
    "secondary": "\x1b[1;34m",
    "help": "\x1b[1;36m",
    "bold": "\x1b[1m",
}


def render(diagnostics: Iterable[Diagnostic], *, colour: bool = False) -> str:
    """All diagnostics in the order of their places, and how many there are."""
    ordered = sorted(diagnostics, key=_place)
    if not ordered:
        return ""
    reports = ["\n".join(_report(diagnostic, _Painter(colour))) for diagnostic in ordered]
    return "\n\n".join([*reports, _summary(ordered)])


class _Painter:
    """Wraps text in ANSI styles, or leaves it alone."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, style: str, text: str) -> str:
        return f"{_STYLES[style]}{text}{_RESET}" if self._colour and text else text


def _place(diagnostic: Diagnostic) -> tuple[bool, str, int, str]:
    span = diagnostic.span
    if span is None:
        return True, "", 0, diagnostic.code
    return False, span.source.name, span.start, diagnostic.code


def _report(diagnostic: Diagnostic, paint: _Painter) -> Iterator[str]:
    severity = diagnostic.severity.value
    head = paint(severity, f"{severity}[{diagnostic.code}]")
    yield head + paint("bold", f": {diagnostic.message()}")
    margin = 0
    if diagnostic.span is not None:
        marks = [Mark(diagnostic.span, diagnostic.here(), True)]
        marks += [Mark(label.span, label.text, False) for label in diagnostic.labels()]
        margin = max(len(str(mark.span.source.line_column(mark.span.end)[0])) for mark in marks)
        yield from _excerpts(marks, severity, margin, paint)
    fix = diagnostic.help()
    if fix and margin:
        yield " " * margin + paint("gutter", " |")
        yield " " * margin + paint("gutter", " = ") + paint("help", "help") + f": {fix}"
    elif fix:
        yield paint("help", "help") + f": {fix}"


def _excerpts(marks: Sequence[Mark], severity: str, margin: int, paint: _Painter) -> Iterator[str]:
    """An excerpt for each file that is marked, the primary's first."""
    sources: dict[int, Source] = {id(mark.span.source): mark.span.source for mark in marks}
    for key, source in sources.items():
        here = [mark for mark in marks if id(mark.span.source) == key]
        arrow = "-->" if here[0].primary else ":::"
        yield " " * margin + paint("gutter", arrow) + f" {here[0].span}"
        yield " " * margin + paint("gutter", " |")
        for row in excerpt(source, here):
            yield _row(row, severity, margin, paint)


def _row(row: Row, severity: str, margin: int, paint: _Painter) -> str:
    if row.kind == "gap":
        return paint("gutter", row.text)
    gutter = paint("gutter", f"{row.number or '':>{margin}} |")
    style = severity if row.kind == "primary" else "secondary"
    text = row.text if row.kind == "source" else paint(style, row.text)
    return f"{gutter} {text}".rstrip()


def _summary(diagnostics: Sequence[Diagnostic]) -> str:
    parts = []
    for severity in Severity:
        count = sum(diagnostic.severity is severity for diagnostic in diagnostics)
        if count:
            parts.append(f"{count} {severity.value}{'s' if count > 1 else ''}")
    return " and ".join(parts)
