"""`nndsl explain`."""

from __future__ import annotations

from inspect import cleandoc
from textwrap import indent
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from nndsl.functions.catalogue import Function

HELP = """
Explain a mistake by its code, with a wrong and a right example, or a function of the language by its
name. Without a WORD, list all codes.

\b
  nndsl explain E0201
  nndsl explain cross_entropy
"""


@click.command(help=HELP, short_help="What a mistake's code, or a function, means.")
@click.argument("word", required=False)
def command(word: str | None) -> None:
    from nndsl.diagnostics.catalogue import catalogue
    from nndsl.diagnostics.explain import explain
    from nndsl.functions.catalogue import entries

    if word is not None:
        found = entries(word)
        click.echo("\n".join(map(_entry, found)) if found else explain(word), nl=False)
        return
    for known, mistake in catalogue().items():
        click.echo(f"{known}  {_first_sentence(mistake.__doc__ or '')}")


def _entry(function: Function) -> str:
    """A function, optimizer or rule with its signature and what it means."""
    signature = f"{function.family} {function.name}{function.signature.text}"
    return f"{signature}\n\n{indent(cleandoc(function.doc), '    ')}\n"


def _first_sentence(doc: str) -> str:
    return " ".join(doc.strip().split("\n\n")[0].split())
