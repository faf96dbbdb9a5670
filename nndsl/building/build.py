"""Model -> Graph: the computation that a model describes, as operators.

Data enter as `Input` leaves named after the inputs and targets, the batch dimension first, then the index
space, then the units; `onehot` data as an index, without a unit axis. Parameters are `ParameterLeaf`s.
Only what the results need is built.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from nndsl.building.expressions import lower
from nndsl.building.layout import Layout
from nndsl.building.refusals import Refusals, in_order
from nndsl.building.scope import Scope
from nndsl.building.term import Term
from nndsl.diagnostics.diagnostic import Diagnostic, NNDSLError
from nndsl.functions.catalogue import entry_of
from nndsl.graph.builder import Builder, prune
from nndsl.graph.graph import Graph
from nndsl.graph.types import Element
from nndsl.operators.broadcasting import Sum
from nndsl.semantics.model import Apply, Definition, Expression, Minimize, Model, Reduce, Rule, Stage
from nndsl.semantics.walk import values_of
from nndsl.types import Domain

LOSS = "loss"
"""The name of the training objective among a graph's outputs."""


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
    """What a stage minimises and reports: the outputs `loss`, and each measure by its text.

    The loss is averaged over the batch, of what each example sums to over its index space; summands that do
    not depend on examples, such as `l2(weights)`, are added once. A measure is averaged over both.
    A stage that learns by a rule has no `loss`. Raises NNDSLError where something cannot be run yet.
    """
    building = _Building(model, training)
    building.refuse(building.refusals.stage(stage))
    expressions = [measure.expression for measure in stage.measures]
    if isinstance(stage.how, Minimize):
        expressions.append(stage.how.objective)
    building.define(needed(model, expressions))
    outputs = {}
    if isinstance(stage.how, Minimize):
        with building.scope.build.at(LOSS, stage.how.objective.span):
            outputs[LOSS] = loss(building.scope, stage.how.objective)
    for measure in stage.measures:
        with building.scope.build.at(measure.text, measure.span):
            outputs[measure.text] = averaged(lower(building.scope, measure.expression))
    return building.graph(outputs)


def ruled(model: Model, stage: Stage) -> tuple[Scope, tuple[Term, ...], dict[str, Term]]:
    """What a stage that learns by a local rule is built of: scope, the rule's arguments, and measures.

    Raises NNDSLError where something cannot be run yet.
    """
    assert isinstance(stage.how, Rule)
    building = _Building(model, training=True)
    building.refuse(building.refusals.stage(stage))
    measured = {measure.text: measure.expression for measure in stage.measures}
    building.define(needed(model, [*stage.how.arguments, *measured.values()]))
    arguments = tuple(lower(building.scope, argument) for argument in stage.how.arguments)
    measures = {text: averaged(lower(building.scope, measure)) for text, measure in measured.items()}
    return building.scope, arguments, measures


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
    names = {value.name for expression in wanted for value in values_of(expression)}
    found = []
    for definition in reversed(model.definitions):
        if definition.value.name in names:
            names.update(value.name for value in values_of(definition.expression))
            found.append(definition)
    return tuple(reversed(found))


class _Building:
    """A graph in the making; `define` builds layers, in order, and raises where one cannot be run."""

    def __init__(self, model: Model, training: bool) -> None:
        self.model = model
        self.refusals = Refusals(model, training=training)
        self.scope = Scope(Builder())
        self.refused: list[Diagnostic] = []

    def refuse(self, found: Iterable[Diagnostic]) -> None:
        self.refused.extend(found)

    def define(self, definitions: Iterable[Definition]) -> None:
        definitions = tuple(definitions)
        for definition in definitions:
            self.refuse(self.refusals.definition(definition))
        if self.refused:
            raise NNDSLError(in_order(self.refused))
        for definition in definitions:
            self.scope.values[definition.value.name] = self._defined(definition)

    def _defined(self, definition: Definition) -> Term:
        value = definition.value
        with self.scope.build.at(value.name, value.span):
            term = lower(self.scope, definition.expression)
            if term.node.type.element is Element.TRUTH and value.type.domain is Domain.BIPOLAR:
                term = 2 * term.real() - 1
            term = term if value.type.domain is Domain.INDEX else term.real()
            term = replace(term, layout=term.layout.renamed(value.type.space))
            return term.stretched(Layout(True, value.type.space, value.type.units))

    def graph(self, outputs: Mapping[str, Term]) -> Graph:
        return prune(self.scope.build.graph({name: term.node for name, term in outputs.items()}))


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
            total = term.reduced(Sum, term.layout.axes(term.layout.space))
            return total.mean_examples()


def finished(stage: Stage, means: Mapping[str, float]) -> dict[str, float]:
    """A stage's measures by name, from their means over all examples (see `Function.after`)."""
    after = {}
    for measure in stage.measures:
        if isinstance(measure.expression, Apply):
            after[measure.text] = entry_of(measure.expression.function).after
    return {name: finish(mean) if (finish := after.get(name)) else mean for name, mean in means.items()}


def averaged(term: Term) -> Term:
    """A measure as one number: the mean over units, index space and batch."""
    return term.real().mean_units().mean_examples()
