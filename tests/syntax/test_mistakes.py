"""Malformed snippets, and what they are called; whatever is done to a spec, there is an answer."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.source import Source
from nndsl.syntax.grammar import keywords, load_grammar
from nndsl.syntax.parser import parse

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.nn"))


def _codes(text: str) -> list[str]:
    with pytest.raises(NNDSLError) as caught:
        parse(Source("snippet", text))
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


# A statement of a network, and the codes of all that is told about it.
STATEMENTS = {
    "layer h[3] = relu(full(x)": ["E0104"],
    "layer h[3 = full(x)": ["E0104"],
    "layer h = [1, 2": ["E0104"],
    "layer h = (x + 1": ["E0104"],
    "layer h = f(x))": ["E0106"],
    "layer h = x]": ["E0106"],
    "layer h = sum(x over j in T where j = 1)": ["E0108"],
    "layer h = a = b": ["E0108"],
    "layer h full(x)": ["E0110"],
    "layer h[3] relu(x)": ["E0110"],
    "layer h": ["E0110"],
    "share f decoder()": ["E0110"],
    "input x[3] t in T": ["E0111"],
    "layer h = sum(x j in T)": ["E0111"],
    "layer h = max(x window 2x2)": ["E0111"],
    "output = x": ["E0112"],
    "output": ["E0112"],
    "input [3]": ["E0112"],
    "data { x = y }": ["E0112"],
    "layer train = x": ["E0107"],
    "layer h = full(over)": ["E0107"],
    "param W, data, b": ["E0107"],
    "layer h = x ** 2": ["E0113"],
    "layer h: x": ["E0113"],
    "layer h == x": ["E0113"],
    "layer h = sum(x for j in T)": ["E0113"],
    "for i in 3": ["E0113"],
    "layer h = f('a')": ["E0113"],
    "layre h = x": ["E0120"],
    "train { lern W }": ["E0120"],
    "train { epochs 3 }}": ["E0119"],
    "batch 3": ["E0119"],
    "layer h = x × y": ["E0102"],
    "layer h = x;": ["E0102"],
    'data "a.csv': ["E0103"],
    r'data "\q"': ["E0118"],
    "data d { split 1 : 2 split 1 : 3 }": ["E0117"],
    "layer h = 2x": ["E0123"],
    "layer h = f(x y)": ["E0123"],
    "layer h = .5 * x": ["E0124"],
    "layer h = 1. * x": ["E0124"],
    "layer h = f(x,)": ["E0125"],
    "layer h = ": ["E0101"],
    "layer h = x +": ["E0101"],
    "train { early_stop 5 }": ["E0101"],
    "generate y from h": ["E0101"],
    "input x = 3": ["E0101"],
    f"layer h = {'-' * 101}x": ["E0116"],
    f"layer h = {' + '.join('x' * 102)}": ["E0116"],
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_statement(statement: str) -> None:
    """The mistake is told once, and what stands around it is not blamed."""
    text = f"network N {{\n  input a[3]\n  {statement}\n  layer z = a\n}}\n"
    assert _codes(text) == STATEMENTS[statement]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", ["E0114"]),
        ("# only a comment", ["E0114"]),
        ("block f(x[d]) -> y { layer y = x }", ["E0115"]),
        ("block f(x[d]) { layer y = x } network N { }", ["E0109"]),
        ("block f(x[d]) y { layer y = x } network N { }", ["E0109"]),
        ("network N { layer h = x", ["E0105"]),
        ("network N { train { minimize x\n data d }", ["E0105"]),
        ("network N { layer h = x }\nlayer g = h", ["E0119"]),
        ("network { layer h = x }", ["E0112"]),
        ("def f(x):\n  return x\nnetwork N { }", ["E0113"]),
        ("import numpy\nnetwork N { }", ["E0101"]),
        ("netwrk N { }", ["E0120"]),
    ],
)
def test_file(text: str, codes: list[str]) -> None:
    assert _codes(text) == codes


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffnetwork N { layer h = x }",
        "network N {\r\n\tinput\tx[4]\r\n\tlayer h = x # a\r\n}",
        "network N { layer h = x }",
        f"network N {{ layer h = {'(' * 5000}x{')' * 5000} }}",
        f"network N {{ layer h = {' + '.join('x' * 90)} }}",
    ],
    ids=["byte order mark", "tabs and carriage returns", "no-break space", "brackets", "chain"],
)
def test_is_no_mistake(text: str) -> None:
    assert len(parse(Source("snippet", text)).items) == 1


def test_long_chains_are_refused_politely() -> None:
    assert _codes(f"network N {{ layer h = {' + '.join(['x'] * 5000)} }}") == ["E0116"]
    assert _codes(f"network N {{ layer h = {'f(' * 5000}x{')' * 5000} }}") == ["E0116"]


@pytest.mark.parametrize("seed", range(60))
def test_damaged_specs_get_an_answer(seed: int) -> None:
    """Words dropped, doubled or exchanged: a tree or a diagnostic, never a traceback or a loop."""
    chance = random.Random(seed)
    text = chance.choice(SPECS).read_text(encoding="utf-8")
    words = [str(token) for token in load_grammar().lex(text)]
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(words))
        change = chance.choice(["drop", "double", "exchange", "keyword", "sign"])
        if change == "drop":
            del words[place]
        elif change == "double":
            words.insert(place, words[place])
        elif change == "exchange":
            other = chance.randrange(len(words))
            words[place], words[other] = words[other], words[place]
        else:
            signs = list(keywords()) if change == "keyword" else list("()[]{},=:+*'\"§")
            words[place] = chance.choice(signs)
    try:
        parse(Source("damaged", chance.choice([" ", "\n"]).join(words)), library=True)
    except NNDSLError as error:
        assert error.diagnostics
        assert str(error)


@pytest.mark.parametrize("name", ["mlp", "regression", "rbm", "message_passing"])
def test_one_slip_is_told_once(name: str) -> None:
    """A word left out is one mistake: what follows from it stays silent, but for rare second guesses."""
    text = next(path for path in SPECS if path.stem == name).read_text(encoding="utf-8")
    told = []
    for token in list(load_grammar().lex(text))[::4]:
        try:
            parse(Source("slip", text[: token.start_pos] + text[token.end_pos :]), library=True)
        except NNDSLError as error:
            told.append(len(error.diagnostics))
    assert max(told) <= 2
    assert sum(told) <= 1.1 * len(told)
