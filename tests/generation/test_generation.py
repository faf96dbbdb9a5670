"""Generation natively: the same symbols as running the network on all symbols so far, again and again."""

from __future__ import annotations

import numpy as np
import pytest

import nndsl
from nndsl.diagnostics.diagnostic import NNDSLError

NET = """
use attention from std
network Net(d = 16, symbols = 6, long = 12) {
  input  x[symbols] onehot over t in T
  target y[symbols] onehot over t in T
  layer  e[d] = full(x) + sinusoid(t)
  layer  u[d] = e + attention(e, e, heads = 2, causal = yes)
  layer  h[d] = tanh(full(u) + full(h[t-1]))
  output o[symbols] = full(h)
  train { minimize mean(cross_entropy(o, y) over T)  optimizer adam  WINDOW }
  generate y from o into x at_most long
}
"""
TRANSLATION = """
network Translation(d = 8, words = 7) {
  input  source[words] onehot over s in N
  input  given[words] onehot over t in M
  target next[words] onehot over t in M
  layer  m[d] = mean(full(source, to d) over s in N)
  layer  h[d] = tanh(full(given) + full(h[t-1]) + full(m))
  output o[words] = full(h)
  train { minimize cross_entropy(o, next)  optimizer adam }
  generate next from o into given at_most 8
}
"""


def network(text: str = NET, window: str = "") -> nndsl.Network:
    found = nndsl.compile(text.replace("WINDOW", window))
    found.initialise(1, "float64")
    random = np.random.default_rng(5)
    for value in found.parameters.values():
        value[...] = random.normal(size=value.shape)
    return found


def again(
    net: nndsl.Network, given: list[int], count: int, into: str = "x", along: str = "T", **inputs: object
) -> list[int]:
    """What the network gives when it is run on all symbols so far, for each symbol; the rest is padding."""
    row = np.zeros((1, len(given) + count), np.int32)
    row[0, : len(given)] = given
    for place in range(len(given), row.size):
        logits = net.run(**{into: row, f"{along}.length": [place]}, **inputs)["o"]
        row[0, place] = logits[0, place - 1].argmax()
    return row[0, len(given) :].tolist()


def test_symbols_are_those_of_full_recomputation() -> None:
    net = network()
    prompts = [[1, 2, 3], [4], [0, 5, 5, 1, 2]]
    found = net.generate(prompts)
    assert [row.tolist() for row in found] == [again(net, prompt, 12) for prompt in prompts]
    assert net.generate(prompts[1])[0].tolist() == found[1].tolist()
    assert len({tuple(row.tolist()) for row in found}) == 3


def test_translations_are_those_of_full_recomputation() -> None:
    net = network(TRANSLATION)
    sources = [[1, 2, 3, 4], [6, 5], [0, 1, 2]]
    found = net.generate([0], source=sources)
    expected = [again(net, [0], 8, "given", "M", source=np.array([row])) for row in sources]
    assert [row.tolist() for row in found] == expected
    beams = net.generate([0], source=sources, beam=3)
    assert beams[1].tolist() == net.generate([0], source=np.array(sources[1:2]), beam=3)[0].tolist()


def test_a_full_window_goes_on_from_its_newer_half() -> None:
    net = network(window="window 8")
    found = net.generate([1, 2, 3], at_most=12)[0].tolist()
    row = [1, 2, 3, *again(net, [1, 2, 3], 6)]  # the ninth symbol comes after eight are read
    row += again(net, row[4:], 4)  # of the nine, the last five are read again
    row += again(net, row[8:], 2)
    assert found == row[3:]


def test_each_is_gone_on_with_as_often_as_asked() -> None:
    found = network().generate([[1], [2]], count=3, temperature=1.0, top=4, seed=2)
    assert len(found) == 6
    assert len({tuple(row.tolist()) for row in found}) > 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"prompt": []}, "E0730"),
        ({"prompt": [1], "english": ["no"]}, "E0732"),
        ({"prompt": [1], "temperature": 0}, "E0734"),
        ({"prompt": [1], "beam": 0}, "E0734"),
    ],
)
def test_mistakes(arguments: dict[str, object], code: str) -> None:
    with pytest.raises(NNDSLError) as caught:
        network().generate(**arguments)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


def test_prompts_and_examples_are_as_many() -> None:
    with pytest.raises(NNDSLError) as caught:
        network(TRANSLATION).generate([[0], [1]], source=[[1, 2], [3], [4]])
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["E0733"]


def test_a_network_without_the_statement_generates_nothing() -> None:
    with pytest.raises(NNDSLError) as caught:
        nndsl.compile("network N { input x[2] output y[2] = full(x) }").generate([1])
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["E0736"]
