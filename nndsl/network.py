"""A compiled network: its stages to look at, its parameters, and what it can be asked to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

from nndsl.building.build import LOSS, forward, objective
from nndsl.building.refusals import refused, stages
from nndsl.diagnostics.diagnostic import Diagnostic
from nndsl.differentiation.reverse import GRADIENT, differentiate
from nndsl.graph.types import BATCH
from nndsl.planning.plan import Precision
from nndsl.semantics.model import Minimize, Model, Rule, Stage
from nndsl.syntax.tree import Spec

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray
    from rich.console import RenderableType

    from nndsl.data.examples import Parts
    from nndsl.data.ready import Ready
    from nndsl.decoding.step import Stepwise
    from nndsl.generation.sequences import Generator
    from nndsl.graph.computation_graph import ComputationGraph
    from nndsl.graph.graph import Graph
    from nndsl.learning.history import History
    from nndsl.learning.observer import Observer
    from nndsl.learning.procedure import Procedure
    from nndsl.planning.plan import Plan
    from nndsl.runtime.footprint import Footprint
    from nndsl.runtime.inference import Inference
    from nndsl.runtime.parameters import Parameters
    from nndsl.runtime.vector import VectorLayout
    from nndsl.topology.topology import Topology

    Array = NDArray[Any]


class Network:
    """A network as its spec says it, ready to be looked at, trained and run.

    `spec`, `model`, `topology`, `graph` and `gradient` are the stages of its compilation; all are frozen.
    `parameters` are its numbers, by name, and change with training. `classes` are the words that class
    numbers stand for, by the name of the input or target, where it was trained on words.
    """

    def __init__(
        self,
        spec: Spec,
        model: Model,
        warnings: tuple[Diagnostic, ...] = (),
        given: Mapping[str, float | int | bool | str] | None = None,
    ) -> None:
        """`given` are the network parameters and training settings that were given other values."""
        self.given = dict(given or {})
        self.spec = spec
        self.model = model
        self.warnings = warnings
        self.precision = Precision.FLOAT32
        self.seed = 0
        self._parameters: Parameters | None = None
        self.classes: dict[str, tuple[str, ...]] = {}
        self._run: Inference | None = None
        self._known: Ready | None = None
        self._generator: Generator | None = None

    def __repr__(self) -> str:
        count = sum(prod(p.shape) for p in self.model.parameters)
        return f"<Network {self.model.name}: {len(self.model.definitions)} layers, {count} parameters>"

    # --- stages -------------------------------------------------------------------------

    @cached_property
    def topology(self) -> Topology:
        """Populations and connections, as a textbook draws them: a networkx MultiDiGraph."""
        from nndsl.topology.connect import connect

        return connect(self.model)

    @cached_property
    def graph(self) -> ComputationGraph:
        """The operators of the forward computation: a networkx MultiDiGraph."""
        return _view(self.forward_graph)

    @cached_property
    def gradient(self) -> ComputationGraph:
        """Forward and backward operators of the last stage that learns by descent."""
        return _view(self.gradient_graph)

    @cached_property
    def forward_graph(self) -> Graph:
        """The graph of all layers, as the compiler's passes see it. Raises NNDSLError where it cannot
        be run.
        """
        return forward(self.model)

    def unrolled(self, steps: int) -> ComputationGraph:
        """The forward computation with its loops in time written out, `steps` steps each: the unfolded graph
        of the textbook. Open index sets have that size too.
        """
        from nndsl.graph.types import BATCH
        from nndsl.graph.unroll import unrolled

        extents = {extent for node in self.forward_graph for extent in node.type.extents}
        symbols = {extent.symbol for extent in extents if extent.symbol not in (None, BATCH)}
        return _view(unrolled(self.forward_graph, {symbol: steps for symbol in symbols if symbol}))

    @cached_property
    def gradient_graph(self) -> Graph:
        """The graph of the loss with an output `gradient.NAME` for each learned parameter.

        Raises NNDSLError where it cannot be run, or nothing is learned by descent.
        """
        stage = replace(self.descent, carry=False)
        return differentiate(objective(self.model, stage), LOSS, [p.name for p in stage.learned])

    @cached_property
    def optimized_graph(self) -> Graph:
        """What the executor runs, after all passes: a minibatch of the last stage, or the forward
        computation.

        Raises NNDSLError where it cannot be run.
        """
        from nndsl.passes.pipeline import optimize

        return optimize(self._last_procedure.step if self.stages else self.forward_graph)

    @cached_property
    def plans(self) -> dict[str, Plan]:
        """The plans that the executor runs: `step` and `update` of the last stage, or `run`.

        Raises NNDSLError where it cannot be run.
        """
        from nndsl.analyses.needs import open_sizes
        from nndsl.planning.planner import plan

        if not self.stages:
            return {"run": plan(self.optimized_graph, open_sizes(self.optimized_graph, 1), self.precision)}
        return self._planned(threads=1)[0]

    def _planned(self, threads: int | None) -> tuple[dict[str, Plan], int]:
        """The plans of the last stage for so many threads, or as many as pay, and the number of shares."""
        from nndsl.analyses.needs import open_sizes
        from nndsl.learning.session import plan_procedure

        found = replace(self._last_procedure, step=self.optimized_graph)
        sizes = {name: size for name, size in open_sizes(found.step, 1).items() if name != BATCH}
        shared = any(symbol.graph is not None for symbol in self.model.sets)
        return plan_procedure(found, found.batch, self.precision, threads, sizes, shared)

    @cached_property
    def footprint(self) -> Footprint:
        """The memory that a minibatch of the last stage takes, with as many threads as pay on this machine;
        without a stage, that of one run. Open index sets are taken to have some size.

        Raises NNDSLError where it cannot be run.
        """
        from nndsl.learning.session import footprint
        from nndsl.runtime.footprint import running

        if not self.stages:
            return running(self.plans["run"], self.layout)
        procedure = self._last_procedure
        return footprint(self, self.stages[-1], procedure, *self._planned(threads=None), procedure.batch)

    @cached_property
    def layout(self) -> VectorLayout:
        """Where all parameters lie in one vector: what is learned comes first, so that it lies together."""
        from nndsl.runtime.vector import VectorLayout

        learned_first = sorted(self.model.parameters, key=lambda parameter: not parameter.learned)
        return VectorLayout.of({parameter.name: parameter.shape for parameter in learned_first})

    @cached_property
    def _last_procedure(self) -> Procedure:
        """How the last stage learns. Raises NNDSLError where something of the network cannot be run."""
        from nndsl.diagnostics.diagnostic import NNDSLError
        from nndsl.learning.procedure import procedure

        if self.refused:
            raise NNDSLError(self.refused)
        return procedure(self.model, self.stages[-1])

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All training stages in order, those of an alternation one by one."""
        return tuple(stages(self.model))

    @property
    def descent(self) -> Stage:
        """The last stage that minimises something. Raises NNDSLError where there is none."""
        from nndsl.diagnostics.catalogue.running import NothingMinimized
        from nndsl.diagnostics.diagnostic import NNDSLError

        found = [stage for stage in self.stages if isinstance(stage.how, Minimize)]
        if not found:
            raise NNDSLError([NothingMinimized(network=self.model.name)])
        return found[-1]

    @cached_property
    def refused(self) -> tuple[Diagnostic, ...]:
        """What of the network cannot be run yet, each with its place in the spec."""
        from nndsl.diagnostics.diagnostic import NNDSLError

        found = refused(self.model)
        if found or self.model.generation is None:
            return found
        try:
            _ = self.steps
        except NNDSLError as mistakes:
            return mistakes.diagnostics
        return ()

    @cached_property
    def steps(self) -> Stepwise:
        """The graphs by which the network generates, place by place.

        Raises NNDSLError where it does not say what, an output depends on later symbols, or it cannot be run.
        """
        from nndsl.decoding.generator import generator
        from nndsl.diagnostics.catalogue.generating import NothingGenerated
        from nndsl.diagnostics.diagnostic import NNDSLError

        if self.model.generation is None:
            raise NNDSLError([NothingGenerated(network=self.model.name)])
        return generator(self.model.generation, self.forward_graph)

    def emit(self, stage: str, form: str = "text") -> str:
        """A stage of the compilation as text; `topology` and the graphs also as `json`, `graphml` or
        `dot`.
        """
        from nndsl.view.emit import emit

        return emit(self, stage, form)

    def report(self) -> RenderableType:
        """What `nndsl compile` prints."""
        from nndsl.analyses.needs import needs_of
        from nndsl.view.compile_report import compile_report

        needs = None if self.refused else needs_of(self.model)
        footprint = None if self.refused else self.footprint
        return compile_report(self.model, self.topology, needs, self.refused, footprint)

    # --- numbers ------------------------------------------------------------------------

    @property
    def parameters(self) -> Parameters:
        """All parameters by name. Their entries may be changed in place, and change so in training.

        What `run` makes of parameters alone is kept from one call to the next, but made anew in each while
        somebody holds an array of them.
        """
        if self._parameters is None:
            self.initialise()
        assert self._parameters is not None
        return self._parameters

    def initialise(self, seed: int = 0, precision: str = Precision.FLOAT32) -> None:
        """Gives all parameters their first values again. Raises NNDSLError where memory is too small."""
        from nndsl.learning.initialise import initial_values
        from nndsl.runtime.memory import require_memory

        largest = max(self.model.parameters, key=lambda p: prod(p.shape), default=None)
        held_bytes = 8 * sum(prod(p.shape) for p in self.model.parameters)
        drawn_bytes = 16 * prod(largest.shape) if largest else 0  # one at a time, and what is made of it
        require_memory(held_bytes + drawn_bytes, largest.span if largest else None)
        self._hold(initial_values(self.model, seed), Precision(precision))

    def begin(self, seed: int, precision: Precision) -> None:
        """Makes the parameters ready for training: from a seed, unless they have values already."""
        if self._parameters is None:
            self.initialise(seed, precision)
        elif precision is not self.precision:
            self._hold(self._parameters.items(), precision)

    def restore(self, values: Mapping[str, Array]) -> None:
        """Takes all parameters over, by name, in the widest of their precisions."""
        wide = any(value.dtype == Precision.FLOAT64 for value in values.values())
        self._hold(values.items(), Precision.FLOAT64 if wide else Precision.FLOAT32)

    def _hold(self, values: Iterable[tuple[str, Array]], precision: Precision) -> None:
        """From now on these are the parameters."""
        from nndsl.runtime.parameters import Parameters

        names = (parameter.name for parameter in self.model.parameters)
        held = Parameters(self.layout, names, precision)
        for name, value in values:
            held.arrays[name][...] = value
        self._parameters = held
        self.precision = precision
        self._run = self._known = None

    # --- use ----------------------------------------------------------------------------

    def fit(
        self,
        *,
        seed: int = 0,
        precision: str = Precision.FLOAT32,
        threads: int | None = None,
        validation: float | None = None,
        observer: Observer | None = None,
        **arrays: ArrayLike,
    ) -> History:
        """Trains the network, on the arrays of its inputs and targets, or on the spec's data without any.

        The share `validation` of the arrays is kept to watch the training by: a tenth unless it is said, none
        where no stage has a loss or a measure to watch. Parameters that have been trained are trained on.
        Returns the measures of each stage and epoch. Raises NNDSLError where the arrays do not fit.
        """
        from nndsl.data.given import given_parts
        from nndsl.data.load import load_parts
        from nndsl.learning.history import History
        from nndsl.learning.observer import Several
        from nndsl.learning.trainer import Options, fit

        options = Options(seed, Precision(precision), threads)
        if validation is None:
            validation = 0.1 if any(map(is_watched, self.stages)) else 0.0
        parts: Parts = (
            given_parts(self.model, arrays, seed, precision, validation)
            if arrays
            else load_parts(self.model, seed=seed, dtype=precision)
        )
        history = History()
        fit(self, parts, options, Several(history, observer) if observer is not None else history)
        return history

    def save(self, parent: str | PathLike[str] = "runs") -> Path:
        """Leaves a folder in `parent` with the spec, the settings and the parameters, and returns its path.

        `nndsl.load` and `nndsl predict` read it. Raises NNDSLError where it cannot be written.
        """
        from pathlib import Path

        from nndsl.runtime.run_folder import RunFolder, Settings
        from nndsl.semantics.self_contained import self_contained

        settings = Settings(
            network=self.model.name,
            parameters=self.model.settings,
            given=self.given,
            seed=self.seed,
            precision=self.precision,
            threads=None,
            command="Network.save",
            classes=self.classes,
        )
        name = Path(self.model.source.name).stem if self.model.source.name != "<text>" else self.model.name
        folder = RunFolder.create(Path(parent), name.lower(), self_contained(self.spec), settings)
        folder.save_weights(self.parameters)
        return folder.path

    def test(self, parts: Parts, threads: int | None = None) -> dict[str, float]:
        """The loss and the measures over the test part. `threads` is None for as many as pay."""
        from nndsl.learning.trainer import test

        return test(self, parts.test, threads)

    def run(self, *, seed: int = 0, **arrays: ArrayLike) -> dict[str, Array]:
        """All outputs by name, for arrays of the inputs, one row an example.

        `seed` is that of what is drawn at random.
        """
        given = self._ready.examples(arrays)
        if given is None:
            from nndsl.data.given import given_examples

            inputs = [value.name for value in self.model.inputs]
            given = given_examples(self.model, arrays, inputs, self.precision)
        inference = self._inference(given.count, whole=given.graphs is not None)
        numbers = self.parameters
        return inference(given.together(), numbers.arrays, given.count, seed, edition=numbers.edition)

    def generate(
        self,
        prompt: str | Sequence[Any] = "",
        *,
        count: int = 1,
        at_most: int | None = None,
        temperature: float | None = None,
        top: int = 0,
        beam: int | None = None,
        seed: int = 0,
        **inputs: Any,
    ) -> list[Any]:
        """What the network's `generate` statement makes of its own output, fed back symbol by symbol.

        `prompt` is how sequences begin: a text, several, or rows of class numbers, where the network was not
        trained on texts; each is gone on with `count` times. `inputs` are the other inputs, by their names or
        those of the data's columns: `english=["I love you."]`. Symbols are chosen as the statement says, or
        drawn with a `temperature`, among the `top` most probable; or the best of `beam` sequences is taken.
        Gives what follows each prompt: texts, or class numbers. Raises NNDSLError for what does not fit.
        """
        from nndsl.generation.generate import chosen_search, generate

        search = chosen_search(temperature, top, beam)
        several = not isinstance(prompt, str) and all(isinstance(each, str | Sequence) for each in prompt)
        prompts = prompt if several and len(prompt) else [prompt]
        return generate(self, prompts, inputs, count=count, search=search, at_most=at_most, seed=seed)

    def generator(self, context: int | None) -> Generator:
        """The machine behind `generate`, made once: see there what `context` means."""
        from nndsl.generation.sequences import Generator

        if self._generator is None or self._generator.precision is not self.precision:
            self._generator = Generator(self.steps, self.precision, context)
        return self._generator

    def grad(self, *, seed: int = 0, **arrays: ArrayLike) -> dict[str, Array]:
        """The gradient of the loss by parameter, and the loss itself as `loss`, over the given examples.

        What behaves otherwise in training does so here. `seed` is that of what is drawn at random.
        """
        from nndsl.data.given import given_examples
        from nndsl.runtime.inference import Inference

        given = given_examples(self.model, arrays, dtype=self.precision)
        inference = Inference(self._optimized_gradients, self.precision, given.count)
        found = inference(given.together(), self.parameters.arrays, given.count, seed)
        return {name.removeprefix(GRADIENT): value for name, value in found.items()}

    @cached_property
    def _optimized_gradients(self) -> Graph:
        """What `grad` runs: the loss and the gradients, without the measures."""
        from nndsl.passes.pipeline import optimize

        graph = self.gradient_graph
        return optimize(_only(graph, [LOSS, *(n for n in graph.outputs if n.startswith(GRADIENT))]))

    @property
    def _ready(self) -> Ready:
        """What knows arrays for `run` that need no conversion, in the network's precision."""
        if self._known is None:
            from nndsl.data.ready import Ready

            self._known = Ready(self.model.inputs, self.precision)
        return self._known

    def _inference(self, count: int, whole: bool) -> Inference:
        """What `run` runs, on all examples at once where they cannot be parted; made anew only for more rows
        than before."""
        if self._run is None or not self._run.has_room(count, whole):
            from nndsl.passes.pipeline import optimize
            from nndsl.runtime.inference import ROWS_AT_ONCE, Inference

            rows = count if whole else min(count, ROWS_AT_ONCE)
            graph = _only(self.forward_graph, [value.name for value in self.model.outputs])
            kept = [parameter.name for parameter in self.model.parameters]
            self._run = Inference(optimize(graph), self.precision, rows, threads=None, kept=kept)
        return self._run


def is_watched(stage: Stage) -> bool:
    """Whether a stage has something to be watched by."""
    return bool(stage.measures) or not isinstance(stage.how, Rule)


def _only(graph: Graph, outputs: Iterable[str]) -> Graph:
    """The part of a graph that some of its outputs need."""
    from nndsl.graph.builder import prune
    from nndsl.graph.graph import Graph

    return prune(Graph(graph.nodes, {name: graph.outputs[name] for name in outputs}))


def _view(graph: Graph) -> ComputationGraph:
    from nndsl.graph.computation_graph import ComputationGraph

    return ComputationGraph.of(graph)
