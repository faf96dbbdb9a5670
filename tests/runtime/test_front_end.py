"""All stages up to the plan, whatever a spec's depth. `benchmarks/front_end.py` tells how long they take."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import nndsl
from nndsl.network import Network

SPECS = sorted((Path(__file__).parent.parent.parent / "specs").glob("*.nn"))


def compiled(spec: str | Path) -> Network:
    """A network with all stages up to the plan, as far as it can be run."""
    network = nndsl.compile(spec)
    assert network.topology
    if not network.refused:
        assert network.plans
    return network


def deep(layers: int) -> str:
    lines = [f"  layer h{i}[16] = relu(full(h{i - 1}) + bias)" for i in range(1, layers)]
    head = ["network Deep {", "  input h0[16]", "  target z[4]", *lines]
    train = "  train { minimize mse(y, z) + 1e-4 * l2(weights)  optimizer adam(rate = 1e-3)  clip norm 1 }"
    return "\n".join([*head, f"  output y[4] = full(h{layers - 1}) + bias", train, "}", ""])


TRANSFORMER = """use encoder_layer from std
network Deep(d = 64, depth = 4) {
  input  word[100] onehot over t in T
  target next[100] onehot over t in T
  layer  z[d] = encoder_layer(full(word)) repeated depth
  output y[100] = full(z) + bias
  train { minimize mean(cross_entropy(y, next) over T)  optimizer adam(rate = 1e-3)  batch 8 }
}"""


def calls(depth: int) -> int:
    """How many functions are called to compile a Transformer and to plan its training."""
    found = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal found
        found += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        assert nndsl.compile(TRANSFORMER, depth=depth).plans
    finally:
        sys.setprofile(before)
    return found


def test_the_work_grows_with_the_layers_of_a_transformer() -> None:
    """Three times as many take hardly more than three times the calls, also where gradients are planned."""
    calls(2)  # what is done once in a process
    assert calls(24) < 3.3 * calls(8)


def test_two_thousand_layers() -> None:
    assert len(compiled(deep(2000)).parameters) == 4000


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_gallery(path: Path) -> None:
    compiled(path)
