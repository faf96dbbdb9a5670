"""Options and arguments that several commands share."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from nndsl.diagnostics.catalogue import command_line as mistakes
from nndsl.diagnostics.diagnostic import Diagnostic, Diagnostics

Command = TypeVar("Command", bound=Callable[..., Any])
Settings = dict[str, float | int | bool | str]

_TRUTHS = {"yes": True, "no": False}


def spec_argument(command: Command) -> Command:
    return click.argument("spec", type=click.Path(path_type=Path))(command)


def set_option(command: Command) -> Command:
    return click.option(
        "--set",
        "settings",
        metavar="NAME=VALUE",
        multiple=True,
        help="Give a network parameter (hidden=64) or a training setting (epochs=5, rate=0.01, or of one"
        " stage, tune.epochs=5) another value; may be repeated.",
    )(command)


def network_option(command: Command) -> Command:
    return click.option("--network", metavar="NAME", help="Which network of the spec, if it has several.")(
        command
    )


def data_option(command: Command) -> Command:
    return click.option(
        "--data",
        "directories",
        metavar="DIRECTORY",
        multiple=True,
        type=click.Path(file_okay=False, path_type=Path),
        help="Look for data sets and files here first; may be repeated.",
    )(command)


def parse_settings(given: Iterable[str]) -> Settings:
    """`hidden=64`, `rate=1e-3`, `causal=yes`. Raises NNDSLError with every malformed one."""
    diagnostics = Diagnostics()
    texts: dict[str, str] = {}
    for text in given:
        match = re.fullmatch(r"\s*([A-Za-z_][\w.]*)\s*=\s*([^\s=]+)\s*", text)
        if match is None:
            diagnostics.add(mistakes.MalformedSetting(text=text))
            continue
        name, value = match.groups()
        if texts.setdefault(name, value) != value:
            diagnostics.add(mistakes.SettingTwice(name=name, values=(texts[name], value)))
    diagnostics.raise_if_errors()
    return {name: _value(text) for name, text in texts.items()}


def _value(text: str) -> float | int | bool | str:
    for read in (_TRUTHS.__getitem__, int, float):
        try:
            value: float | int | bool = read(text)
        except (KeyError, ValueError):
            continue
        return value
    return text


def show_warnings(diagnostics: Sequence[Diagnostic]) -> None:
    """Prints warnings where errors would stand."""
    if diagnostics:
        from nndsl.diagnostics.report import render

        click.echo(render(diagnostics, colour=sys.stderr.isatty()), err=True)
