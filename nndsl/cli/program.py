"""The program `nndsl`: finds its commands, and turns what goes wrong into a message and an exit code."""

from __future__ import annotations

import os
import pkgutil
import sys
import traceback
import warnings
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn

import click

from nndsl.cli import commands
from nndsl.cli.failure import INTERNAL, INTERRUPTED, MISUSE, describe

HELP = """
Describe a neural network, and train it on this computer.

\b
  nndsl check mlp.nn        is the spec right?
  nndsl compile mlp.nn      what is the network made of?
  nndsl run mlp.nn          train it, and test it
  nndsl predict RUN x.csv   use what was learned
  nndsl generate RUN "I "   let it write

`nndsl COMMAND --help` shows more of each.
"""
EPILOGUE = """
Exit codes: 0 all is well, 1 the spec or the data have mistakes, 2 the command line has, 3 nndsl itself
failed, 130 interrupted.
"""


class Program(click.Group):
    """A group whose commands are the modules of `nndsl.cli.commands`, imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [module.name for module in pkgutil.iter_modules(commands.__path__)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"nndsl.cli.commands.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            close = get_close_matches(args[0], known, n=1)
            meant = f"Did you mean '{close[0]}'?" if close else f"The commands are {', '.join(known)}."
            ctx.fail(f"there is no command '{args[0]}'. {meant}")
        return super().resolve_command(ctx, args)

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> NoReturn:
        """Runs the command and exits. No mistake of the user's ends in a traceback."""
        options["standalone_mode"] = False
        given = sys.argv[1:] if args is None else args
        try:
            warnings.showwarning = _show_warning
            sys.exit(super().main(args, *rest, **options) or 0)
        except click.ClickException as error:
            error.show()
            sys.exit(MISUSE)
        except (KeyboardInterrupt, click.Abort):
            click.echo("interrupted", err=True)
            sys.exit(INTERRUPTED)
        except BrokenPipeError:  # whoever read our output has closed it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        except Exception as error:
            message, code = describe(error, colour=sys.stderr.isatty())
            if code == INTERNAL and "--traceback" in given:
                traceback.print_exception(error)
            click.echo(message, err=True)
            sys.exit(code)


def _show_warning(message: Warning | str, *place: Any, **more: Any) -> None:
    """A warning of Python's in the voice of the diagnostics, without the place in our code."""
    click.echo(f"warning: {message}", err=True)


@click.group(
    cls=Program, help=HELP, epilog=EPILOGUE, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="nndsl", prog_name="nndsl")
@click.option("--traceback", is_flag=True, help="Where nndsl itself fails, show the place in its code.")
def program(traceback: bool) -> None: ...


def main() -> NoReturn:
    """The entry point of the installed command."""
    program.main(prog_name="nndsl")
