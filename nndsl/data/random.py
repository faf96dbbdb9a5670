"""Examples drawn at random, for networks that name no data: to compile, time and try them."""

from __future__ import annotations

import numpy as np

from nndsl.data.convert import DType
from nndsl.data.examples import Array, Examples, Parts
from nndsl.data.padding import lengths_of_sequences
from nndsl.diagnostics.catalogue.data import VariableLength
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.semantics.model import Model, Value
from nndsl.types import Domain, SetKind

OPEN_SIZE = 16  # of a grid or sequence whose size only data would tell


def random_parts(network: Model, count: int = 320, seed: int = 0, dtype: DType = np.float32) -> Parts:
    """So many examples with inputs and targets that fit the network, split 80 : 10 : 10.

    Real values are standard normal, binary and bipolar ones fair coins, classes uniform.
    Raises NNDSLError where an input lies on a data graph, which has no usual shape.
    """
    random = np.random.default_rng(seed)
    values = (*network.inputs, *network.targets)
    drawn = {value.name: _draw(value, count, random, dtype) for value in values}
    whole = Examples(drawn | lengths_of_sequences(values, drawn), count)
    first, second = count * 8 // 10, count * 9 // 10
    rows = np.arange(count)
    return Parts(whole.take(rows[:first]), whole.take(rows[first:second]), whole.take(rows[second:]))


def _draw(value: Value, count: int, random: np.random.Generator, dtype: DType) -> Array:
    if any(axis.set.kind in (SetKind.NODES, SetKind.EDGES) for axis in value.type.space):
        raise NNDSLError([VariableLength(what=f"random values for '{value.name}'", span=value.span)])
    space = (axis.extent.value({axis.extent.symbol or "": OPEN_SIZE}) for axis in value.type.space)
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
