"""The closed catalogue: every mistake has a code of its own area and explains itself."""

from __future__ import annotations

import re

import pytest

from nndsl.diagnostics.catalogue import catalogue
from nndsl.diagnostics.diagnostic import Diagnostic, NNDSLError, Severity
from nndsl.diagnostics.explain import explain

MISTAKES = catalogue()


@pytest.mark.parametrize("code", MISTAKES)
def test_code_tells_severity(code: str) -> None:
    assert re.fullmatch(r"E0[1-8]\d\d|W09\d\d", code)
    assert (MISTAKES[code].severity is Severity.WARNING) == code.startswith("W")


@pytest.mark.parametrize("code", MISTAKES)
def test_explanation_has_a_wrong_and_a_right_example(code: str) -> None:
    text = explain(code.lower())
    assert text.startswith(f"{code}: ")
    assert text.index("Wrong:") < text.index("Right:")


def test_unknown_code_gets_a_suggestion() -> None:
    with pytest.raises(NNDSLError) as caught:
        explain("E01011")
    assert "E0101" in str(caught.value)


def test_every_class_is_found() -> None:
    """No concrete diagnostic outside the catalogue, none without a code."""
    waiting, known = [Diagnostic], set(MISTAKES.values())
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if kind.__module__.startswith("nndsl.") and not getattr(kind, "__abstractmethods__", None):
                assert kind in known
