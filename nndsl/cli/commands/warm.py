"""`nndsl warm`."""

from __future__ import annotations

import click

HELP = """
Compile the kernels of the library for this processor and keep them, so that no later command waits for it.

Kernels are compiled when they are first needed, and kept in the user's cache directory; this only does it
beforehand, once for each version of nndsl.

\b
  nndsl warm
  nndsl warm --precision float64
"""


@click.command(help=HELP, short_help="Compile the kernels beforehand.")
@click.option("--precision", type=click.Choice(["float32", "float64"]), default="float32", show_default=True)
def command(precision: str) -> None:
    from importlib import import_module
    from pkgutil import iter_modules
    from time import perf_counter

    from rich.console import Console
    from rich.progress import track

    import nndsl.kernels
    from nndsl.kernels.kernel import KERNELS
    from nndsl.planning.plan import Precision
    from nndsl.runtime.cache import address
    from nndsl.view.measures import duration

    start = perf_counter()
    for module in iter_modules(nndsl.kernels.__path__):
        import_module(f"nndsl.kernels.{module.name}")
    names = sorted(KERNELS)
    console = Console(stderr=True)
    for name in track(names, "compiling", console=console, disable=not console.is_terminal):
        address(name, Precision(precision))
    click.echo(f"{len(names)} kernels are ready, after {duration(perf_counter() - start)}")
