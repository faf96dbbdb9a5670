"""What a network generates: texts in and out where it was trained on texts, else class numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nndsl.data.bind import bind_values
from nndsl.data.convert import Classes
from nndsl.data.examples import Array, Examples
from nndsl.data.gathering import columns_of
from nndsl.data.given import given_examples
from nndsl.data.script import Script
from nndsl.data.table import Table, texts
from nndsl.diagnostics.catalogue import generating as mistakes
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.functions.catalogue import family
from nndsl.functions.searches import PENALTY, Search
from nndsl.generation.search import Hypotheses
from nndsl.semantics.model import Alternate, Generation, Model, Stage

if TYPE_CHECKING:
    from nndsl.network import Network

AT_MOST = 200
"""How many symbols are chosen where neither the spec nor the caller says."""


def search_of(generation: Generation) -> Search:
    """How the statement chooses symbols."""
    search: Search = family("search")[generation.search].lower(**dict(generation.options))
    return search


def chosen_search(temperature: float | None, top: int, beam: int | None) -> Search | None:
    """A search by what a caller asks for; None where the statement is to say. Raises NNDSLError."""
    if temperature is not None and not temperature > 0:
        mistake = mistakes.SearchOutOfRange(
            name="temperature", expected="a number above 0", found=temperature
        )
        raise NNDSLError([mistake])
    if beam is not None and beam < 1:
        mistake = mistakes.SearchOutOfRange(name="beam", expected="a whole number from 1 on", found=beam)
        raise NNDSLError([mistake])
    if beam is not None:
        return Search(width=beam, penalty=PENALTY)
    if temperature is None and not top:
        return None
    return Search(temperature=temperature or 1.0, top=top)


def generate(
    network: Network,
    prompts: Sequence[Any],
    inputs: Mapping[str, Any],
    *,
    count: int = 1,
    search: Search | None = None,
    at_most: int | None = None,
    seed: int = 0,
) -> list[Any]:
    """What follows each prompt, `count` times: a text for a text, class numbers for class numbers.

    `inputs` are the other inputs of the network, by their names or those of the data statement's columns.
    One prompt stands for all of their examples. Raises NNDSLError for what does not fit.
    """
    generation = network.model.generation
    if generation is None:
        raise NNDSLError([mistakes.NothingGenerated(network=network.model.name)])
    script = script_of(network.model, network.classes)
    others = other_inputs(network, generation, inputs)
    examples = others.count if others.inputs else len(prompts)
    if len(prompts) not in (1, examples):
        raise NNDSLError([mistakes.PromptsDiffer(prompts=len(prompts), examples=examples)])
    prompts = list(prompts) * (examples // len(prompts))
    rows = np.repeat(np.arange(examples), count)
    given = beginnings(network.model, generation, script, [prompts[row] for row in rows])
    hypotheses = Hypotheses(
        given,
        search or search_of(generation),
        end_of(generation, script),
        at_most or generation.at_most or AT_MOST,
        seed,
    )
    taken = others.take(rows).inputs if others.inputs else {}
    found = network.generator(context(network.model))(network.parameters.arrays, taken, hypotheses, seed)
    return found if script is None else [script.write(numbers) for numbers in found]


def script_of(network: Model, classes: Mapping[str, Classes]) -> Script | None:
    """How the texts are read and written that a network was trained to generate; None for class numbers."""
    generation, dataset = network.generation, network.dataset
    assert generation is not None
    symbols = classes.get(generation.target.name) or classes.get(generation.into.name)
    if dataset is None or symbols is None:
        return None
    bound = next(bind for bind in dataset.bindings if bind.value == generation.target)
    return Script.of(generation.into, bound.expression, symbols)


def context(network: Model) -> int | None:
    """How many places the windows have that a network is trained on."""
    return next((stage.window for stage in _stages(network) if stage.window is not None), None)


def _stages(network: Model) -> list[Stage]:
    found = (stage.stages if isinstance(stage, Alternate) else (stage,) for stage in network.stages)
    return [stage for stages in found for stage in stages]


def other_inputs(network: Network, generation: Generation, given: Mapping[str, Any]) -> Examples:
    """The inputs beside the one that is fed back, from arrays by their names or texts by columns."""
    model, dataset = network.model, network.model.dataset
    values = tuple(value for value in model.inputs if value != generation.into)
    if not values:
        if given:
            raise NNDSLError([mistakes.NoOtherInput(name=next(iter(given)), into=generation.into.name)])
        return Examples({}, 0)
    if dataset is None or all(value.name in given for value in values):
        names = [value.name for value in values]
        return given_examples(model, given, names, network.precision, network.classes)
    columns = {name: texts(column) for name, column in given.items()}
    usable = tuple(bind for bind in dataset.bindings if {*columns_of(bind.expression)} <= columns.keys())
    table = Table("what is given", columns)
    return bind_values(replace(dataset, bindings=usable), values, table, network.precision, network.classes)


def beginnings(
    network: Model, generation: Generation, script: Script | None, prompts: Sequence[Any]
) -> list[Array]:
    """The first symbols of each example. Raises NNDSLError where it has none."""
    if script is None:
        rows = [np.asarray(prompt, np.int32) for prompt in prompts]
    else:
        mark = script.mark if context(network) is None else None
        first = [] if mark is None else [mark]
        rows = [np.concatenate([first, row]).astype(np.int32) for row in script.read(prompts)]
    if any(not len(row) for row in rows):
        raise NNDSLError([mistakes.NoBeginning(into=generation.into.name, span=generation.span)])
    return rows


def end_of(generation: Generation, script: Script | None) -> int | None:
    """The symbol that ends a sequence. Raises NNDSLError where there is no such symbol."""
    if generation.until is None or script is None:
        return None
    number = script.number(generation.until)
    if number is None:
        name = generation.target.name
        raise NNDSLError([mistakes.UnknownEnd(name=name, symbol=generation.until, span=generation.span)])
    return number


def column_of_texts(network: Network, given: bool) -> str | None:
    """The column that the data statement reads the other input from; None where there is no other input.

    Raises NNDSLError where that takes another number of texts, or none is given.
    """
    model, generation = network.model, network.model.generation
    others = tuple(value for value in model.inputs if generation and value != generation.into)
    if not others:
        return None
    bound = model.dataset.bindings if model.dataset is not None else ()
    columns = {name for bind in bound if bind.value in others for name in columns_of(bind.expression)}
    if not given or len(columns) != 1:
        raise NNDSLError([mistakes.NoTextGiven(inputs=tuple(value.name for value in others))])
    return columns.pop()
