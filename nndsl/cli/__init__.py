"""The command line."""

from nndsl.cli.program import main

__all__ = ["main"]
