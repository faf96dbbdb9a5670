"""What `nndsl run` does: train, test, show and save."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from nndsl.data.examples import Parts
from nndsl.generation.examples import attempts
from nndsl.learning.history import History
from nndsl.learning.observer import Observer, Several, Silent
from nndsl.learning.profile import StageProfile
from nndsl.learning.recorder import Recorder
from nndsl.learning.trainer import Options, fit
from nndsl.network import Network
from nndsl.planning.plan import Precision
from nndsl.runtime.run_folder import RunFolder, Settings
from nndsl.semantics.self_contained import self_contained
from nndsl.view.attempts import attempts_table
from nndsl.view.profile import profile_table
from nndsl.view.progress import progress
from nndsl.view.result import output_table, result_lines, training_table


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for on the command line. `runs` is where the folder goes, None for none."""

    name: str
    given: Mapping[str, float | int | bool | str]
    seed: int
    precision: str
    threads: int | None
    debug: bool
    profile: bool
    runs: Path | None
    quiet: bool


def train(network: Network, parts: Parts, request: Request) -> None:
    """Trains the network, tests it once, shows the result, and leaves a folder.

    Where the training is interrupted or fails, what was learned so far stays in the folder.
    """
    folder = _folder(network, parts, request)
    console = Console(stderr=True, quiet=request.quiet)
    history = History()
    with progress(console) as shown:
        observers: list[Observer] = [shown, history]
        if folder is not None:
            observers.append(Recorder(folder, lambda: network.parameters))
        profiles = Profiles(folder)
        observers.append(profiles)
        options = Options(
            request.seed, Precision(request.precision), request.threads, request.debug, request.profile
        )
        try:
            fit(network, parts, options, Several(*observers))
        except KeyboardInterrupt:
            if folder is not None:
                folder.save_weights(network.parameters)
                click.echo(f"what was learned so far is in {folder.path}", err=True)
            raise
    for profile in profiles.found:
        Console().print(profile_table(profile))
    _conclude(network, parts, request.threads, history, folder)


class Profiles(Silent):
    """An observer that keeps all profiles, also in the folder."""

    def __init__(self, folder: RunFolder | None) -> None:
        self.found: list[StageProfile] = []
        self._folder = folder

    def on_profile(self, profile: StageProfile) -> None:
        self.found.append(profile)
        if self._folder is not None:
            self._folder.save_profile([found.as_json() for found in self.found])


def run_forward(network: Network, parts: Parts, seed: int, precision: str) -> None:
    """Shows what a network without training makes of the test part."""
    network.initialise(seed, precision)
    inputs = {value.name: parts.test.inputs[value.name] for value in network.model.inputs}
    Console().print(output_table(network.run(seed=seed, **inputs)))


def _folder(network: Network, parts: Parts, request: Request) -> RunFolder | None:
    if request.runs is None:
        return None
    settings = Settings(
        network=network.model.name,
        parameters=network.model.settings,
        given=request.given,
        seed=request.seed,
        precision=request.precision,
        threads=request.threads,
        command=shlex.join(["nndsl", *sys.argv[1:]]),
        classes=parts.train.classes,
    )
    return RunFolder.create(request.runs, request.name, self_contained(network.spec), settings)


def _conclude(
    network: Network, parts: Parts, threads: int | None, history: History, folder: RunFolder | None
) -> None:
    tested = network.test(parts, threads) if parts.test.count else {}
    Console().print(training_table(history.stages))
    for line in result_lines(tested):
        click.echo(line)
    if folder is not None:
        folder.save_result({"stages": [stage.summary() for stage in history.stages], "test": tested})
        click.echo(f"saved in {folder.path}")
    if network.model.generation is not None and (written := attempts(network, parts.test)):
        Console().print(attempts_table(written))
