"""All stages up to the plan, whatever a spec's depth. `benchmarks/front_end.py` tells how long they take."""

from __future__ import annotations

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


def test_two_thousand_layers() -> None:
    assert len(compiled(deep(2000)).parameters) == 4000


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_gallery(path: Path) -> None:
    compiled(path)
