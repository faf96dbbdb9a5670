"""Stage -> Procedure: how a training stage learns, as two graphs, one for a minibatch and one for the
update.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nndsl.building.build import LOSS, objective, ruled, states
from nndsl.building.expressions import lower
from nndsl.building.term import Term
from nndsl.collection import uncollected
from nndsl.diagnostics.catalogue.running import NoOptimizer
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.differentiation.reverse import GRADIENT, differentiate
from nndsl.functions.catalogue import family
from nndsl.graph.builder import prune
from nndsl.graph.graph import Graph, Node
from nndsl.learning.rules import Statistics
from nndsl.learning.update import square_graph, update_graph
from nndsl.passes.contract_products import contract_products
from nndsl.passes.join_attention import join_attention
from nndsl.passes.join_windows import join_windows
from nndsl.passes.pipeline import run
from nndsl.planning.plan import SUM
from nndsl.semantics.model import (
    Apply,
    Expression,
    Likelihood,
    Minimize,
    Model,
    OptimizerSettings,
    Reference,
    Rule,
    Stage,
)

DEFAULT_BATCH = 32


@dataclass(frozen=True)
class Procedure:
    """How a stage learns.

    `step` is the graph of a minibatch. Its outputs are `loss` and the measures, averaged over the minibatch,
    `sum.NAME`, what the update is made from, and `state.NAME`, what a parameter becomes that is not learned.
    After each minibatch `update` changes all learned numbers as one vector (see `nndsl.learning.update`), and
    the sums are the gradients of the learned parameters. Where `every_epoch`, `update` has the outputs and
    leaves of single parameters instead, and runs once an epoch on sums over all examples, which it finds
    under their names.
    """

    step: Graph
    update: Graph
    batch: int
    states: tuple[str, ...] = ()
    square: Graph | None = None
    every_epoch: bool = False


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
    scope, arguments, measures = ruled(model, stage)
    entry = family("rule")[rule.name]
    learned = [(parameter, scope.numbers(parameter)) for parameter in stage.learned]
    statistics = Statistics(scope.build, learned, lower(scope, _net_input(model, rule.arguments[0])))
    with scope.build.at(rule.name, rule.span):
        entry.lower(statistics, *arguments)
    step = _with_sums(scope.build.graph({}), measures | states(scope), statistics.sums)
    if statistics.update is not None:
        return Procedure(step, statistics.update, stage.batch or 1024, every_epoch=True)
    rate = dict(rule.options)["rate"]
    settings = OptimizerSettings(
        "sgd", (("rate", rate), ("momentum", 0.0), ("nesterov", False), ("weight_decay", 0.0)), span=rule.span
    )
    update, names = update_graph(settings, None)
    return Procedure(step, update, stage.batch or 1, names)


def _net_input(model: Model, expression: Expression) -> Expression:
    """What the activation of a layer is applied to; any other expression itself."""
    if isinstance(expression, Reference):
        for definition in model.definitions:
            if definition.value == expression.value and isinstance(definition.expression, Apply):
                return definition.expression.arguments[0]
    return expression


def _with_sums(graph: Graph, measures: Mapping[str, Term], sums: Mapping[str, Node]) -> Graph:
    outputs = {text: term.node for text, term in measures.items()}
    return prune(Graph(graph.nodes, outputs | {SUM + name: node for name, node in sums.items()}))
