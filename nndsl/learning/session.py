"""One stage made ready to run: its memory, plans and native loops."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property, partial
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from nndsl.building.build import STATE, expressions, finished
from nndsl.data.examples import Examples
from nndsl.data.graphs import Graphs
from nndsl.graph.graph import Graph
from nndsl.graph.types import BATCH, LEARNED, Element, TensorType
from nndsl.learning.initialise import generator
from nndsl.learning.pace import Pace
from nndsl.learning.procedure import Procedure, evaluation, examples_of, procedure
from nndsl.learning.prototypes import any_examples, examples_by_class
from nndsl.learning.specialize import specialized
from nndsl.operators.leaves import Input
from nndsl.operators.loop import CARRIED
from nndsl.operators.random import LARGEST_SEED, STEP, STEPS
from nndsl.passes.pipeline import optimize
from nndsl.planning.divide import has_batch
from nndsl.planning.plan import CHANGE, SUM, Plan, Precision
from nndsl.planning.planner import plan
from nndsl.runtime.cache import OnCompile
from nndsl.runtime.division import Division, in_shares, threads_for
from nndsl.runtime.footprint import Footprint, training
from nndsl.runtime.graph_loop import GraphLoop
from nndsl.runtime.inference import Inference
from nndsl.runtime.memory import Array, require_memory, symbol_sizes, zeros
from nndsl.runtime.minibatches import Learned, MinibatchLoop, Update
from nndsl.runtime.sequence_loop import SequenceLoop, cuttable
from nndsl.runtime.streams import StreamLoop, Streams, left
from nndsl.runtime.vector import VectorLayout, layout_of_sums
from nndsl.semantics.model import Expression, Rule, Stage
from nndsl.types import begin_key

if TYPE_CHECKING:
    from nndsl.learning.trainer import Options
    from nndsl.network import Network

EVALUATION_BATCH = 256

OPERATIONS_WORTH_A_THREAD = 5_000_000
"""A minibatch is divided only into shares larger than this: their sums must be added up."""

OPERATIONS_WORTH_A_MEMBER = 1_000_000
"""Of what a team runs each thread does more than this: threads take a few microseconds to meet."""

SUMS_WORTH_A_TEAM = 100_000
"""Fewer numbers are added up over the shares of a minibatch faster than threads meet after each call."""

VALUES_WORTH_A_SUM = 10
"""Threads of a team hand one another the values of their examples. If those are fewer for each number that
each share would add up, a minibatch is not divided."""


class Session:
    """A stage's native loop over the training examples, and what is evaluated beside it.

    What is learned lies in one vector, which the loop updates in place: that of the network's parameters, or,
    where they do not lie side by side, one of its own. `take` and `give` carry it then from and to the
    network's parameters, which all else reads.
    """

    def __init__(
        self,
        network: Network,
        stage: Stage,
        train: Examples,
        options: Options,
        random: np.random.Generator,
        on_compile: OnCompile | None = None,
    ) -> None:
        self.network, self.stage, self.on_compile = network, stage, on_compile
        self.precision = options.precision
        self.threads = options.threads
        self.procedure = procedure(network.model, stage)
        self.data, self.graphs = columns(train, options.precision), train.graphs
        self._start_at_examples(random, train.count)
        self.learned, is_apart = self._learned()
        self._views = self.learned.layout.views(self.learned.vector)
        self._apart = self._views if is_apart else {}
        self.take()
        self.loop = self._loop(min(self.procedure.batch, train.count), options)
        self._epochs_done = 0
        self._kept: Array | None = None
        self._kept_states: dict[str, Array] = {}
        self._evaluations: dict[int, MinibatchLoop] = {}

    # --- an epoch -----------------------------------------------------------------------

    @property
    def turns(self) -> int:
        """How many minibatches an epoch has."""
        return self.loop.turns

    def shuffle(self, random: np.random.Generator) -> None:
        """A new order of the examples, for the next epoch; what is learned from their sum needs no other."""
        if not self.procedure.every_epoch or self._epochs_done == 0:
            self.loop.shuffle(random)
        if self.procedure.every_epoch:
            self.loop.shares[:] = 0
        if self.procedure.from_zero:
            self.learned.vector[:] = 0
            self.give()

    def take(self) -> None:
        """From now on learns from the network's parameters as they are."""
        for name, view in self._apart.items():
            view[...] = self.network.parameters[name]

    def run(self, first: int, turns: int) -> None:
        """Learns from some minibatches of the order."""
        self.loop.run(first, turns)

    def give(self) -> None:
        """Makes the network's parameters what has been learned."""
        for name, view in self._apart.items():
            self.network.parameters[name][...] = view

    def means(self, turns: int) -> dict[str, float]:
        """The loss and the measures, averaged over the examples of the first minibatches."""
        seen = self.loop.seen(turns)
        return finished(self.stage, {name: total / seen for name, total in self.loop.measured.items()})

    def not_finite(self) -> str | None:
        """The first learned parameter that is no longer finite."""
        return next((name for name, view in self._views.items() if not np.isfinite(view).all()), None)

    def end_epoch(self) -> None:
        """The update of a rule that makes one an epoch, and the weights as they are used of one that keeps
        other numbers beside them."""
        if self.procedure.from_zero:
            self._tie()
        if not self.procedure.every_epoch:
            return
        sums: dict[str, Array] = self.loop.layout.views(self.loop.shares.sum(axis=0))
        clock = {STEP: np.array(self._epochs_done, np.int32), STEPS: np.array(self.stage.epochs, np.int32)}
        self._epochs_done += 1
        for name, value in self._epoch_update(sums | clock, self.network.parameters, 1).items():
            self.network.parameters[name][...] = value
        self.take()

    def _tie(self) -> None:
        """Leaves no weight from a unit to itself where there is to be none."""
        for parameter in self.stage.learned:
            if parameter.no_self:
                np.fill_diagonal(self.network.parameters[parameter.name], 0)

    @cached_property
    def _epoch_update(self) -> Inference:
        """The update of such a rule, planned once."""
        assert self.procedure.update is not None
        return Inference(optimize(self.procedure.update), self.precision, 1, self.on_compile, self.threads)

    # --- beside it ----------------------------------------------------------------------

    def evaluate(self, examples: Examples) -> dict[str, float]:
        """The loss and the measures over other examples, as they are outside training."""
        loop = self._evaluations.get(id(examples))
        if loop is None:
            options = (self.precision, self.on_compile, self.threads)
            loop = evaluation_loop(self.network, self.stage, examples, *options)
            self._evaluations[id(examples)] = loop
        return run_evaluation(self.stage, loop)

    def keep(self) -> None:
        """Remembers the learned numbers as they are."""
        self.take()
        self._kept = self.learned.vector.copy()
        self._kept_states = {name: state.copy() for name, state in self._states()}

    def restore(self) -> None:
        """Goes back to the learned numbers that were kept."""
        if self._kept is not None:
            self.learned.vector[:] = self._kept
            self.give()
            for name, state in self._states():
                state[...] = self._kept_states[name]

    def _states(self) -> Iterator[tuple[str, Array]]:
        """The parameters that are not learned, but follow the values from step to step."""
        for output in self.procedure.step.outputs:
            if output.startswith(STATE):
                name = output.removeprefix(STATE)
                yield name, self.network.parameters[name]

    # --- making it ready ----------------------------------------------------------------

    def _start_at_examples(self, random: np.random.Generator, count: int) -> None:
        """Prototypes begin as examples of the data."""
        for parameter in self.stage.learned:
            if parameter.initial.method == "examples":
                assert isinstance(self.stage.how, Rule)
                given = examples_of(self.network.model, self.stage.how)
                units = prod(parameter.shape) // given["x"].type.unit_count
                chosen = (
                    examples_by_class(random, self._found(given["label"], slice(count)), units)
                    if "label" in given
                    else any_examples(random, count, units)
                )
                found = self._found(given["x"], chosen)
                self.network.parameters[parameter.name][...] = found.reshape(parameter.shape)

    def _found(self, expression: Expression, examples: slice | Array) -> Array:
        """The values of an expression for some examples."""
        graph = expressions(self.network.model, {"value": expression})
        inference = Inference(graph, self.precision, on_compile=self.on_compile)
        given = {name: np.ascontiguousarray(self.data[name][examples]) for name in inference.inputs}
        count = len(next(iter(given.values())))
        return inference(given, self.network.parameters, count)["value"]

    def _learned(self) -> tuple[Learned, bool]:
        """What is learned, and whether it lies apart from the network's parameters."""
        layout = layout_of_learned(self.stage)
        real, vector = np.dtype(self.precision.value), self.network.parameters.vector(layout)
        is_apart = vector is None
        vector = zeros((layout.size,), real) if vector is None else vector
        states = {name: zeros((layout.size,), real) for name in self.procedure.states}
        return Learned(layout, vector, states), is_apart

    def _loop(self, batch: int, options: Options) -> MinibatchLoop:
        wanted = 1 if options.debug else self.threads
        sizes = open_sizes(self.procedure.step, self.data, self.graphs, batch) | {BATCH: batch}
        whole = optimize(self.procedure.step)
        found = specialized(whole, self.data, self.graphs, sizes, self.precision, self.on_compile)
        self.procedure = replace(self.procedure, step=found.graph)
        shared = self.graphs is not None
        plans, shares = plan_procedure(self.procedure, batch, self.precision, wanted, found.sizes, shared)
        step = plans["step"]
        self.footprint = footprint(self.network, self.stage, self.procedure, plans, shares, batch)
        require_memory(self.footprint.whole, self.stage.span, batch)
        loop = self._kind_of_loop(step, batch)(
            step,
            found.data,
            {**self.network.parameters, **self._views},
            batch,
            shares,
            layout_of_sums(step),
            self.on_compile,
            options.debug,
            int(generator(options.seed, f"noise of {self.stage.name}").integers(LARGEST_SEED)),
        )
        steps = loop.turns * self.stage.epochs
        loop.count_to(steps)
        if "update" in plans and not self.procedure.every_epoch:
            loop.learn(self.learned, Update(plans["update"], plans.get("square")), steps)
        return loop

    def _kind_of_loop(self, step: Plan, batch: int) -> Callable[..., MinibatchLoop]:
        if begins := beginnings(step, self.data):
            return partial(StreamLoop, Streams.side_by_side(len(next(iter(begins.values()))), batch), begins)
        return loop_over(step, self.data, self.graphs)


