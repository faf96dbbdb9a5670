"""What `nndsl compile` prints: the network as the compiler understood it.

Layers, connections with their counts, parameters, what it takes, how it is trained, and what of it
cannot be run yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nndsl.analyses.needs import Needs
from nndsl.diagnostics.diagnostic import Diagnostic
from nndsl.diagnostics.wording import counted
from nndsl.runtime.footprint import Footprint
from nndsl.semantics.model import Model, Parameter, ParameterRole
from nndsl.topology.classify import classify
from nndsl.topology.count import Count
from nndsl.topology.topology import Connection, Population, PopulationKind, Topology
from nndsl.topology.weights import learned_numbers, parameter_count
from nndsl.view.energies import energy_rows
from nndsl.view.stages import stage_table
from nndsl.view.words import bytes_text, count_text, initial_text, operations_text, shape_text

Row = tuple[str | Text, ...]

MOST_ROWS = 400
"""How many rows of a table are shown; `--emit topology` prints them all."""


def compile_report(
    model: Model,
    topology: Topology,
    needs: Needs | None,
    refused: Sequence[Diagnostic],
    footprint: Footprint | None = None,
) -> RenderableType:
    """The whole report, for a console. `needs` are memory and work of a network that can be run, `refused`
    is what keeps one from it, and `footprint` is what the executor takes for a step."""
    classification = classify(topology)
    parts: list[RenderableType] = [title(model), Text(str(classification))]
    parts += [Text(f"Feedback: {loop}.") for loop in classification.loops]
    parts += [layer_table(model, topology), connection_table(topology)]
    if model.energies:
        parts.append(table(("energy", "units", "#colours", "updated at once"), energy_rows(model.energies)))
    if model.parameters:
        parts.append(parameter_table(model.parameters))
    parts += map(Text, totals(model, topology, needs, footprint))
    if model.stages:
        parts += [Text(), stage_table(model)]
    return Group(*parts, *refusals(refused))


def title(model: Model) -> Text:
    """The network's name, its settings, and where it stands."""
    settings = ", ".join(f"{name} = {value}" for name, value in model.settings.items())
    where = f"  {model.source.name}"
    return Text.assemble((model.name, "bold"), f"({settings})" if settings else "", (where, "dim"))


