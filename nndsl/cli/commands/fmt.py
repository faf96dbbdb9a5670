"""`nndsl fmt`."""

from __future__ import annotations

from difflib import unified_diff
from pathlib import Path

import click

from nndsl.cli.failure import FINE, MISTAKES

HELP = """
Write specs in the canonical layout. Comments stay, and the meaning as well.

\b
  nndsl fmt mlp.nn            rewrite the file
  nndsl fmt --diff mlp.nn     show what would change
  nndsl fmt --check *.nn      exit with 1 if a file would change, as a test
"""


@click.command(help=HELP, short_help="Lay specs out in the canonical way.")
@click.argument("specs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if a file would change.")
@click.option("--diff", is_flag=True, help="Change nothing; show what would change.")
def command(specs: tuple[Path, ...], check: bool, diff: bool) -> int:
    from nndsl.diagnostics.diagnostic import Diagnostics
    from nndsl.syntax.format import format_spec
    from nndsl.syntax.parser import parse
    from nndsl.syntax.reading import read

    diagnostics = Diagnostics()
    changed = []
    for spec in specs:
        with diagnostics.collecting():
            source = read(spec)
            formatted = format_spec(parse(source, library=True))
            if formatted != source.text:
                changed.append((spec, source.text, formatted))
    diagnostics.raise_if_errors()
    for path, before, after in changed:
        if diff:
            click.echo("".join(_difference(str(path), before, after)), nl=False)
        elif check:
            click.echo(f"{path} would change")
        else:
            with click.open_file(str(path), "w", encoding="utf-8", atomic=True) as file:
                file.write(after)
            click.echo(f"{path} changed")
    return MISTAKES if check and changed else FINE


def _difference(path: str, before: str, after: str) -> list[str]:
    lines = unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), path, f"{path}, formatted"
    )
    return [line if line.endswith("\n") else f"{line}\n" for line in lines]
