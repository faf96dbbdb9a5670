"""The memory that is planned for a training step is what the loop then holds, array by array."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import nndsl
from nndsl.data.random import random_parts
from nndsl.graph.types import BATCH
from nndsl.learning.procedure import procedure
from nndsl.learning.session import Session
from nndsl.learning.trainer import Options
from nndsl.network import Network
from nndsl.planning.plan import ALIGNMENT_BYTES, Precision
from nndsl.runtime.vector import VectorLayout
from nndsl.semantics.model import Minimize
from nndsl.source import Source
from nndsl.view.compile_report import footprint_text

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.nn"))
COUNTERS_BYTES = 1000
"""A thread's counters, clock and totals, which no plan knows of."""


def is_planned(network: Network) -> bool:
    """Whether it can be trained on examples of one size: those of data graphs are what the data say."""
    graphs = any(symbol.graph is not None for symbol in network.model.sets)
    return not network.refused and not graphs and bool(network.stages)


DESCENTS = {path.stem: network for path in SPECS if is_planned(network := nndsl.compile(path))}


def session_of(network: Network, threads: int | None, precision: Precision, count: int = 100) -> Session:
    network.begin(0, precision)
    train = random_parts(network.model, count, dtype=np.dtype(precision.value).type).train
    stage = next(s for s in reversed(network.stages) if isinstance(s.how, Minimize) or s is network.stages[0])
    options = Options(threads=threads, precision=precision)
    return Session(network, stage, train, options, np.random.default_rng(0))


def arrays(*found: Any) -> Iterator[np.ndarray]:
    """All arrays in some values, and in those that these hold."""
    for each in found:
        match each:
            case np.ndarray():
                yield each
            case dict():
                yield from arrays(*each.values())
            case list() | tuple():
                yield from arrays(*each)


def memory(found: Iterator[np.ndarray]) -> dict[int, np.ndarray]:
    """The arrays that own the memory of some others, by their addresses."""
    owners: dict[int, np.ndarray] = {}
    for each in found:
        while isinstance(owner := owner_of(each), np.ndarray):
            each = owner
        owners[each.ctypes.data] = each
    return owners


def owner_of(array: np.ndarray) -> Any:
    """Whose memory an array shows: also of one that is lent."""
    return array.base.obj if isinstance(array.base, memoryview) else array.base


@pytest.mark.usefixtures("many_cores")
@pytest.mark.parametrize(("threads", "precision"), [(1, "float64"), (2, "float32"), (3, "float32")])
@pytest.mark.parametrize("name", DESCENTS)
def test_what_is_planned_is_held(name: str, threads: int, precision: str) -> None:
    session = session_of(DESCENTS[name], threads, Precision(precision))
    loop = session.loop
    of_loop = {key: value for key, value in vars(loop).items() if key not in ("data", "order")}
    own = arrays(*of_loop.values(), *vars(session.learned).values(), dict(session.network.parameters))
    given = memory(arrays(loop.data, loop.order))
    held = [each.nbytes for start, each in memory(own).items() if start not in given]
    slack = len(held) * ALIGNMENT_BYTES + loop.threads * COUNTERS_BYTES
    assert session.footprint.threads == loop.threads
    assert session.footprint.whole <= sum(held) <= session.footprint.whole + slack


def test_a_network_is_trained_where_its_parameters_lie() -> None:
    """Nothing is copied, and whoever holds a parameter sees it learn."""
    network = DESCENTS["mlp"]
    session = session_of(network, 2, Precision.FLOAT32)
    assert all(np.shares_memory(session.learned.vector, array) for array in network.parameters.values())


def test_parameters_that_do_not_lie_together_have_no_vector() -> None:
    layout = VectorLayout.of({"a": (3,), "b": (40,), "c": (2, 2)})
    assert VectorLayout.of({"b": (40,), "c": (2, 2)}).start_within(layout) == 16
    assert VectorLayout.of({"a": (3,), "c": (2, 2)}).start_within(layout) is None
    assert VectorLayout.of({"c": (2, 2), "a": (3,)}).start_within(layout) is None


def report(network: Network) -> str:
    console = Console(width=1000)
    with console.capture() as printed:
        console.print(network.report())
    return printed.get()


def is_closed(network: Network) -> bool:
    """Whether all of its sizes but the batch are known without data, and one stage learns."""
    symbols = {extent.symbol for node in network.optimized_graph for extent in node.type.extents}
    return symbols <= {None, BATCH} and len(network.stages) == 1


@pytest.mark.parametrize("name", [name for name, network in DESCENTS.items() if is_closed(network)])
def test_the_report_says_what_is_held(name: str) -> None:
    network = nndsl.compile(SPECS[0].parent / f"{name}.nn")
    batch = procedure(network.model, network.stages[0]).batch
    session = session_of(network, None, Precision.FLOAT32, 2 * batch)
    assert session.footprint == network.footprint
    assert footprint_text(session.footprint, "a training step") in report(network)


def attending(places: int, causal: str) -> Network:
    text = f"""use attention from std
    network Long {{
      input  x[32] over {places}
      target y[32] over {places}
      output z[32] = attention(x, x, heads = 2, causal = {causal})
      train {{ minimize mean(mse(z, y) over {places})  optimizer adam(rate = 1e-3)  batch 1 }}
    }}"""
    return nndsl.compile(Source("<test>", text))


@pytest.mark.parametrize("causal", ["yes", "no"])
def test_attention_learns_from_long_sequences_without_a_matrix_of_all_pairs(causal: str) -> None:
    """Twice the places take twice the memory, and the report says so."""
    shorter, longer = attending(2048, causal), attending(4096, causal)
    planned = [n.footprint.arenas + n.footprint.examples for n in (shorter, longer)]
    assert planned[1] == pytest.approx(2 * planned[0], rel=0.1)
    assert longer.footprint.whole < 4 * 4096**2 / 4
    assert footprint_text(longer.footprint, "a training step") in report(longer)


@pytest.mark.parametrize("clip", ["", "clip norm 1"])
def test_an_update_keeps_no_vector_of_its_own(clip: str) -> None:
    """All of it is one loop: nothing as long as what is learned is stored in between."""
    train = f"train {{ minimize mse(y, z)  optimizer adam(rate = 1e-3)  {clip} }}"
    text = f"network A {{ input x[99]  target z[99]  output y[99] = full(x) {train} }}"
    assert nndsl.compile(Source("<test>", text)).plans["update"].arena_bytes < 4 * 99 * 99
