"""How long the front end takes: parse, check, connect, build, differentiate, optimise and plan.

    python benchmarks/front_end.py

Prints, for every spec of the gallery, the better of five runs in CPU seconds, and the same for chains of
layers and for Transformers, with the ratio to one of a quarter of the layers: 4 where time grows in
proportion.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import process_time

from rich.console import Console
from rich.table import Table

import nndsl
from nndsl.network import Network

SPECS = sorted((Path(__file__).parent.parent / "specs").glob("*.nn"))
LAYERS = (125, 500, 2000)
TRANSFORMER = Path(__file__).parent / "specs" / "w07_transformer_large.nn"
DEPTHS = (3, 12, 48)


def front_end(spec: str | Path, **settings: int) -> Network:
    """A network with all stages up to the plan, as far as it can be run."""
    network = nndsl.compile(spec, **settings)
    _ = network.topology
    if not network.refused:
        _ = network.plans
    return network


def chain(layers: int) -> str:
    """A perceptron of so many layers, with all that a stage can ask for."""
    lines = [f"  layer h{i}[16] = relu(full(h{i - 1}) + bias)" for i in range(1, layers)]
    head = ["network Deep {", "  input h0[16]", "  target z[4]", *lines]
    train = "  train { minimize mse(y, z) + 1e-4 * l2(weights)  optimizer adam(rate = 1e-3)  clip norm 1 }"
    return "\n".join([*head, f"  output y[4] = full(h{layers - 1}) + bias", train, "}", ""])


def seconds(action: Callable[[], object], runs: int) -> float:
    """The least CPU time of some runs."""
    found = []
    for _ in range(runs):
        begin = process_time()
        action()
        found.append(process_time() - begin)
    return min(found)


def main() -> None:
    front_end(SPECS[0])  # imports
    table = Table("spec", "CPU seconds", "ratio")
    for path in SPECS:
        table.add_row(path.stem, f"{seconds(lambda path=path: front_end(path), 5):.3f}", "")
    chains = {f"{n} layers": partial(front_end, chain(n)) for n in LAYERS}
    deep = {f"Transformer of {n} layers": partial(front_end, TRANSFORMER, depth=n) for n in DEPTHS}
    for larger in (chains, deep):
        before = 0.0
        for what, action in larger.items():
            taken = seconds(action, 2)
            table.add_row(what, f"{taken:.2f}", f"{taken / before:.1f}" if before else "")
            before = taken
    Console().print(table)


if __name__ == "__main__":
    main()
