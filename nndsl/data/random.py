"""Examples drawn at random, for networks that name no data: to compile, time and try them."""

from __future__ import annotations

import numpy as np

from nndsl.data.convert import DType
from nndsl.data.examples import Array, Examples, Parts
from nndsl.data.graph_rows import graph_set_of, graph_sets
from nndsl.data.graphs import Graphs
from nndsl.data.padding import lengths_of_sequences
from nndsl.data.sequences import places, starts_of
from nndsl.data.split import SHARES
from nndsl.data.windows import in_windows, window_of
from nndsl.semantics.model import Model, Value
from nndsl.types import Domain, SetKind

OPEN_SIZE = 16  # of a grid or sequence whose size only data would tell
EDGES_EACH = 3  # into each node of a data graph


def random_parts(
    network: Model, count: int = 320, seed: int = 0, dtype: DType = np.float32, open_size: int = OPEN_SIZE
) -> Parts:
    """So many examples with inputs and targets that fit the network, split 80 : 10 : 10. What only data tell
    the size of has `open_size` elements.

    Real values are standard normal, binary and bipolar ones fair coins, classes uniform. A data graph has
    some nodes, each with an edge from itself and from some others.
    """
    random = np.random.default_rng(seed)
    values = (*network.inputs, *network.targets)
    graphs, ends = _graphs(network, count, random, open_size)
    drawn = {
        value.name: _draw(value, _rows(value, graphs, count), random, dtype, open_size) for value in values
    }
    if ends:
        whole = Examples(drawn | ends, count, {}, graphs)
    else:
        whole = Examples(drawn | lengths_of_sequences(values, drawn), count)
    window = window_of(network)
    if window is not None and not ends:
        return in_windows(network, whole, window, SHARES)
    first, second = count * 8 // 10, count * 9 // 10
    rows = np.arange(count)
    return Parts(whole.take(rows[:first]), whole.take(rows[first:second]), whole.take(rows[second:]))


def _graphs(
    network: Model, count: int, random: np.random.Generator, open_size: int
) -> tuple[Graphs, dict[str, Array]]:
    """Graphs of a few nodes, and the ends of their edges by name, where a network runs over any."""
    starts: dict[str, Array] = {}
    over: dict[str, str] = {}
    found: dict[str, Array] = {}
    for each in graph_sets(network):
        if each.kind is SetKind.NODES:
            starts[each.name] = starts_of(random.integers(2, open_size, count))
            continue
        nodes = np.diff(starts[f"{each.graph}.nodes"])
        own = places(np.zeros_like(nodes), nodes)
        others = random.integers(0, np.repeat(nodes, nodes)[:, None], (len(own), EDGES_EACH - 1))
        starts[each.name] = EDGES_EACH * starts[f"{each.graph}.nodes"]
        found[f"{each.name}.target"] = np.repeat(own, EDGES_EACH).astype(np.int32)
        found[f"{each.name}.source"] = np.column_stack([own, others]).astype(np.int32).ravel()
        over |= {f"{each.name}.{end}": each.name for end in ("source", "target")}
    over |= {
        v.name: s.name for v in (*network.inputs, *network.targets) if (s := graph_set_of(v)) is not None
    }
    return Graphs(starts, over), found


def _rows(value: Value, graphs: Graphs, count: int) -> int:
    """How many rows the array of a value has: one for each node or edge, or for each example."""
    along = graphs.over.get(value.name)
    return count if along is None else int(graphs.starts[along][-1])


def _draw(value: Value, count: int, random: np.random.Generator, dtype: DType, open_size: int) -> Array:
    own = value.type.space if graph_set_of(value) is None else value.type.space[1:]
    space = (axis.extent.value({axis.extent.symbol or "": open_size}) for axis in own)
    shape = (count, *space, *value.type.units)
    match value.type.domain:
        case Domain.ONEHOT:
            return random.integers(0, shape[-1], shape[:-1], np.int32)
        case Domain.INDEX:
            return np.zeros(shape, np.int32)
        case Domain.BINARY:
            return random.integers(0, 2, shape).astype(dtype)
        case Domain.BIPOLAR:
            return (random.integers(0, 2, shape) * 2 - 1).astype(dtype)
        case _:
            return random.standard_normal(shape).astype(dtype)
