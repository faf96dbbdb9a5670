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
class SpecNotFound(Misuse):
    """There is no spec at the path given.

    Wrong:

        nndsl run mpl.nn

    Right:

        nndsl run mlp.nn
    """

    code: ClassVar[str] = "E0703"
    path: str
    directory: bool
    close: tuple[str, ...]

    def message(self) -> str:
        found = "a directory" if self.directory else "nothing there"
        return f"expected a spec at '{self.path}', found {found}"

    def help(self) -> str | None:
        if self.close:
            return f"did you mean {' or '.join(repr(path) for path in self.close)}?"
        return "a spec is a text file, whose name ends in .nn"


@dataclass(frozen=True, kw_only=True)
class NotText(Misuse):
    """The file given as a spec is not UTF-8 text, or cannot be read.

    Wrong:

        nndsl run weights.safetensors

    Right:

        nndsl run mlp.nn
    """

    code: ClassVar[str] = "E0704"
    path: str
    reason: str

    def message(self) -> str:
        return f"expected a spec in UTF-8 text at '{self.path}', but {self.reason}"


@dataclass(frozen=True, kw_only=True)
class FormatNotForStage(Misuse):
    """`--format` names a form in which the stage cannot be printed.

    The topology and the graphs come as text, json, graphml or dot; the other stages as text.

    Wrong:

        nndsl compile mlp.nn --emit plan --format dot

    Right:

        nndsl compile mlp.nn --emit graph --format dot
    """

    code: ClassVar[str] = "E0705"
    stage: str
    format: str
    formats: tuple[str, ...]

    def message(self) -> str:
        return f"expected {' or '.join(self.formats)} for the stage '{self.stage}', found '{self.format}'"
