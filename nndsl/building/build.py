"""Model -> Graph: the computation that a model describes, as operators.

Data enter as `Input` leaves named after the inputs and targets, the batch dimension first, then the index
space, then the units; `onehot` data as an index, without a unit axis. Parameters are `ParameterLeaf`s.
Only what the results need is built.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import nan

from nndsl.building.components import components, is_loop, values_read
from nndsl.building.definitions import defined, started
from nndsl.building.expressions import lower, present
from nndsl.building.feedback import define_loop
from nndsl.building.layout import graph_axes
from nndsl.building.reductions import both, summed
from nndsl.building.refusals import Refusals, in_order
from nndsl.building.scope import Scope
from nndsl.building.term import Term
from nndsl.diagnostics.catalogue.execution import ConstructNotExecutable
from nndsl.diagnostics.diagnostic import Diagnostic, NNDSLError
from nndsl.functions.catalogue import entry_of
from nndsl.graph.builder import Builder, prune
from nndsl.graph.graph import Graph
from nndsl.semantics.model import (
    Apply,
    Definition,
    Expression,
    Likelihood,
    Measure,
    Minimize,
    Model,
    Reduce,
    Rule,
    Stage,
)
from nndsl.semantics.walk import values_of
from nndsl.types import SetKind

LOSS = "loss"
"""The name of the training objective among a graph's outputs."""

PLACES = "places of "
"""Stands before a measure's text in the name of the output that counts the places it is a mean over."""

STATE = "state."
"""Outputs that begin so are what a parameter that is not learned becomes after a step of training."""


def forward(model: Model, *, training: bool = False) -> Graph:
    """The graph of the whole network; its outputs are all layers and outputs, by name. `training` tells
    whether it is for learning, in which `dropout` and batch statistics behave differently.

    Raises NNDSLError where something of it cannot be run yet.
    """
    building = _Building(model, training)
    building.define(model.definitions)
    names = [definition.value.name for definition in model.definitions]
    return building.graph({name: building.scope.values[name] for name in names})


def objective(model: Model, stage: Stage, *, training: bool = True) -> Graph:
    """What a stage minimises and reports: the outputs `loss`, and each measure by its text. In training also
    `state.NAME` for each parameter that follows the values.

    The loss is averaged over the batch, of what each example sums to over its index space; summands that do
    not depend on examples, such as `l2(weights)`, are added once. A measure is averaged over both (see
    `measured`).
    A stage that learns by a rule has no `loss`. Where windows carry state on, the graph has the inputs and
    outputs of `carrying`. Raises NNDSLError where something cannot be run yet.
    """
    building = _Building(model, training, carries=stage.carry)
    building.refuse(building.refusals.stage(stage))
    expressions = [measure.expression for measure in stage.measures]
    if isinstance(stage.how, Minimize | Likelihood):
        expressions.append(stage.how.objective)
    building.define(needed(model, expressions))
    outputs = {}
    match stage.how:
        case Minimize(objective=objective):
            with building.scope.build.at(LOSS, objective.span):
                outputs[LOSS] = loss(building.scope, objective)
        case Likelihood(objective=asked) if training:
            with building.scope.build.at(LOSS, asked.span):
                outputs[LOSS] = _surrogate(building.scope, stage.how)
    for measure in stage.measures:
        with building.scope.build.at(measure.text, measure.span):
            outputs |= measured(building.scope, measure)
    return building.graph(outputs | states(building.scope))


def states(scope: Scope) -> dict[str, Term]:
    """What the parameters that follow the values become, by the names of outputs."""
    return {STATE + name: term for name, term in scope.states.items()}


def ruled(model: Model, stage: Stage, *, single: bool) -> tuple[Scope, tuple[Term, ...], dict[str, Term]]:
    """What a stage that learns by a local rule is built of: scope, the rule's arguments, and measures.

    `single` is for one example, without a dimension for the batch. Raises NNDSLError where something cannot
    be run yet.
    """
    assert isinstance(stage.how, Rule)
    building = _Building(model, training=True, single=single)
    building.refuse(building.refusals.stage(stage))
    expressions = [measure.expression for measure in stage.measures]
    wanted = [*stage.how.arguments, *expressions]
    if single:
        building.refuse(_repeated(model, stage.how, wanted))
    building.define(needed(model, wanted))
    arguments = tuple(lower(building.scope, argument) for argument in stage.how.arguments)
    measures: dict[str, Term] = {}
    for measure in stage.measures:
        measures |= measured(building.scope, measure)
    return building.scope, arguments, measures


def _repeated(model: Model, rule: Rule, wanted: Sequence[Expression]) -> Iterator[Diagnostic]:
    """What a rule that learns from one example at a time cannot see: sequences, clocks and data graphs."""
    read = [value for expression in wanted for value in values_of(expression)]
    read += [value for definition in needed(model, wanted) for value in values_read(definition)]
    if any(axis.set.kind is not SetKind.GRID for value in read for axis in value.type.space):
        yield ConstructNotExecutable(
            span=rule.span, construct=f"the rule '{rule.name}' on sequences or graphs"
        )


