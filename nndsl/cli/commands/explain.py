"""`nndsl explain`."""

from __future__ import annotations

import click

HELP = """
Explain a mistake by its code, with a wrong and a right example; without CODE, list them all.

\b
  nndsl explain E0201
"""


@click.command(help=HELP, short_help="What a mistake's code means.")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    from nndsl.diagnostics.catalogue import catalogue
    from nndsl.diagnostics.explain import explain

    if code is not None:
        click.echo(explain(code), nl=False)
        return
    for known, mistake in catalogue().items():
        click.echo(f"{known}  {_first_sentence(mistake.__doc__ or '')}")


def _first_sentence(doc: str) -> str:
    return " ".join(doc.strip().split("\n\n")[0].split())
