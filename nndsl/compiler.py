"""The driver: from a spec's text to a network, stage by stage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from nndsl.collection import uncollected
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.network import Network
from nndsl.semantics.check import check
from nndsl.semantics.model import Model
from nndsl.source import Source
from nndsl.syntax.parser import parse
from nndsl.syntax.reading import read

if TYPE_CHECKING:
    from os import PathLike

Settings = Mapping[str, float | int | bool | str]


def derive(model: Model) -> None:
    """Raises NNDSLError where energies have no conditionals, or not those that are asked for."""
    from nndsl.energies.derive import mistakes  # which takes numbers, and is seldom needed

    if found := mistakes(model):
        raise NNDSLError(found)


@uncollected()
def compile(spec: Path | Source, settings: Settings | None = None, network: str | None = None) -> Network:
    """The network of a spec, with some of its parameters and training settings given other values.

    Everything that can be wrong in the text is found here; what comes after the model is made when it is
    asked for. Raises NNDSLError with all independent mistakes.
    """
    source = spec if isinstance(spec, Source) else read(spec)
    syntax = parse(source)
    checked = check(syntax, settings or {}, network=network)
    if checked.model.energies:
        derive(checked.model)
    return Network(syntax, checked.model, checked.warnings, settings or {})


def compile_spec(
    spec: str | PathLike[str] | Source, *, network: str | None = None, **settings: float | int | bool | str
) -> Network:
    """`nndsl.compile("mlp.nn", hidden=64)`: as `compile`, with settings as keywords.

    `spec` is a path, a `Source`, or the text of a spec itself, which is told by its line breaks and braces.
    """
    if isinstance(spec, str) and ("{" in spec or "\n" in spec):
        return compile(Source("<text>", spec), settings, network)
    return compile(spec if isinstance(spec, Source) else Path(spec), settings, network)


def load(run: str | PathLike[str]) -> Network:
    """The trained network of a run's folder. Raises NNDSLError where the folder lacks or damages
    something.
    """
    from nndsl.runtime.run_folder import RunFolder

    folder = RunFolder.open(Path(run))
    settings = folder.settings
    network = compile(folder.spec_path, settings.given, settings.network)
    network.classes = {name: tuple(words) for name, words in settings.classes.items()}
    network.restore(folder.weights({p.name: p.shape for p in network.model.parameters}))
    return network
