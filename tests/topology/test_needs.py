"""Work and memory, against sums made by hand."""

from __future__ import annotations

import pytest

from nndsl.analyses.needs import OPEN_SIZE, needs_of
from nndsl.compiler import compile
from nndsl.source import Source

MLP = """network M {
  input x[64]  target d[10] onehot
  layer h[128] = relu(full(x) + bias)
  output y[10] = full(h) + bias
  train { minimize cross_entropy(y, d)  batch 32 }
}"""


def test_multilayer_perceptron() -> None:
    """A product and a sum a connection forward; backward as much for the weights, and again for h alone."""
    needs = needs_of(compile(Source("<test>", MLP)).model)
    assert needs.forward_operations == pytest.approx(2 * (64 * 128 + 128 * 10), rel=0.05)
    assert needs.backward_operations == pytest.approx(2 * (64 * 128 + 2 * 128 * 10), rel=0.05)
    assert needs.activation_bytes == 4 * (128 + 10) * 32


def test_open_sizes_are_assumed_and_named() -> None:
    text = "network M { input x[8] over T  output y[4] = full(x) }"
    needs = needs_of(compile(Source("<test>", text)).model)
    assert needs.assumed == {"T": OPEN_SIZE}
    assert needs.forward_operations == 2 * 8 * 4 * OPEN_SIZE
