"""`nndsl check`."""

from __future__ import annotations

from pathlib import Path

import click

from nndsl.cli.options import show_warnings

HELP = """
Check specs: names, sizes, types, topology and training, without running anything.

\b
  nndsl check mlp.nn
  nndsl check specs/*.nn

All mistakes are shown at once, each at its place. `nndsl explain CODE` tells more about one.
"""


@click.command(help=HELP, short_help="Is the spec right?")
@click.argument("specs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--quiet", "-q", is_flag=True, help="Say nothing where all is well.")
def command(specs: tuple[Path, ...], quiet: bool) -> None:
    from nndsl.diagnostics.diagnostic import Diagnostics
    from nndsl.semantics.check import check
    from nndsl.syntax.parser import parse
    from nndsl.syntax.reading import read

    diagnostics = Diagnostics()
    for spec in specs:
        with diagnostics.collecting():
            for warning in check(parse(read(spec))).warnings:
                diagnostics.add(warning)
    diagnostics.raise_if_errors()
    show_warnings(diagnostics.warnings)
    if not quiet:
        click.echo(f"{specs[0]} is right" if len(specs) == 1 else f"{len(specs)} specs are right")
