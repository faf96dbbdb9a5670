"""Options and arguments that several commands share."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
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
        help="Give a network parameter or a training setting another value; may be repeated.",
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


def require_specs(paths: Sequence[Path]) -> None:
    """Raises NNDSLError with every path at which there is no spec to read."""
    diagnostics = Diagnostics()
    for path in paths:
        found = _why_not(path)
        if found is not None:
            diagnostics.add(found)
    diagnostics.raise_if_errors()


def _why_not(path: Path) -> Diagnostic | None:
    if not path.is_file():
        return mistakes.SpecNotFound(path=str(path), directory=path.is_dir(), close=_similar(path))
    try:
        path.read_text(encoding="utf-8")
    except OSError as error:
        return mistakes.NotText(path=str(path), reason=error.strerror or "it cannot be read")
    except UnicodeDecodeError as error:
        return mistakes.NotText(path=str(path), reason=f"byte {error.start} is none")
    return None


def _similar(path: Path) -> tuple[str, ...]:
    """Specs beside the path whose names are like it; all of a few, where it is a directory."""
    directory = path if path.is_dir() else path.parent
    if not directory.is_dir():
        return ()
    specs = sorted(str(spec) for spec in directory.glob("*.nn"))
    return tuple(specs[:3] if path.is_dir() else get_close_matches(str(path), specs, n=3))


def show_warnings(diagnostics: Sequence[Diagnostic]) -> None:
    """Prints warnings where errors would stand."""
    if diagnostics:
        from nndsl.diagnostics.report import render

        click.echo(render(diagnostics, colour=sys.stderr.isatty()), err=True)
