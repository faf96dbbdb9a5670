"""The folder that a training leaves: everything that is needed to use, judge and repeat it.

    runs/mlp-20260131-142530/
      spec.nn               the spec as used, with the blocks that it imports
      settings.json         network, parameters, seed, precision, threads, command, words of the classes
      versions.json         nndsl, Python, libraries, system, processor
      metrics.jsonl         one line an epoch
      weights.safetensors   the parameters by name
      result.json           how the stages ended, the measures of the test part
      profile.json          where the time went, with --profile

Every file but the metrics, which grow, is replaced as a whole or not at all.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nndsl.diagnostics.catalogue import run_folder as mistakes
from nndsl.diagnostics.diagnostic import Diagnostics, NNDSLError

Weights = Mapping[str, NDArray[Any]]
SPEC, SETTINGS, VERSIONS = "spec.nn", "settings.json", "versions.json"
METRICS, WEIGHTS, RESULT = "metrics.jsonl", "weights.safetensors", "result.json"
PROFILE = "profile.json"
_LIBRARIES = ("nndsl", "numpy", "scipy", "numba", "llvmlite", "networkx")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a training was asked for.

    `given` are the values of `--set`, `parameters` all network parameters; `threads` is None where the
    compiler chose; `classes` are the words that class numbers stand for, by target, where the data had words.
    """

    network: str
    parameters: Mapping[str, float | int | bool]
    given: Mapping[str, Any]
    seed: int
    precision: str
    threads: int | None
    command: str
    classes: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class RunFolder:
    """A folder as above, being written or read."""

    path: Path

    @classmethod
    def create(cls, parent: Path, name: str, spec: str, settings: Settings) -> RunFolder:
        """A new folder `NAME-YYYYmmdd-HHMMSS` with all that is known before the training.

        Raises NNDSLError where the folder cannot be written, as the methods for writing do.
        """
        with _writing(parent):
            folder = cls(_new_directory(parent, f"{name}-{datetime.now():%Y%m%d-%H%M%S}"))
        folder._write(SPEC, spec.encode())
        folder._write_json(SETTINGS, asdict(settings))
        folder._write_json(VERSIONS, _versions())
        return folder

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """A folder that a training left. Raises NNDSLError where it is none, or lacks what prediction
        needs.
        """
        if not (path / SETTINGS).is_file() and not (path / SPEC).is_file():
            raise NNDSLError([mistakes.NotARunFolder(path=str(path), exists=path.exists())])
        diagnostics = Diagnostics()
        for piece in (SPEC, SETTINGS, WEIGHTS):
            if not (path / piece).is_file():
                diagnostics.add(mistakes.MissingPiece(path=str(path), piece=piece))
        diagnostics.raise_if_errors()
        return cls(path)

    # --- writing

    def log(self, metrics: Mapping[str, Any]) -> None:
        """Appends a line to the metrics, at once."""
        with _writing(self.path), (self.path / METRICS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(metrics, default=float) + "\n")

    def save_weights(self, weights: Weights) -> None:
        """Replaces the weights."""
        from safetensors.numpy import save

        contiguous = {name: np.ascontiguousarray(array) for name, array in weights.items()}
        self._write(WEIGHTS, save(contiguous, {"format": "nndsl"}))

    def save_result(self, result: Mapping[str, Any]) -> None:
        """Replaces the result."""
        self._write_json(RESULT, result)

    def save_profile(self, stages: Sequence[Mapping[str, Any]]) -> None:
        """Replaces the profile, which has an entry a stage."""
        self._write_json(PROFILE, {"stages": stages})

    def _write_json(self, name: str, value: Mapping[str, Any]) -> None:
        self._write(name, (json.dumps(value, indent=2, default=_plain) + "\n").encode())

    def _write(self, name: str, content: bytes) -> None:
        """Writes to a file beside, and puts it in place when it is safely on the disk."""
        with _writing(self.path):
            handle, temporary = tempfile.mkstemp(dir=self.path, prefix=f".{name}.")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).replace(self.path / name)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise

    # --- reading

    @property
    def spec_path(self) -> Path:
        return self.path / SPEC

    @cached_property
    def settings(self) -> Settings:
        """Raises NNDSLError where the file is damaged."""
        try:
            return Settings(**self._read_json(SETTINGS))
        except TypeError as error:
            raise self._corrupt(SETTINGS, str(error).split("() ")[-1]) from None

    @property
    def versions(self) -> Mapping[str, str]:
        return self._read_json(VERSIONS)

    @property
    def result(self) -> Mapping[str, Any] | None:
        """None where the training did not come to its end."""
        return self._read_json(RESULT) if (self.path / RESULT).is_file() else None

    def metrics(self) -> list[dict[str, Any]]:
        """The lines of all epochs; a last one that a crash cut short is left out."""
        if not (self.path / METRICS).is_file():
            return []
        lines = (self.path / METRICS).read_text(encoding="utf-8").split("\n")
        try:
            return [json.loads(line) for line in lines[:-1]]
        except ValueError as error:
            raise self._corrupt(METRICS, str(error)) from None

    def weights(self, shapes: Mapping[str, tuple[int, ...]]) -> Weights:
        """The parameters of a network with these names and shapes.

        Raises NNDSLError where the file is damaged, or holds parameters of another network.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            held = load((self.path / WEIGHTS).read_bytes())
        except (OSError, SafetensorError, ValueError, KeyError) as error:
            raise self._corrupt(WEIGHTS, str(error)) from None
        diagnostics = Diagnostics()
        for name in dict.fromkeys([*shapes, *held]):
            expected, found = shapes.get(name), held[name].shape if name in held else None
            if expected != found:
                diagnostics.add(
                    mistakes.WeightsDisagree(path=str(self.path), name=name, expected=expected, found=found)
                )
        diagnostics.raise_if_errors()
        return held

    def _read_json(self, name: str) -> dict[str, Any]:
        try:
            value = json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise self._corrupt(name, str(error)) from None
        if not isinstance(value, dict):
            raise self._corrupt(name, "it does not hold an object")
        return value

    def _corrupt(self, piece: str, reason: str) -> NNDSLError:
        return NNDSLError([mistakes.CorruptPiece(path=str(self.path), piece=piece, reason=reason)])


def _new_directory(parent: Path, name: str) -> Path:
    """A directory that did not exist; `-2`, `-3`, … is added where others were started in the same second."""
    parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        path = parent / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        else:
            return path


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Says what hinders writing there."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise NNDSLError([mistakes.UnwritableFolder(path=str(path), reason=reason)]) from None


def _versions() -> dict[str, str]:
    return {
        **{library: _version(library) for library in _LIBRARIES},
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
    }


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _plain(value: Any) -> Any:
    """What JSON does not know: numbers of numpy as plain ones, all else as text."""
    return value.item() if isinstance(value, np.generic) else str(value)
