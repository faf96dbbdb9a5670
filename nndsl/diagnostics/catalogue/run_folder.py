"""Mistakes in run folders: missing, damaged, or of another network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from nndsl.diagnostics.diagnostic import Diagnostic


@dataclass(frozen=True, kw_only=True)
class NotARunFolder(Diagnostic):
    """The path given is no folder that a training left.

    `nndsl run` prints the folder of its run at its end.

    Wrong:

        nndsl predict runs flowers.csv

    Right:

        nndsl predict runs/iris-20260131-142530 flowers.csv
    """

    code: ClassVar[str] = "E0720"
    path: str
    exists: bool

    def message(self) -> str:
        found = "neither spec.nn nor settings.json in it" if self.exists else "nothing there"
        return f"expected the folder of a run at '{self.path}', found {found}"

    def help(self) -> str:
        return "nndsl run prints the folder of its run at its end"


@dataclass(frozen=True, kw_only=True)
class MissingPiece(Diagnostic):
    """A run folder lacks a file that is needed, because the training was stopped early or the file was
    deleted.

    Wrong:

        a folder without weights.safetensors

    Right:

        the folder of a run that came to its end
    """

    code: ClassVar[str] = "E0721"
    path: str
    piece: str

    def message(self) -> str:
        return f"expected '{self.piece}' in the run folder '{self.path}', found no such file"

    def help(self) -> str | None:
        stopped = "the training was stopped before its first epoch was done: run it again"
        return stopped if self.piece == "weights.safetensors" else None


@dataclass(frozen=True, kw_only=True)
class CorruptPiece(Diagnostic):
    """A file of a run folder is damaged or was changed by hand.

    Wrong:

        settings.json cut off in its middle

    Right:

        the folder as nndsl run left it
    """

    code: ClassVar[str] = "E0722"
    path: str
    piece: str
    reason: str

    def message(self) -> str:
        return f"'{self.piece}' in the run folder '{self.path}' is damaged: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class WeightsDisagree(Diagnostic):
    """The weights of a run folder are not those of its network, because one of the two was exchanged.

    Wrong:

        spec.nn in the run folder edited, so that `h` has 64 units

    Right:

        a copy of spec.nn edited elsewhere, and trained
    """

    code: ClassVar[str] = "E0723"
    path: str
    name: str
    expected: tuple[int, ...] | None
    found: tuple[int, ...] | None

    def message(self) -> str:
        expected, found = (
            "no such parameter" if shape is None else f"the shape {' x '.join(map(str, shape)) or '1'}"
            for shape in (self.expected, self.found)
        )
        return f"expected {expected} for '{self.name}' in the weights of '{self.path}', found {found}"


@dataclass(frozen=True, kw_only=True)
class UnwritableFolder(Diagnostic):
    """The folder for a run cannot be made, or written any more.

    Wrong:

        nndsl run mlp.nn --runs /proc

    Right:

        nndsl run mlp.nn --runs ~/runs, or nndsl run mlp.nn --no-save
    """

    code: ClassVar[str] = "E0724"
    path: str
    reason: str

    def message(self) -> str:
        return f"expected to write this run down in '{self.path}', but: {self.reason.lower()}"

    def help(self) -> str:
        return "try --runs DIRECTORY with another directory, or --no-save"
