"""The front end takes time in proportion to a spec, whatever its depth."""

from __future__ import annotations

from pathlib import Path
from time import process_time

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
    compiled(deep(10))
    begin = process_time()
    network = compiled(deep(2000))
    assert process_time() - begin < 10
    assert len(network.parameters) == 4000


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_gallery(path: Path) -> None:
    """The better of two, as others use the machine as well."""
    seconds = []
    for _ in range(2):
        begin = process_time()
        compiled(path)
        seconds.append(process_time() - begin)
    assert min(seconds) < 0.3
