"""What a trained network makes of examples that it has not seen, beside what is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nndsl.data.convert import Classes
from nndsl.data.examples import Array, Examples
from nndsl.data.script import Script
from nndsl.generation.generate import AT_MOST, context, end_of, script_of, search_of
from nndsl.generation.search import Hypotheses
from nndsl.semantics.model import Model, Value
from nndsl.types import Domain

if TYPE_CHECKING:
    from nndsl.network import Network


@dataclass(frozen=True, slots=True)
class Attempt:
    """`given` is what an example reads: its other inputs, or the beginning that was gone on from."""

    given: str
    expected: str
    written: str


def attempts(network: Network, examples: Examples, count: int = 5, seed: int = 0) -> list[Attempt]:
    """What the network writes of the first few examples.

    Where it has no other input, each example is gone on with from its middle. Empty where the data have no
    words.
    """
    generation = network.model.generation
    script = script_of(network.model, examples.classes)
    if generation is None or script is None or not examples.count:
        return []
    chosen = examples.take(np.arange(min(count, examples.count)))
    scripts = _scripts(network.model, examples.classes)
    into, target = (_rows(chosen.inputs[value.name]) for value in (generation.into, generation.target))
    known = [1 if scripts else (len(row) + 1) // 2 for row in into]
    at_most = generation.at_most or AT_MOST
    if context(network.model) is not None:
        at_most = min(at_most, max(len(row) for row in target) // 2)
    given = [row[:first] for row, first in zip(into, known, strict=True)]
    hypotheses = Hypotheses(given, search_of(generation), end_of(generation, script), at_most, seed)
    others = {name: array for name, array in chosen.inputs.items() if name != generation.into.name}
    found = network.generator(context(network.model))(network.parameters.arrays, others, hypotheses, seed)
    read = [
        " | ".join(other.write(_rows(chosen.inputs[other.value.name])[number]) for other in scripts)
        or script.write(given[number])
        for number in range(chosen.count)
    ]
    return [
        Attempt(read[number], script.write(target[number][known[number] - 1 :]), script.write(found[number]))
        for number in range(chosen.count)
    ]


def _scripts(network: Model, classes: Mapping[str, Classes]) -> list[Script]:
    """Those of the other inputs that are texts."""
    assert network.dataset is not None and network.generation is not None
    bound = {bind.value.name: bind.expression for bind in network.dataset.bindings}
    others = (value for value in network.inputs if value != network.generation.into)
    return [Script.of(v, bound[v.name], classes[v.name]) for v in others if _is_text(v, classes)]


def _is_text(value: Value, classes: Mapping[str, Classes]) -> bool:
    return value.type.domain is Domain.ONEHOT and value.name in classes


def _rows(padded: Array) -> list[Array]:
    """The class numbers of each row, without padding."""
    return [row[row >= 0] for row in padded]
