"""`nndsl generate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from nndsl.cli.options import data_option

if TYPE_CHECKING:
    from nndsl.network import Network

HELP = """
Let a trained network write: feed the network of RUN, the folder that `nndsl run` left, its own output, as the
`generate` statement of its spec says.

\b
  nndsl generate runs/transformer-20260131-142530 "I love you." "How are you?"
  nndsl generate runs/transformer-20260131-142530 --lines sentences.txt --beam 4
  nndsl generate runs/lstm-20260131-142530 "ROMEO:" --count 3 --temperature 0.8 --seed 7

With --examples, what it makes of the first examples of the test part stands beside what is right.

A TEXT is what the network translates, if it has an input for that, else a beginning that it goes on from.
What is written follows it, or stands on a line of its own.
"""


@click.command(help=HELP, short_help="Let a trained network write.")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("texts", metavar="[TEXT]...", nargs=-1)
@click.option(
    "--lines",
    metavar="FILE",
    type=click.File(encoding="utf-8"),
    help="Each line of FILE is a TEXT.",
)
@click.option("--count", type=click.IntRange(min=1), default=1, help="How often to write of each TEXT.")
@click.option("--at-most", type=click.IntRange(min=1), help="Write so many symbols at most.")
@click.option(
    "--temperature",
    type=click.FloatRange(min=0, min_open=True),
    help="Draw each symbol by its probability; below 1 more of the likely ones.",
)
@click.option("--top", type=click.IntRange(min=1), help="Draw among so many of the likeliest symbols.")
@click.option("--beam", type=click.IntRange(min=1), help="Follow so many sequences, and write the best.")
@click.option("--examples", type=click.IntRange(min=1), help="Write of so many examples of the test part.")
@data_option
@click.option("--seed", default=0, show_default=True, help="Seed of what is drawn.")
def command(
    run: Path,
    texts: tuple[str, ...],
    lines: TextIO | None,
    count: int,
    at_most: int | None,
    temperature: float | None,
    top: int | None,
    beam: int | None,
    examples: int | None,
    directories: tuple[Path, ...],
    seed: int,
) -> None:
    import nndsl
    from nndsl.generation.generate import column_of_texts

    network = nndsl.load(run)
    if examples is not None:
        _show_examples(network, run, examples, directories, seed)
        return
    given = [*texts, *(line.rstrip("\n") for line in lines or ())]
    column = column_of_texts(network, bool(given))
    written = network.generate(
        "" if column else given or "",
        count=count,
        at_most=at_most,
        temperature=temperature,
        top=top or 0,
        beam=beam,
        seed=seed,
        **({column: given} if column else {}),
    )
    for number, text in enumerate(written):
        begun = given[number // count] if given and not column else ""
        click.echo(begun + str(text))


def _show_examples(network: Network, run: Path, count: int, directories: tuple[Path, ...], seed: int) -> None:
    """A table of the first examples of the test part, as the training split it off."""
    from rich.console import Console

    from nndsl.data.load import load_parts
    from nndsl.generation.examples import attempts
    from nndsl.runtime.run_folder import RunFolder
    from nndsl.view.attempts import attempts_table

    split_seed = RunFolder.open(run).settings.seed
    parts = load_parts(network.model, directories, split_seed, network.precision)
    Console().print(attempts_table(attempts(network, parts.test, count, seed)))
