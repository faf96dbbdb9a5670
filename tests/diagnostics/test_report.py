"""Diagnostics as text: carets under the places, whatever stands on the line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import dedent
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Diagnostic, Label, NNDSLError, Severity
from nndsl.diagnostics.report import render
from nndsl.source import Source, Span


@dataclass(frozen=True)
class Example(Diagnostic):
    code: ClassVar[str] = "E0000"
    under: str = ""
    others: tuple[Label, ...] = ()
    fix: str | None = None

    def message(self) -> str:
        return "expected one thing, found another"

    def here(self) -> str:
        return self.under

    def labels(self) -> Sequence[Label]:
        return self.others

    def help(self) -> str | None:
        return self.fix


@dataclass(frozen=True)
class Hint(Example):
    code: ClassVar[str] = "W0000"
    severity: ClassVar[Severity] = Severity.WARNING


def place(source: Source, text: str) -> Span:
    start = source.text.index(text)
    return Span(source, start, start + len(text))


def shown(expected: str) -> str:
    return dedent(expected).strip("\n")


def test_caret_label_and_help() -> None:
    source = Source("a.nn", "network N {\n  layer h = hiden\n}\n")
    mistake = Example("not declared", fix="did you mean 'hidden'?", span=place(source, "hiden"))
    assert render([mistake]) == shown("""
        error[E0000]: expected one thing, found another
         --> a.nn:2:13
          |
        2 |   layer h = hiden
          |             ^^^^^ not declared
          |
          = help: did you mean 'hidden'?

        1 error
        """)


def test_labels_of_one_line_hang() -> None:
    source = Source("a.nn", "layer one = two + three\n")
    others = (Label(place(source, "one"), "first"), Label(place(source, "two"), "second"))
    assert render([Example("third", others, span=place(source, "three"))]) == shown("""
        error[E0000]: expected one thing, found another
         --> a.nn:1:19
          |
        1 | layer one = two + three
          |       ---   ---   ^^^^^ third
          |       |     |
          |       |     second
          |       first

        1 error
        """)


def test_labels_of_other_lines_and_files() -> None:
    source = Source("a.nn", "\n".join(f"layer h{i} = x" for i in range(1, 13)))
    library = Source("std/b.nn", "block f(x[d]) -> y { }")
    others = (Label(place(source, "h3"), "declared here"), Label(place(library, "f(x[d])"), "a block"))
    assert render([Example("", others, span=place(source, "h12"))]) == shown("""
        error[E0000]: expected one thing, found another
          --> a.nn:12:7
           |
         3 | layer h3 = x
           |       -- declared here
        ...
        12 | layer h12 = x
           |       ^^^
          ::: std/b.nn:1:7
           |
         1 | block f(x[d]) -> y { }
           |       ------- a block

        1 error
        """)


def test_spans_of_several_lines() -> None:
    source = Source("a.nn", "layer h =\n    x +\n    y\n")
    assert render([Example("all of it", span=place(source, "h =\n    x +\n    y"))]) == shown("""
        error[E0000]: expected one thing, found another
         --> a.nn:1:7
          |
        1 | layer h =
          |       ^^^
        ...
        3 |     y
          |     ^ all of it

        1 error
        """)


def test_tabs_and_wide_characters_align() -> None:
    """A tab reaches to the next fourth column; a CJK character takes two, a combining accent none."""
    source = Source("a.nn", '\tlayer h = "数e\u0301" bad')
    lines = render([Example(span=place(source, "bad"))]).splitlines()
    assert lines[3] == '1 |     layer h = "数e\u0301" bad'
    assert lines[4] == "  |     " + " " * len('layer h = "') + "  " + " " + '" '.replace('"', " ") + "^^^"


def test_control_characters_are_not_obeyed() -> None:
    source = Source("a.nn", "layer \x1b[31m\u202eh bad")
    assert "\x1b" not in render([Example(span=place(source, "bad"))])
    assert "\u202e" not in render([Example(span=place(source, "bad"))])


def test_long_lines_are_cropped_around_the_place() -> None:
    source = Source("a.nn", "x + " * 1000 + "bad" + " + x" * 1000)
    lines = render([Example(span=place(source, "bad"))]).splitlines()
    column = lines[4].index("^^^")
    assert lines[3][column : column + 3] == "bad"
    assert len(lines[3]) < 160


def test_end_of_file_has_a_caret() -> None:
    source = Source("a.nn", "network N {\n")
    lines = render([Example(span=Span(source, len(source.text), len(source.text)))]).splitlines()
    assert lines[1:] == [" --> a.nn:2:1", "  |", "2 |", "  | ^", "", "1 error"]


def test_order_is_that_of_the_text() -> None:
    source = Source("a.nn", "one two")
    text = render(
        [Example("late", span=place(source, "two")), Hint("early", span=place(source, "one")), Example()]
    )
    assert text.index("early") < text.index("late") < text.rindex("E0000")
    assert text.endswith("\n\n2 errors and 1 warning")


def test_nothing_to_say() -> None:
    assert render([]) == ""


def test_colour_only_adds_escapes() -> None:
    source = Source("a.nn", "layer h = hiden")
    mistake = Example("here", fix="try", span=place(source, "hiden"))
    coloured = render([mistake], colour=True)
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == render([mistake])
    assert "\x1b[1;31m" in coloured


def test_an_error_prints_itself() -> None:
    assert str(NNDSLError([Example()])) == render([Example()])