def table(headings: Sequence[str], rows: Sequence[Row]) -> Table:
    """A table in the report's style; a heading that begins with `#` is over numbers.

    Of very many rows the first and the last are shown.
    """
    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        justify: Literal["left", "right"] = "right" if heading.startswith("#") else "left"
        made.add_column(heading.lstrip("#"), justify=justify, overflow="fold")
    left_out = len(rows) - MOST_ROWS
    for row in rows if left_out <= 0 else rows[: MOST_ROWS // 2]:
        made.add_row(*row)
    if left_out > 0:
        made.add_row(Text(f"… {left_out:,} more …", style="dim"))
        for row in rows[-MOST_ROWS // 2 :]:
            made.add_row(*row)
    return made


def layer_table(model: Model, topology: Topology) -> Table:
    """Every population with its type, its units over the whole index space, and what it is."""
    rows: list[Row] = [
        (population.name, str(population.type), count_text(population.units), _definition(population))
        for population in topology.populations
    ]
    target = Text("target", style="dim")
    rows += [(value.name, str(value.type), "", target) for value in model.targets]
    return table(("layer", "type", "#units", "definition"), rows)


def _definition(population: Population) -> Text:
    match population.kind:
        case PopulationKind.INPUT:
            return Text("input", style="dim")
        case PopulationKind.GROUP:
            return Text("units of an energy", style="dim")
        case _:
            return Text(population.definition)


def connection_table(topology: Topology) -> Table:
    """Every connection: who is wired to whom, how, how often, and with how many free weights."""
    rows = [
        (
            connection.name,
            wiring(connection),
            count_text(connection.connections),
            "tied" if connection.tied_to else count_text(connection.weights),
            "; ".join(remarks(connection, topology)),
        )
        for connection in topology.connections
    ]
    return table(("connection", "wiring", "#connections", "#weights", ""), rows)


def wiring(connection: Connection) -> str:
    """`local 5x5`, `full`, `wired (local)`."""
    window = f" {shape_text(connection.window)}" if connection.window else ""
    structure = f" ({connection.structure})" if connection.structure else ""
    return f"{connection.kind}{window}{structure}"


def remarks(connection: Connection, topology: Topology) -> Iterator[str]:
    """What is shared, tied, given, delayed."""
    units = topology.population(connection.target).type.unit_count
    if connection.kind == "local" and connection.weights and not connection.tied_to:
        yield f"{connection.weights // units:,} a map"
    if connection.zeros:
        yield "run as full, with zeros"
    if connection.shared:
        yield f"shared over {', '.join(connection.shared)}"
    if connection.tied_to:
        transposed = ", transposed" if connection.transposed else ""
        yield f"{connection.parameter} of {connection.tied_to}{transposed}"
    if connection.symmetric:
        yield "symmetric"
    if connection.fixed:
        yield "given"
    if connection.delay:
        side = "earlier" if connection.delay > 0 else "later"
        steps = "one step" if abs(connection.delay) == 1 else f"{abs(connection.delay)} steps"
        yield f"from {steps} {side} along {connection.along}"


def parameter_table(parameters: Iterable[Parameter]) -> Table:
    """Every parameter with its shape and how it starts."""
    rows = [
        (
            parameter.name,
            shape_text(parameter.shape),
            count_text(parameter_count(parameter)),
            initial_text(parameter),
            ", ".join(_attributes(parameter)),
        )
        for parameter in parameters
    ]
    return table(("parameter", "shape", "#numbers", "starts at", ""), rows)


def _attributes(parameter: Parameter) -> Iterator[str]:
    averaged = parameter.role is ParameterRole.STATE
    chains = parameter.axes[:1] == ("chain",)
    facts = {
        "symmetric": parameter.symmetric,
        "no self": parameter.no_self,
        "fixed": not parameter.learned and not averaged,
        "running average": averaged and not chains,
        "persistent chains": chains,
    }
    return (name for name, holds in facts.items() if holds)


def totals(
    model: Model, topology: Topology, needs: Needs | None, footprint: Footprint | None = None
) -> Iterator[str]:
    """Sums over the network, memory and work."""
    numbers, weights = learned_numbers(model), learned_numbers(model, ParameterRole.WEIGHTS)
    connections = Count.total(connection.connections for connection in topology.connections)
    yield f"Connections: {connections}. Learned numbers: {numbers:,}, of these {weights:,} weights."
    stored = bytes_text(4 * sum(prod(parameter.shape) for parameter in model.parameters))
    if needs is None:
        yield f"Memory: parameters {stored}."
        return
    batch = f" for a batch of {needs.batch}" if needs.batch else " for one example"
    yield f"Memory: parameters {stored}; activations {bytes_text(needs.activation_bytes)}{batch}."
    if footprint is not None:
        yield footprint_text(footprint, "a training step" if model.stages else "a run")
    backward = ""
    if needs.backward_operations is not None:
        backward = f", backward {operations_text(needs.backward_operations)}"
    assumed = ", ".join(f"{symbol} = {size}" for symbol, size in needs.assumed.items())
    where = f" at {assumed}" if assumed else ""
    yield f"Work for one example{where}: forward {operations_text(needs.forward_operations)}{backward}."


def footprint_text(footprint: Footprint, of: str) -> str:
    """`Planned for a training step, 2 threads: 1.2 MiB (parameters 75 KiB, gradients 150 KiB, …).`"""
    parts = {
        "parameters": footprint.parameters,
        "sums over examples": footprint.sums,
        "optimizer": footprint.states,
        "values in between": footprint.arenas,
        "examples": footprint.examples,
    }
    listed = ", ".join(f"{name} {bytes_text(size)}" for name, size in parts.items() if size)
    threads = counted(footprint.threads, "thread")
    return f"Planned for {of}, {threads}: {bytes_text(footprint.whole)} ({listed})."


def refusals(refused: Sequence[Diagnostic]) -> Iterator[RenderableType]:
    """What cannot be run yet, by line."""
    if not refused:
        return
    yield Text("\nThis network is understood, and cannot be run yet:", style="yellow")
    grid = Table.grid(padding=(0, 1))
    for diagnostic in refused:
        line = f"  line {diagnostic.span.line_number}" if diagnostic.span is not None else ""
        grid.add_row(line, Text.assemble(diagnostic.message(), (f" ({diagnostic.code})", "dim")))
    yield grid