def plan_procedure(
    procedure: Procedure,
    batch: int,
    precision: Precision,
    wanted: int | None,
    sizes: Mapping[str, int],
    shared: bool = False,
) -> tuple[dict[str, Plan], int]:
    """The plans of a procedure, `step`, `update` and `square` as far as it has them, and the number of
    shares of a minibatch.

    Its step has been optimised. `sizes` are those of open index sets. Where a minibatch is to be `shared`, or
    cannot be divided, there is one share, and the plan of its step has a team.
    """
    graph, shares, team = divided(procedure.step, {**sizes, BATCH: batch}, wanted, shared)
    left = states_left(graph)
    sums = {name: name for name in graph.outputs if name.startswith(SUM)}
    states = {name: name.removeprefix(STATE) for name in graph.outputs if name.startswith(STATE)}
    changes = {name: name.removeprefix(CHANGE) for name in graph.outputs if name.startswith(CHANGE)}
    accumulated = frozenset(sums if procedure.every_epoch else ()) | frozenset(changes)
    bounds = {**sizes, BATCH: -(-batch // shares)}
    external = sums | states | changes | left
    plans = {"step": plan(graph, bounds, precision, external, accumulated, team)}
    bounds = {LEARNED: layout_of_sums(plans["step"]).size}
    if procedure.update is not None:
        update = optimize(procedure.update)
        plans["update"] = plan(update, bounds, precision, {name: name for name in update.outputs})
    if procedure.square is not None:
        plans["square"] = plan(procedure.square, bounds, precision, {"square": "square"})
    return plans, shares


def footprint(
    network: Network, stage: Stage, procedure: Procedure, plans: Mapping[str, Plan], copies: int, batch: int
) -> Footprint:
    """What a minibatch of a stage takes, by its plans."""
    updated = {name: plan for name, plan in plans.items() if name == "step" or not procedure.every_epoch}
    layouts = network.layout, layout_of_learned(stage)
    return training(updated, copies, batch, *layouts, len(procedure.states))


def layout_of_learned(stage: Stage) -> VectorLayout:
    """Where what a stage learns lies in one vector."""
    return VectorLayout.of({parameter.name: parameter.shape for parameter in stage.learned})


def states_left(graph: Graph) -> dict[str, str]:
    """The outputs in which loops leave their state, with their buffers."""
    return {name: left(name) for name in graph.outputs if name.startswith(CARRIED)}


def beginnings(step: Plan, data: Mapping[str, Array]) -> dict[str, Array]:
    """The columns that tell which windows are the first of a sequence, as far as a plan asks for them.

    Where nothing has been cut into windows, each example is a sequence of its own.
    """
    asked = (buffer.name for buffer in step.externals if buffer.name.endswith(begin_key("")))
    count = len(next(iter(data.values())))
    return {name: data.get(name, np.ones(count, np.int32)) for name in asked}


def loop_over(step: Plan, data: Mapping[str, Array], graphs: Graphs | None) -> Callable[..., MinibatchLoop]:
    """The loop for examples that are arrays, data graphs, or sequences of unequal length."""
    if graphs is not None:
        return partial(GraphLoop, graphs)
    lengths = cuttable(step, data)
    return partial(SequenceLoop, lengths) if lengths else MinibatchLoop


def open_sizes(graph: Graph, data: Mapping[str, Array], graphs: Graphs | None, batch: int) -> dict[str, int]:
    """The sizes of the index sets that only data tell, at most, for the inputs of a graph."""
    types = {node.operator.key: node.type for node in graph if isinstance(node.operator, Input)}
    of_data = {name: type for name, type in types.items() if name in data}
    sizes = symbol_sizes({name: type for name, type in of_data.items() if _is_open(type)}, data)
    return sizes if graphs is None else sizes | graphs.most(batch)


def _is_open(type: TensorType) -> bool:
    return any(extent.symbol is not None for extent in type.extents)


def divided(graph: Graph, sizes: Mapping[str, int], wanted: int | None, shared: bool = False) -> Division:
    """How threads divide a minibatch.

    Where their number is not given, it is what pays. They run together what is to be `shared`, what needs the
    whole batch at once, and what would take longer to add up over shares than shares save.
    """
    worth = OPERATIONS_WORTH_A_MEMBER if shared else OPERATIONS_WORTH_A_THREAD
    threads = threads_for(graph, sizes, wanted, worth)
    sums = (node.type for name, node in graph.outputs.items() if name.startswith(SUM))
    summed = sum(prod(type.shape(sizes)) for type in sums)
    of_examples = (node.type for node in graph if has_batch(node.type))
    values = sum(prod(type.shape(sizes)) for type in of_examples if type.element is not Element.LOOP)
    shared |= summed > SUMS_WORTH_A_TEAM and values < VALUES_WORTH_A_SUM * summed * threads
    if shared or sizes[BATCH] < threads or any(output.startswith(CHANGE) for output in graph.outputs):
        return Division(graph, 1, threads)
    return in_shares(graph, threads, [output for output in graph.outputs if output.startswith(STATE)])


def columns(examples: Examples, precision: Precision) -> dict[str, Array]:
    """The examples' columns as the kernels read them: reals in the precision, class numbers as they are."""
    real = np.dtype(precision.value)
    return {
        name: np.ascontiguousarray(array, array.dtype if array.dtype == np.int32 else real)
        for name, array in examples.inputs.items()
    }


def evaluation_loop(
    network: Network,
    stage: Stage,
    examples: Examples,
    precision: Precision,
    on_compile: OnCompile | None = None,
    threads: int | None = None,
) -> MinibatchLoop:
    """A loop that measures and learns nothing. `threads` is None for as many as pay."""
    batch = min(EVALUATION_BATCH, examples.count)
    whole = optimize(evaluation(network.model, stage))
    data = columns(examples, precision)
    sizes = open_sizes(whole, data, examples.graphs, batch) | {BATCH: batch}
    found = specialized(whole, data, examples.graphs, sizes, precision, on_compile)
    graph, shares, team = divided(found.graph, found.sizes, threads, examples.graphs is not None)
    bounds = {**found.sizes, BATCH: -(-batch // shares)}
    measured = plan(graph, bounds, precision, states_left(graph), team=team)
    made = loop_over(measured, data, examples.graphs)
    if begins := beginnings(measured, data):
        streams = Streams.whole(next(iter(begins.values())), batch)
        batch, made = len(streams.rows), partial(StreamLoop, streams, begins)
    loop = made(measured, found.data, network.parameters, batch, shares, on_compile=on_compile)
    if isinstance(loop, SequenceLoop):
        loop.sort()
    return loop


def run_evaluation(stage: Stage, loop: MinibatchLoop) -> dict[str, float]:
    """The loss and the measures of a stage over all examples of a loop."""
    loop.rewind()
    for first, count in Pace().stretches(loop.turns):
        loop.run(first, count)
    return finished(stage, {name: total / loop.count for name, total in loop.measured.items()})
