"""Mistakes in the use of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Diagnostic


@dataclass(frozen=True, kw_only=True)
class Misuse(Diagnostic):
    """What these mistakes have in common: no spec and no data are at fault, and the exit code is 2."""


@dataclass(frozen=True, kw_only=True)
class MalformedSetting(Misuse):
    """`--set` takes a name, an equals sign and a number, `yes`, `no` or a word, without spaces.

    Wrong:

        nndsl run mlp.nn --set hidden:64

    Right:

        nndsl run mlp.nn --set hidden=64 --set epochs=10
    """

    code: ClassVar[str] = "E0701"
    text: str

    def message(self) -> str:
        return f"expected --set name=value, found '{self.text}'"

    def help(self) -> str:
        return "try --set hidden=64; write the option once for each name"


@dataclass(frozen=True, kw_only=True)
class SettingTwice(Misuse):
    """Two `--set` give one name different values.

    Wrong:

        nndsl run mlp.nn --set hidden=64 --set hidden=128

    Right:

        nndsl run mlp.nn --set hidden=128
    """

    code: ClassVar[str] = "E0702"
    name: str
    values: tuple[str, str]

    def message(self) -> str:
        first, second = self.values
        return f"expected one value for '{self.name}', found --set {self.name}={first} and ={second}"


@dataclass(frozen=True, kw_only=True)
class FormatNotForStage(Misuse):
    """`--format` names a form in which the stage cannot be printed.

    The topology and the graphs come as text, json, graphml or dot; the other stages as text.

    Wrong:

        nndsl compile mlp.nn --emit plan --format dot

    Right:

        nndsl compile mlp.nn --emit graph --format dot
    """

    code: ClassVar[str] = "E0703"
    stage: str | None
    format: str
    stages: tuple[str, ...]

    def message(self) -> str:
        what = "the report" if self.stage is None else f"the stage '{self.stage}'"
        return f"expected the format 'text' for {what}, found '{self.format}'"

    def help(self) -> str:
        return f"'{self.format}' is for {', '.join(f'--emit {stage}' for stage in self.stages)}"
