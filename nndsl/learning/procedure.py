"""Stage -> Procedure: how a training stage learns, as two graphs, one for a minibatch and one for the
update.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nndsl.building.build import LOSS, objective, ruled, states
from nndsl.building.expressions import lower
from nndsl.building.scope import Scope
from nndsl.building.term import Term
from nndsl.collection import uncollected
from nndsl.diagnostics.catalogue.running import NoOptimizer
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.differentiation.reverse import GRADIENT, differentiate
from nndsl.functions.catalogue import Function, family
from nndsl.graph.builder import prune
from nndsl.graph.graph import Graph, Node
from nndsl.learning.agreement import agreement, clamped
from nndsl.learning.rules import Example, Statistics
from nndsl.learning.update import square_graph, update_graph
from nndsl.passes.contract_products import contract_products
from nndsl.passes.join_attention import join_attention
from nndsl.passes.join_windows import join_windows
from nndsl.passes.pipeline import run
from nndsl.planning.plan import CHANGE, SUM
from nndsl.semantics.model import (
    Apply,
    Connect,
    Definition,
    Expression,
    Likelihood,
    Minimize,
    Model,
    OptimizerSettings,
    Reference,
    Rule,
    Setting,
    Stage,
)

DEFAULT_BATCH = 32

EXAMPLES_AT_ONCE = 2048
"""What an update once an epoch is made from is added up for so many examples together."""


@dataclass(frozen=True)
class Procedure:
    """How a stage learns.

    `step` is the graph of a minibatch. Its outputs are `loss` and the measures, averaged over the minibatch,
    `sum.NAME`, what the update is made from, `state.NAME`, what a parameter becomes that is not learned, and
    `change.NAME`, what is added to a learned one at once.
    After each minibatch `update` changes all learned numbers as one vector (see `nndsl.learning.update`), and
    the sums are the gradients of the learned parameters. Where `every_epoch`, `update` has the outputs and
    leaves of single parameters instead, and runs once an epoch on sums over all examples, which it finds
    under their names. It is None where the step itself changes all that is learned. Where `from_zero`, the
    learned numbers are zero at the beginning of an epoch.
    """

    step: Graph
    update: Graph | None
    batch: int
    states: tuple[str, ...] = ()
    square: Graph | None = None
    every_epoch: bool = False
    from_zero: bool = False


@uncollected()
def procedure(model: Model, stage: Stage) -> Procedure:
    """Raises NNDSLError where something of the stage cannot be run yet."""
    match stage.how:
        case Minimize() | Likelihood():
            return _descent(model, stage)
        case Rule() as rule:
            return _local(model, stage, rule)
        case _:
            raise AssertionError("refused before")


def evaluation(model: Model, stage: Stage) -> Graph:
    """The graph of a stage's loss and measures as they are outside training, averaged over a batch."""
    return objective(model, stage, training=False)


def _descent(model: Model, stage: Stage) -> Procedure:
    if stage.optimizer is None:
        raise NNDSLError([NoOptimizer(span=stage.how.span, stage=stage.name)])
    names = [parameter.name for parameter in stage.learned]
    graph = objective(model, stage)
    for step in (join_windows, contract_products, join_attention):
        graph = run(step, graph)
    graph = differentiate(graph, LOSS, names)
    outputs = {name: node for name, node in graph.outputs.items() if not name.startswith(GRADIENT)}
    if isinstance(stage.how, Likelihood):
        del outputs[LOSS]
    outputs |= {SUM + name: graph.outputs[GRADIENT + name] for name in names}
    update, states = update_graph(stage.optimizer, stage.clip_norm)
    square = square_graph() if stage.clip_norm is not None else None
    return Procedure(prune(Graph(graph.nodes, outputs)), update, stage.batch or DEFAULT_BATCH, states, square)


def _local(model: Model, stage: Stage, rule: Rule) -> Procedure:
    entry = family("rule")[rule.name]
    if entry.asks("example"):
        return _one_by_one(model, stage, rule, entry)
    scope, arguments, measures = ruled(model, stage, single=False)
    learned = [(parameter, scope.numbers(parameter)) for parameter in stage.learned]
    net, x = (lower(scope, part) for part in (_net_input(model, rule.arguments[0]), _fed(model, rule)))
    statistics = Statistics(scope.build, learned, x.unit_row(), net)
    with scope.build.at(rule.name, rule.span):
        if rule.clamped:
            held = clamped(scope, model, rule)
            statistics.agreement = agreement(scope, model, rule, stage.learned[0], held)
            arguments = tuple(held.values())
        entry.lower(statistics, *arguments, **_options(entry, rule))
    sums = {SUM + name: node for name, node in statistics.sums.items()}
    step = _step(scope, measures | states(scope), sums)
    if statistics.update is not None:
        return Procedure(step, statistics.update, stage.batch or EXAMPLES_AT_ONCE, every_epoch=True)
    rate = dict(rule.options).get("rate", 1.0)
    settings = OptimizerSettings(
        "sgd", (("rate", rate), ("momentum", 0.0), ("nesterov", False), ("weight_decay", 0.0)), span=rule.span
    )
    update, names = update_graph(settings, None)
    return Procedure(step, update, stage.batch or 1, names, from_zero=statistics.from_zero)


def _one_by_one(model: Model, stage: Stage, rule: Rule, entry: Function) -> Procedure:
    """A rule that changes what it learns with each example, before it looks at the next."""
    scope, arguments, measures = ruled(model, stage, single=True)
    learned = [(parameter, scope.numbers(parameter)) for parameter in stage.learned]
    example = Example(scope.build, learned, lower(scope, _fed(model, rule)).unit_row())
    with scope.build.at(rule.name, rule.span):
        entry.lower(example, *arguments, **_options(entry, rule))
    changes = {CHANGE + name: node for name, node in example.added.items()}
    return Procedure(_step(scope, measures | states(scope), changes), None, 1)


def examples_of(model: Model, rule: Rule) -> dict[str, Expression]:
    """What a rule's prototypes may begin as, `x`, and, where it has classes, the `label` of each example."""
    values = family("rule")[rule.name].signature.values
    labels = {v.name: part for v, part in zip(values, rule.arguments, strict=True) if v.name == "label"}
    return {"x": _fed(model, rule), **labels}


def _options(entry: Function, rule: Rule) -> dict[str, Setting]:
    """The options that the body of a rule takes."""
    return {name: value for name, value in rule.options if entry.asks(name)}


def _fed(model: Model, rule: Rule) -> Expression:
    """What the units that a rule's first argument names are fed, or the argument itself where it is no
    connection.
    """
    first = rule.arguments[0]
    definition = definition_of(model, first)
    expression = first if definition is None else definition.expression
    return expression.source if isinstance(expression, Connect) else first


def _net_input(model: Model, expression: Expression) -> Expression:
    """What the activation of a layer is applied to; any other expression itself."""
    definition = definition_of(model, expression)
    if definition is not None and isinstance(definition.expression, Apply):
        return definition.expression.arguments[0]
    return expression


def definition_of(model: Model, expression: Expression) -> Definition | None:
    """How a layer is defined that an expression names."""
    name = expression.value.name if isinstance(expression, Reference) else None
    return next((found for found in model.definitions if found.value.name == name), None)


def _step(scope: Scope, measures: Mapping[str, Term], others: Mapping[str, Node]) -> Graph:
    return prune(scope.build.graph({name: term.node for name, term in measures.items()} | dict(others)))
