"""Local learning rules: what `learn … by …` names.

A rule's body says, for one batch, what is summed over its examples, and what becomes of the
learned parameters. It is a graph like everything else, and is planned and run like one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.functions.catalogue import entry

if TYPE_CHECKING:
    from nndsl.graph.graph import Node
    from nndsl.learning.rules import Statistics


@entry("rule", "perceptron", "(y: real[k], target: onehot[k]; rate: schedule = 1)")
def perceptron(statistics: Statistics, y: Node, target: Node) -> None:
    """Rosenblatt's rule, one example at a time: W ← W + rate · (t − y) xᵀ, where y = step(net).

    It moves W only where a unit is wrong. Units must be threshold units, and the step's argument
    a full connection of the learned weights. Source: Rosenblatt (1958).
    """
    statistics.descend(statistics.argument_of(y, "step"), statistics.difference(y, target))


@entry("rule", "kmeans", "(x: real[d])")
def kmeans(statistics: Statistics, x: Node) -> None:
    """Lloyd's algorithm: each prototype becomes the mean of the examples that are nearest to it.

    A prototype that no example is nearest to stays. Prototypes start at random examples, all
    different. The parameter's rows are the prototypes. Source: Lloyd (1957, 1982).
    """
    winner = statistics.nearest(x, statistics.only_parameter)
    statistics.become_mean(x, winner)


@entry("rule", "hebb", "(x: bipolar[d])")
def hebb(statistics: Statistics, x: Node) -> None:
    """Correlations of the patterns: W ← (1/n) Σ x xᵀ, with a zero diagonal. Source: Hebb (1949), Hopfield (1982)."""
    statistics.become_correlation(x)


@entry("rule", "oja", "(y: real[k], x: real[d]; rate: schedule = 0.01)")
def oja(statistics: Statistics, y: Node, x: Node) -> None:
    """Hebb's rule with a decay that keeps the weights at length one: W ← W + rate · (y xᵀ − (y yᵀ) W), lower
    triangle of y yᵀ. The weights become the principal components. Source: Oja (1982), Sanger (1989)."""
    statistics.principal(y, x)


@entry(
    "rule",
    "som",
    "(match: real[rows, columns]; radius: schedule = 10, rate: schedule = 0.5, grid: word(rectangular|hexagonal) = rectangular, torus: truth = no)",
)
def som(statistics: Statistics, match: Node) -> None:
    """Self-organising map: the best unit and its neighbours on the sheet move towards the example.

    W_u ← W_u + rate · exp(−‖u − winner‖² / 2 radius²) · (x − W_u). Source: Kohonen (1982).
    """
    statistics.compete(match)


@entry("rule", "contrastive_divergence", "(; k: integer = 1)")
def contrastive_divergence(statistics: Statistics) -> None:
    """CD-k: the likelihood's gradient with the model's expectation replaced by k Gibbs steps from the data.

    Source: Hinton (2002)."""
    statistics.contrast()


@entry("rule", "persistent_cd", "(; chains: integer = 64, sweeps: integer = 1)")
def persistent_cd(statistics: Statistics) -> None:
    """As contrastive divergence, with chains that go on from step to step. Source: Tieleman (2008)."""
    statistics.contrast()
