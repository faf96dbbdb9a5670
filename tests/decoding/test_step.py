"""One step after another gives what the whole sequence gives, and nothing that reads ahead has steps."""

from __future__ import annotations

import numpy as np
import pytest

import nndsl
from nndsl.decoding.rows import ReadsAhead
from nndsl.decoding.step import Stepwise, stepwise
from nndsl.graph.interpret import interpret
from nndsl.graph.verify import verify
from nndsl.operators.leaves import Fed
from nndsl.passes.pipeline import optimize

BATCH, LONG = 3, 9
HEAD = """
use attention, encoder_layer, decoder_layer from std
network Net(d = 6, symbols = 5) {
  input  x[symbols] onehot over t in T
  target y[symbols] onehot over t in T
"""
TAIL = """
  train { minimize cross_entropy(o, y) optimizer sgd(rate = 0.1) }
  generate y from o into x at_most 9
}
"""

CAUSAL = {
    "feedforward": "layer h[d] = tanh(full(x) + bias) output o[symbols] = full(h)",
    "attention": """
        layer e[d] = full(x) + sinusoid(t)
        layer u[d] = layer_norm(e + attention(e, e, heads = 2, causal = yes))
        layer v[d] = layer_norm(u + attention(u, u, heads = 3, causal = yes))
        output o[symbols] = full(v) + bias""",
    "attention to what lies before": """
        layer e[d] = full(x) + sinusoid(t)
        layer A over (t in T, j in T) = softmax(dot(e[t], e[j]) over j in T where j + 1 < t and t - j <= 4)
        layer m[d] = sum(A[t, j] * e[j] over j in T)
        output o[symbols] = full(m) + full(e)""",
    "sums so far": """
        layer e[d] = full(x)
        layer s[d] over t in T = sum(e[j] over j in T where j <= t)
        layer m[d] over t in T = max(e[j] over j in T where t >= j)
        layer a[d] over t in T = mean(e[j] over j in T where j <= t)
        output o[symbols] = full(s) + full(m) + full(a)""",
    "elman": "layer h[d] = tanh(full(x) + full(h[t-1]) + bias) output o[symbols] = full(h)",
    "lstm": """
        layer f[d] = sigmoid(full(x) + full(h[t-1]) + bias(1))
        layer i[d] = sigmoid(full(x) + full(h[t-1]) + bias)
        layer s[d] = f * s[t-1] + i * tanh(full(x) + full(h[t-1]) + bias)
        layer h[d] = sigmoid(full(x) + full(h[t-1]) + bias) * tanh(s)
        layer g[d] = tanh(full(h) + full(g[t-1]) + bias)
        output o[symbols] = full(g) + bias""",
    "long delays": """
        layer h[d] = tanh(full(x) + full(h[t-3]) + full(h[t-1]) + bias)
        output o[symbols] = full(h) + full(h[t-2]) + full(x[t-1])""",
    "a start": """
        param first[d] ~ normal(0, 1)
        layer h[d] = tanh(full(x) + full(h[t-1]))
        start h = first
        output o[symbols] = full(h)""",
    "windows": """
        layer e[d] = full(x)
        layer c[d] = relu(local(e, 3, causal) + bias)
        layer g[d] = relu(local(c, 2, causal, dilation = 3) + bias)
        output o[symbols] = full(g)""",
    "attention over a loop": """
        layer h[d] = tanh(full(x) + full(h[t-1]) + bias)
        layer u[d] = h + attention(h, h, heads = 2, causal = yes)
        layer c[d] = local(u, 2, causal)
        output o[symbols] = full(c) + bias""",
}

AHEAD = {
    "attention to everything": """
        layer e[d] = full(x)
        layer u[d] = e + attention(e, e, heads = 2)
        output o[symbols] = full(u)""",
    "one place too far": """
        layer e[d] = full(x)
        layer s[d] over t in T = sum(e[j] over j in T where j <= t + 1)
        output o[symbols] = full(s)""",
    "a backward loop": "layer h[d] = tanh(full(x) + full(h[t+1])) output o[symbols] = full(h)",
    "the next place": "layer e[d] = full(x) output o[symbols] = full(e[t+1])",
    "a window that is not causal": """
        layer e[d] = full(x)
        output o[symbols] = full(local(e, 3, pad = 1, to d))""",
    "the end": """
        layer e[d] = full(x)
        layer l[d] = last(e over T)
        output o[symbols] = full(e) + full(l)""",
    "the mean": """
        layer e[d] = full(x)
        output o[symbols] = full(e) + full(mean(e over T))""",
}