def expressions(model: Model, wanted: Mapping[str, Expression], *, training: bool = False) -> Graph:
    """The graph of any typed expressions of a model, by name, one result for each example.

    Raises NNDSLError where something of it cannot be run yet.
    """
    building = _Building(model, training)
    for expression in wanted.values():
        building.refuse(building.refusals.expression(expression))
    building.define(needed(model, wanted.values()))
    outputs = {}
    for name, expression in wanted.items():
        with building.scope.build.at(name, expression.span):
            outputs[name] = lower(building.scope, expression)
    return building.graph(outputs)


def needed(model: Model, wanted: Iterable[Expression]) -> tuple[Definition, ...]:
    """The definitions that some expressions rest on, in the model's order."""
    by_name = {definition.value.name: definition for definition in model.definitions}
    pending = [value.name for expression in wanted for value in values_of(expression)]
    found: set[str] = set()
    while pending:
        name = pending.pop()
        if name in by_name and name not in found:
            found.add(name)
            pending.extend(value.name for value in values_read(by_name[name]))
    return tuple(definition for definition in model.definitions if definition.value.name in found)


class _Building:
    """A graph in the making; `define` builds layers, in order, and raises where one cannot be run."""

    def __init__(self, model: Model, training: bool, *, carries: bool = False, single: bool = False) -> None:
        self.model = model
        self.refusals = Refusals(model)
        energies = {energy.name: energy for energy in model.energies}
        self.scope = Scope(Builder(), energies=energies, training=training, carries=carries, single=single)
        self.refused: list[Diagnostic] = []

    def refuse(self, found: Iterable[Diagnostic]) -> None:
        self.refused.extend(found)

    def define(self, definitions: Iterable[Definition]) -> None:
        definitions = tuple(definitions)
        for definition in definitions:
            self.refuse(self.refusals.definition(definition))
        if self.refused:
            raise NNDSLError(in_order(self.refused))
        for component in components(definitions):
            if is_loop(component):
                define_loop(self.scope, component)
            else:
                (definition,) = component
                for axis in definition.value.type.space:
                    if axis.set.ordered:
                        started(self.scope, definition, axis.set)
                self.scope.values[definition.value.name] = defined(self.scope, definition)

    def graph(self, outputs: Mapping[str, Term]) -> Graph:
        nodes = {name: term.node for name, term in outputs.items()}
        return prune(self.scope.build.graph(nodes | self.scope.carried))


def loss(scope: Scope, expression: Expression) -> Term:
    """The objective as one number. Each summand is summed over its own index space, so that a penalty on the
    weights counts once and not at every place; the checker's sum over the whole is seen by its span."""
    match expression:
        case Reduce(operation="sum", body=body, span=span) if span == body.span:
            return loss(scope, body)
        case Apply(function="add" | "subtract" as function, arguments=(left, right)):
            return loss(scope, left).apply(function, loss(scope, right))
        case _:
            term = lower(scope, expression).sum_units()
            term = term.where(counted(scope, expression, term), 0.0)
            return summed(term).mean_examples()


def counted(scope: Scope, expression: Expression, term: Term) -> Term | None:
    """The places at which an expression of this value counts: no padding, and no target is missing."""
    return both(term.valid(term.layout.space), present(scope, expression))


def _surrogate(scope: Scope, likelihood: Likelihood) -> Term:
    """What a stage descends that learns by likelihood, averaged over the examples."""
    from nndsl.energies.question import surrogate  # loaded only where there is an energy

    return surrogate(scope, likelihood).mean_examples()


def measured(scope: Scope, measure: Measure) -> dict[str, Term]:
    """A measure as one number: the mean over units, index space and batch.

    Where not all places count, it is two: the sum over those that do, and their number as `PLACES`, both
    divided by the number of examples. Over any batches, the mean is the quotient of their means.
    """
    term = lower(scope, measure.expression).real().mean_units()
    condition = counted(scope, measure.expression, term)
    if condition is None and not graph_axes(term.layout.space):
        return {measure.text: term.mean_examples()}
    layout = term.layout if condition is None else term.layout.union(condition.layout)
    whole = scope.constant(1).stretched(replace(layout, units=()))
    parts = {measure.text: term, PLACES + measure.text: whole}
    return {name: summed(part.where(condition, 0.0)).mean_examples() for name, part in parts.items()}


def finished(stage: Stage, means: Mapping[str, float]) -> dict[str, float]:
    """A stage's loss and measures by name, from the means of a graph's outputs over all examples.

    A mean over no place at all is not a number (see also `Function.after`).
    """
    found = {name: mean for name, mean in means.items() if not name.startswith(PLACES)}
    for measure in stage.measures:
        name = measure.text
        if name not in found:
            continue
        if PLACES + name in means:
            places = means[PLACES + name]
            found[name] = found[name] / places if places else nan
        if isinstance(measure.expression, Apply) and (finish := entry_of(measure.expression.function).after):
            found[name] = finish(found[name])
    return found
