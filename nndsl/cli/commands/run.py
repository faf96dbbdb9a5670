"""`nndsl run`."""

from __future__ import annotations

from pathlib import Path

import click

from nndsl.cli.options import (
    data_option,
    network_option,
    parse_settings,
    set_option,
    show_warnings,
    spec_argument,
)

HELP = """
Train the network of a spec on its data, and test it once at the end.

\b
  nndsl run mlp.nn
  nndsl run mlp.nn --set hidden=64 --set epochs=10 --seed 7
  nndsl run lenet.nn --data ~/datasets

The run leaves a folder in `runs`: the spec as used, settings, measures of every epoch, and the weights, which
`nndsl predict` uses. The same seed and number of threads give the same result, to the bit.

A set named without quotes (`data digits`) is shipped, or looked for in the directories of --data, in `data`,
and in nndsl's folder among your data. A network without a data statement runs on random numbers.
"""


@click.command(help=HELP, short_help="Train the network, and test it.")
@spec_argument
@set_option
@network_option
@click.option("--seed", default=0, show_default=True, help="Seed of everything that is drawn.")
@click.option("--precision", type=click.Choice(["float32", "float64"]), default="float32", show_default=True)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="How many threads, at most one a core.  [default: as many as pay]",
)
@data_option
@click.option(
    "--runs",
    metavar="DIRECTORY",
    default=Path("runs"),
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the folder of the run goes.",
)
@click.option("--no-save", is_flag=True, help="Leave no folder.")
@click.option("--debug", is_flag=True, help="Run slowly, and find the first value that is not finite.")
@click.option("--profile", is_flag=True, help="Show where the time goes, and keep it in the folder.")
@click.option("--quiet", "-q", is_flag=True, help="Show no progress, only the result.")
def command(
    spec: Path,
    settings: tuple[str, ...],
    network: str | None,
    seed: int,
    precision: str,
    threads: int | None,
    directories: tuple[Path, ...],
    runs: Path,
    no_save: bool,
    debug: bool,
    profile: bool,
    quiet: bool,
) -> None:
    from nndsl.cli.training import Request, run_forward, train
    from nndsl.compiler import compile
    from nndsl.data.load import load_parts
    from nndsl.diagnostics.catalogue.data import RandomData
    from nndsl.diagnostics.diagnostic import NNDSLError

    given = parse_settings(settings)
    compiled = compile(spec, given, network)
    show_warnings(compiled.warnings)
    if compiled.refused:
        raise NNDSLError(compiled.refused)
    parts = load_parts(compiled.model, directories, seed, precision)
    if compiled.stages:
        if compiled.model.dataset is None:
            show_warnings([RandomData(network=compiled.model.name)])
        place = None if no_save else runs
        request = Request(spec.stem, given, seed, precision, threads, debug, profile, place, quiet)
        train(compiled, parts, request)
    else:
        run_forward(compiled, parts, seed, precision)
