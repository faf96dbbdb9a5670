"""Arrays given from Python -> examples."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from nndsl.data.convert import Classes, DType, Origin, convert
from nndsl.data.examples import Array, Examples, Parts
from nndsl.data.split import split
from nndsl.diagnostics.catalogue import data as mistakes
from nndsl.diagnostics.diagnostic import Diagnostics, NNDSLError
from nndsl.semantics.model import Model


def given_examples(
    network: Model,
    arrays: Mapping[str, Any],
    needed: Collection[str] | None = None,
    dtype: DType = np.float32,
    classes: Mapping[str, Classes] | None = None,
) -> Examples:
    """Numpy arrays, lists or columns of pandas, by the names of inputs and targets.

    Those `needed` must be there, all where that is None; others may. `classes` are the words that class
    numbers stand for, where a training has met them.

    Raises NNDSLError with all wrong names, shapes, values and lengths at once.
    """
    diagnostics = Diagnostics()
    values = {value.name: value for value in (*network.inputs, *network.targets)}
    for name in arrays:
        if name not in values:
            diagnostics.add(mistakes.UnknownArray(name=name, known=tuple(values)))
    for name in values if needed is None else needed:
        if name not in arrays:
            kind = values[name].kind.value
            diagnostics.add(mistakes.MissingArray(kind=kind, name=name, given=tuple(arrays)))
    found: dict[str, Array] = {}
    words: dict[str, Classes] = {}
    for name in (name for name in values if name in arrays):
        origin = Origin(name, "the array given")
        with diagnostics.collecting():
            found[name], met = convert(values[name], arrays[name], origin, dtype, (classes or {}).get(name))
            words |= {name: met} if met else {}
    counts = tuple((name, len(array)) for name, array in found.items())
    if len({count for _, count in counts}) > 1:
        diagnostics.add(mistakes.DifferentLengths(counts=counts))
    diagnostics.raise_if_errors()
    return Examples(found, counts[0][1] if counts else 0, words)


def given_parts(network: Model, arrays: Mapping[str, Any], seed: int = 0, dtype: DType = np.float32) -> Parts:
    """Arrays to train on: a tenth, drawn by the seed, is for validation, and nothing for a test.

    Raises NNDSLError as above, and where there is no example.
    """
    given = given_examples(network, arrays, dtype=dtype)
    if not given.count:
        raise NNDSLError([mistakes.NoExamples(table="the arrays given", rows=0)])
    train, validation, test = split(given.count, shares=(0.9, 0.1, 0), seed=seed)
    return Parts(given.take(train), given.take(validation), given.take(test))
