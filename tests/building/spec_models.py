"""Models from the text of specs, and their numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from nndsl.building.build import LOSS, objective
from nndsl.building.refusals import stages
from nndsl.differentiation.reverse import differentiate
from nndsl.graph.interpret import interpret
from nndsl.semantics.check import check
from nndsl.semantics.model import Model, Value
from nndsl.source import Source
from nndsl.syntax.parser import parse
from nndsl.types import Domain, SetKind, length_key

Array = np.ndarray[Any, Any]
BATCH_SIZE = 5


def model_of(text: str) -> Model:
    return check(parse(Source("<test>", text)), {}).model


def random_feeds(model: Model, sizes: dict[str, int], seed: int = 0) -> dict[str, Array]:
    """Data and parameters, standard normal; indices within their range."""
    rng = np.random.default_rng(seed)
    feeds = {value.name: _data(rng, value, sizes) for value in (*model.inputs, *model.targets)}
    feeds |= lengths(model, sizes)
    feeds |= {parameter.name: rng.normal(size=parameter.shape) for parameter in model.parameters}
    return feeds


def lengths(model: Model, sizes: dict[str, int]) -> dict[str, Array]:
    """All sequences as long as they can be."""
    whole = (found for found in model.sets if found.kind is SetKind.SEQUENCE)
    return {length_key(found.name): np.full(sizes["batch"], sizes[found.name]) for found in whole}


def _data(rng: np.random.Generator, value: Value, sizes: dict[str, int]) -> Array:
    places = (sizes["batch"], *(axis.extent.value(sizes) for axis in value.type.space))
    if value.type.domain is Domain.ONEHOT:
        return rng.integers(0, value.type.unit_count, places)
    if value.type.domain is Domain.BINARY:
        return rng.integers(0, 2, (*places, *value.type.units)).astype(float)
    return rng.normal(size=(*places, *value.type.units))


def gradients(model: Model, feeds: dict[str, Array], sizes: dict[str, int]) -> dict[str, Array]:
    """The loss of the first stage, its measures, and the gradient of every learned parameter."""
    stage = next(stages(model))
    graph = objective(model, stage, training=False)
    learned = [p.name for p in stage.learned if p.name in graph.by_name]
    return interpret(differentiate(graph, LOSS, learned), feeds, sizes)
