"""parse ∘ format = identity, format ∘ format = format; comments stay."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trees import specs

from nndsl.source import Source
from nndsl.syntax.format import format_spec
from nndsl.syntax.grammar import load_grammar
from nndsl.syntax.parser import parse
from nndsl.syntax.tree import Spec

drawing = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def _parsed(text: str) -> Spec:
    return parse(Source("drawn", text), library=True)


@drawing
@given(specs)
def test_printed_trees_parse_to_themselves(spec: Spec) -> None:
    text = format_spec(spec)
    again = _parsed(text)
    assert again == spec
    assert format_spec(again) == text


@drawing
@given(specs, st.data())
def test_comments_and_line_breaks_stay_or_go(spec: Spec, data: st.DataObject) -> None:
    """Comments and blank lines between any two words change nothing but themselves."""
    text = format_spec(spec)
    ends = [token.end_pos or 0 for token in load_grammar().lex(text)]
    places = data.draw(st.lists(st.sampled_from([0, *ends]), max_size=4, unique=True))
    for number, place in enumerate(sorted(places, reverse=True)):
        inserted = data.draw(st.sampled_from([f" # {number}\n", f"\n# {number}\n", "\n\n\n", "\n", " "]))
        text = text[:place] + inserted + text[place:]
    commented = _parsed(text)
    assert commented == spec
    formatted = format_spec(commented)
    again = _parsed(formatted)
    assert again == spec
    assert sorted(c.text for c in again.comments) == sorted(c.text for c in commented.comments)
    assert format_spec(again) == formatted
