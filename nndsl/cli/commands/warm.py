"""`nndsl warm`."""

from __future__ import annotations

import click

HELP = """
Compile all kernels of the library for this processor and keep them, so that no later command waits for it.

Kernels are compiled when they are first needed and kept in the user's cache directory; this only does it
beforehand. It takes a minute or two, once for each version of nndsl.
"""


@click.command(help=HELP, short_help="Compile the kernels beforehand.")
def command() -> None:

    pass
