"""`nndsl compile`."""

from __future__ import annotations

from pathlib import Path

import click

from nndsl.cli.options import (
    network_option,
    parse_settings,
    set_option,
    show_warnings,
    spec_argument,
)

STAGES = ("spec", "model", "topology", "graph", "gradient", "optimized", "plan", "python")
GRAPHS = ("topology", "graph", "gradient", "optimized")
FORMATS = ("text", "json", "graphml", "dot")
HELP = """
Compile a spec and report what the network is made of: layers with their types, connections, weights,
memory and operations. With --emit, print a stage of the compilation instead.

\b
  nndsl compile mlp.nn
  nndsl compile mlp.nn --set hidden=256
  nndsl compile mlp.nn --emit topology --format dot | dot -Tsvg > mlp.svg

\b
Stages, in the order of the compilation:
  spec       the spec as read, in canonical layout
  model      every name resolved, every type known
  topology   populations and connections, as a textbook draws them
  graph      the operators of the forward computation
  gradient   forward and backward
  optimized  after all passes
  plan       the schedule: kernels and memory
  python     the plan as a readable program
"""


@click.command(help=HELP, short_help="What is the network made of?")
@spec_argument
@click.option("--emit", metavar="STAGE", type=click.Choice(STAGES), help="Print this stage (see above).")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    help="Form of topology, graph, gradient and optimized.",
)
@set_option
@network_option
def command(spec: Path, emit: str | None, form: str, settings: tuple[str, ...], network: str | None) -> None:
    from nndsl.compiler import compile

    _require_form(emit, form)
    compiled = compile(spec, parse_settings(settings), network)
    show_warnings(compiled.warnings)
    if emit is not None:
        click.echo(compiled.emit(emit, form))
        return
    from rich.console import Console

    Console().print(compiled.report())


def _require_form(stage: str | None, form: str) -> None:
    """Raises NNDSLError where the stage does not come in this form."""
    if form != "text" and stage not in GRAPHS:
        from nndsl.diagnostics.catalogue.command_line import FormatNotForStage
        from nndsl.diagnostics.diagnostic import NNDSLError

        raise NNDSLError([FormatNotForStage(stage=stage, format=form, stages=GRAPHS)])
