"""Local learning rules: what `learn … by …` and `maximize … by …` name.

A rule's body says what is summed over the examples of a batch, and what becomes of the learned parameters
from it. It is a graph like everything else, and is planned and run like one. Rules without a body belong to
networks that the executor does not run yet: the checker knows them, and running them is refused by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.functions.catalogue import declare, entry
from nndsl.operators.arithmetic import Divide, Maximum, Multiply, Subtract
from nndsl.operators.broadcasting import Expand, Sum, filled, restored
from nndsl.operators.comparisons import Less, Where
from nndsl.operators.contraction import Contract
from nndsl.operators.lookup import OneHot
from nndsl.operators.reductions import ArgMin

if TYPE_CHECKING:
    from nndsl.building.term import Term
    from nndsl.energies.question import Question
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node
    from nndsl.learning.rules import Statistics


@entry("rule", "perceptron", "(y: real[k], target: onehot[k]; rate: schedule = 1)")
def perceptron(statistics: Statistics, y: Term, target: Term) -> None:
    """Rosenblatt's rule, one example at a time: W ← W + rate · (t − y) xᵀ, where y = step(net).

    It moves W only where a unit is wrong: it is descent along the gradient that the net input would have
    if its own were y − t. Units must be threshold units, and the step's argument a connection of
    the learned weights. Source: Rosenblatt (1958).
    """
    statistics.descend(statistics.net, y - target)


@entry("rule", "kmeans", "(x: real[d])")
def kmeans(statistics: Statistics, x: Term) -> None:
    """Lloyd's algorithm: each prototype becomes the mean of the examples that are nearest to it.

    The parameter's rows are the prototypes c; the nearest is argmin ‖c‖² − 2 c·x. A prototype that no
    example is nearest to stays. Prototypes start at random examples, all different. Source: Lloyd
    (1957, 1982).
    """
    build = statistics.build
    ((_, prototypes),) = statistics.learned
    c = prototypes.node
    products = build(Contract("bd,kd->bk"), x.node, c)
    twice = build(Multiply(), products, filled(build, 2.0, products.type))
    squares = build(Sum((1,)), build(Multiply(), c, c))
    batch, rows = products.type.dimensions
    distance = build(Subtract(), build(Expand((0,), (batch,)), squares), twice)
    won = build(OneHot(rows), build(ArgMin(1), distance))
    total = build(Contract("bk,bd->kd"), won, x.node)
    statistics.become({"total": total, "count": build(Sum((0,)), won)}, _mean_or_old)


def _mean_or_old(build: Builder, old: Node, total: Node, count: Node) -> Node:
    """total / count, row by row; the old row where nothing was counted."""
    some = build(Maximum(), count, filled(build, 1.0, count.type))
    mean = build(Divide(), total, restored(build, some, (1,), total.type))
    any_won = build(Less(), filled(build, 0.0, count.type), count)
    return build(Where(), restored(build, any_won, (1,), total.type), mean, old)


declare(
    "rule",
    "hebb",
    "(x: bipolar[d])",
    "Correlations of the patterns: W = (1/n) Σ x xᵀ, with a zero diagonal. Source: Hebb (1949), "
    "Hopfield (1982).",
)
declare(
    "rule",
    "oja",
    "(y: real[k], x: real[d]; rate: schedule = 0.01)",
    "Hebb's rule with a decay: W ← W + rate · (y xᵀ − tril(y yᵀ) W). The weights become the principal "
    "components. Source: Oja (1982), Sanger (1989).",
)
declare(
    "rule",
    "som",
    "(match: real[rows, columns]; radius: schedule = 10, rate: schedule = 0.5, "
    "grid: word(rectangular|hexagonal) = rectangular, torus: truth = no)",
    "Self-organising map: W_u ← W_u + rate · exp(−‖u − winner‖² / 2 radius²) · (x − W_u). "
    "Source: Kohonen (1982).",
)


@entry("rule", "contrastive_divergence", "(; k: integer = 1)")
def contrastive_divergence(question: Question, k: int) -> Term:
    """CD-k: the gradient ⟨∂E/∂θ⟩_data − ⟨∂E/∂θ⟩_model of −log p(x), in which the model's states are those
    that k Gibbs sweeps lead to from the data.

    Groups that are not given are averaged over, where their units are independent. Source: Hinton (2002).
    """
    data = question.drawn(1 if question.is_exact else k)
    return question.phase(data) - question.phase(question.fantasy(data, k))


@entry("rule", "persistent_cd", "(; chains: integer = 64, sweeps: integer = 1)")
def persistent_cd(question: Question, chains: int, sweeps: int) -> Term:
    """As contrastive divergence, with the model's states from chains that go on by `sweeps` with every step.

    Where units depend on each other given the data, their states are drawn by as many sweeps, too. Source:
    Tieleman (2008).
    """
    data = question.drawn(1 if question.is_exact else sweeps)
    return question.phase(data) - question.persistent(sweeps)
