"""What running a network takes: memory and floating-point operations, stage by stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import prod

from nndsl.analyses.cost import total_operations
from nndsl.building.build import LOSS, forward, needed, objective
from nndsl.building.refusals import stages
from nndsl.differentiation.reverse import differentiate
from nndsl.graph.graph import Graph
from nndsl.graph.types import BATCH
from nndsl.semantics.model import Definition, Minimize, Model, Stage

OPEN_SIZE = 100
"""What the size of an index set is taken to be where it is known only when data arrive."""

WIDTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Needs:
    """What one example costs, and what the layers of one batch hold.

    `assumed` are the sizes that were taken for open index sets. `backward_operations` and `batch` are
    None where nothing is learned by backpropagation.
    """

    forward_operations: int
    activation_bytes: int
    backward_operations: int | None = None
    batch: int | None = None
    assumed: Mapping[str, int] = field(default_factory=dict)


def needs_of(model: Model) -> Needs:
    """What the last stage takes that learns by backpropagation; without one, what the network takes."""
    found = [stage for stage in stages(model) if isinstance(stage.how, Minimize)]
    return stage_needs(model, found[-1]) if found else inference_needs(model)


def inference_needs(model: Model) -> Needs:
    """What the whole network takes for one example. Raises NNDSLError where it cannot be run yet."""
    graph = forward(model)
    sizes = open_sizes(graph, batch=1)
    return Needs(
        total_operations(graph, sizes), activation_bytes(model.definitions, sizes), assumed=_assumed(sizes)
    )


def stage_needs(model: Model, stage: Stage) -> Needs:
    """What a stage takes. What a batch needs only once is spread over its examples.

    Raises NNDSLError where it cannot be run yet.
    """
    graph = objective(model, stage)
    batch = stage.batch or 1
    sizes = open_sizes(graph, batch)
    expressions = [measure.expression for measure in stage.measures]
    forward_operations = total_operations(graph, sizes)
    if not isinstance(stage.how, Minimize):
        held = activation_bytes(needed(model, expressions), sizes)
        return Needs(forward_operations // batch, held, assumed=_assumed(sizes))
    held = activation_bytes(needed(model, [*expressions, stage.how.objective]), sizes)
    learned = [parameter.name for parameter in stage.learned if parameter.name in graph.by_name]
    backward_operations = total_operations(differentiate(graph, LOSS, learned), sizes) - forward_operations
    return Needs(
        forward_operations // batch,
        held * batch,
        backward_operations // batch,
        stage.batch,
        assumed=_assumed(sizes),
    )


def open_sizes(graph: Graph, batch: int) -> dict[str, int]:
    """A size for every symbol of a graph: the batch, and `OPEN_SIZE` for open index sets."""
    symbols = {extent.symbol for node in graph for extent in node.type.extents if extent.symbol}
    return {symbol: batch if symbol == BATCH else OPEN_SIZE for symbol in sorted(symbols)}


def _assumed(sizes: Mapping[str, int]) -> dict[str, int]:
    return {symbol: size for symbol, size in sizes.items() if symbol != BATCH}


def activation_bytes(definitions: Iterable[Definition], sizes: Mapping[str, int]) -> int:
    """The values of all layers for one example."""
    types = (definition.value.type for definition in definitions)
    return WIDTH_BYTES * sum(
        type.unit_count * prod(axis.extent.value(dict(sizes)) for axis in type.space) for type in types
    )