def steps_of(network: nndsl.Network, into: str = "x", time: str = "T", result: str = "o") -> Stepwise:
    graph = network.forward_graph
    return stepwise(graph, into, time, {result: graph.outputs[result]})


@pytest.mark.parametrize("body", CAUSAL.values(), ids=CAUSAL)
@pytest.mark.parametrize("passes", [False, True], ids=["plain", "optimised"])
def test_steps_equal_the_whole(body: str, passes: bool) -> None:
    network = nndsl.compile(HEAD + body + TAIL)
    check(network, "x", "T", "o", {"x": symbols(5)}, passes)


TRANSLATION = """
use attention, encoder_layer, decoder_layer from std
network Translation(d = 6, heads = 2, words = 7) {
  input  source[words] onehot over s in N
  input  given[words] onehot over t in M
  target next[words] onehot over t in M
  layer  x[d] = full(source) + sinusoid(s)
  layer  y[d] = full(given) + sinusoid(t)
  layer  z[d] = encoder_layer(x, heads) repeated 2
  layer  w[d] = decoder_layer(y, z, heads) repeated 2
  output o[words] = full(w) + bias
  train { minimize cross_entropy(o, next) optimizer sgd(rate = 0.1) }
  generate next from o into given until "</s>" at_most 9
}
"""


@pytest.mark.parametrize("passes", [False, True], ids=["plain", "optimised"])
def test_an_encoder_is_run_once(passes: bool) -> None:
    network = nndsl.compile(TRANSLATION)
    feeds = {"source": symbols(7, 4), "N.length": np.array([4, 2, 3]), "given": symbols(7)}
    steps = check(network, "given", "M", "o", feeds, passes)
    assert {extent.symbol for node in steps.step for extent in node.type.extents} <= {None, "batch", "N", "M"}
    weights = {node.operator.key for node in steps.step if isinstance(node.operator, Fed)}
    assert not any(key.startswith("encoder_layer") for key in weights)
    assert "decoder_layer.1.attention.1.K.weights" in weights


@pytest.mark.parametrize("body", AHEAD.values(), ids=AHEAD)
def test_what_reads_ahead_has_no_steps(body: str) -> None:
    network = nndsl.compile(HEAD + body + TAIL)
    with pytest.raises(ReadsAhead):
        steps_of(network)


def symbols(count: int, long: int = LONG) -> np.ndarray:
    return np.random.default_rng(count).integers(0, count, (BATCH, long))


def check(
    network: nndsl.Network, into: str, time: str, result: str, data: dict[str, np.ndarray], passes: bool
) -> Stepwise:
    """Holds the rows that steps give against those of the whole."""
    network.initialise(3, "float64")
    random = np.random.default_rng(1)
    for value in network.parameters.values():
        value[...] = random.normal(size=value.shape)
    steps = steps_of(network, into, time, result)
    once, step = (verify(graph) for graph in (steps.once, steps.step))
    if passes:
        once, step = optimize(once, check=True), optimize(step, check=True)
    sizes = {"batch": BATCH, time: LONG, "N": 4}
    whole = interpret(
        network.forward_graph,
        {**network.parameters, **data, f"{time}.length": np.full(BATCH, LONG)},
        sizes,
    )[result]
    fixed = interpret(once, {**network.parameters, **data}, sizes)
    kept = {
        name: fixed.get(name, np.zeros(type.shape(sizes), np.int64 if type.element == "index" else float))
        for name, type in steps.kept.items()
    }
    for row in range(LONG):
        rows = {key: np.array(row + shift) for key, shift in steps.rows.items()}
        now = {into: data[into][:, row : row + 1]}
        found = interpret(step, {**network.parameters, **fixed, **kept, **rows, **now}, sizes)
        np.testing.assert_allclose(found[result][:, 0], whole[:, row], rtol=1e-9, atol=1e-9)
        kept = {name: found[name] for name in kept}
    return steps
