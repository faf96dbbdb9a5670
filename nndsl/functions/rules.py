"""Local learning rules: what `learn … by …` and `maximize … by …` name.

A rule's body says what is summed over the examples of a batch, and what becomes of the learned parameters
from it, or what one example adds to them at once. It is a graph like everything else, and is planned and run
like one. Rules without a body belong to networks that the executor does not run yet: the checker knows them,
and running them is refused by name.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from nndsl.functions.catalogue import entry
from nndsl.operators.arithmetic import Negate
from nndsl.operators.contraction import Contract
from nndsl.operators.movement import Reshape

if TYPE_CHECKING:
    from nndsl.building.term import Term
    from nndsl.energies.question import Question
    from nndsl.learning.rules import Example, Statistics
    from nndsl.semantics.model import Setting


@entry("rule", "perceptron", "(y: real[k], target: onehot[k]; rate: schedule = 1)")
def perceptron(statistics: Statistics, y: Term, target: Term) -> None:
    """Rosenblatt's rule, one example at a time: W ← W + rate · (t − y) xᵀ, where y = step(net).

    It moves W only where a unit is wrong: it is descent along the gradient that the net input would have
    if its own were y − t. Units must be threshold units, and the step's argument a connection of
    the learned weights. Source: Rosenblatt (1958).
    """
    statistics.descend(statistics.net, y - target)


@entry("rule", "oja", "(y: real[*u], x: real[*v]; rate: positive_schedule = 0.01)")
def oja(example: Example, y: Term, x: Term, rate: Setting) -> None:
    """Hebb's rule with a decay, one example at a time: w_i ← w_i + rate · y_i (x − Σ_{j ≤ i} y_j w_j), where
    `y` is the layer `full(x, W)`.

    One unit learns the first principal component of x (Oja's rule), the i-th of several the i-th
    (Sanger's generalised Hebbian algorithm), where the mean of x is zero. All have length one in the end.
    Source: Oja (1982), Sanger (1989).
    """
    y, x = y.unit_row(), x.unit_row()
    units, earlier = y.across("unit"), y.across("earlier")
    number = y.unit_number(*y.units)
    up_to = number.across("earlier").apply("less_equal", number.across("unit"))
    weights = example.rows.across("earlier")
    joint = (units * earlier).where(up_to, 0.0)
    explained = joint.contract(weights, weights.layout.space, example.rows.across("unit").layout)
    example.add(example.at(rate) * (units * x - explained))


@entry("rule", "hebb", "(x: bipolar[d])")
def hebb(statistics: Statistics, *patterns: Term) -> None:
    """`hebb(E, v = x)`, `hebb(v = x)`: W = (1/n) Σ x xᵀ over all examples x, of n units, and a zero diagonal.

    Of an energy it is −∂E/∂W at the examples, so that two groups that are given, and coupled by W, become a
    bidirectional associative memory: W = (1/n) Σ x yᵀ, n being the number of all units given. Source: Hebb
    (1949), Hopfield (1982), Kosko (1988).
    """
    units = sum(prod(extent.value({}) for extent in pattern.node.type.extents[1:]) for pattern in patterns)
    statistics.become({"total": statistics.correlation()}, lambda epoch, total: total / units)


@entry("rule", "pseudo_inverse", "(x: bipolar[d])")
def pseudo_inverse(statistics: Statistics, x: Term) -> None:
    """`pseudo_inverse(E, v = x)`: W projects onto the space that the examples span, X (XᵀX)⁻¹ Xᵀ with the
    examples as columns of X, and has a zero diagonal then: as many linearly independent patterns as there are
    units are at rest, however alike they are.

    It is found one example after another, by Gram and Schmidt's method: with the part r = x − Wx of x outside
    of the space, W ← W + r rᵀ / ‖r‖². What rounding leaves inside is taken off a second time, and an x with
    ‖r‖ ≤ 10⁻³ ‖x‖ is taken to be inside. Source: Personnaz, Guyon and Dreyfus (1985, 1986).
    """
    ((parameter, projector),) = statistics.learned
    build, rest = statistics.build, x.unit_row()
    matrix = projector.with_units(rest.units * 2)
    for _ in range(2):
        inside = build(Contract("bi,ij->bj"), rest.node, matrix.node)
        rest = rest - replace(rest, node=inside)
    size, whole = rest.square().sum_units(), x.square().sum_units()
    new = (1e-6 * whole).apply("less", size).real()
    scaled = rest * (new / (size + (1 - new)))
    outer = build(Contract("bi,bj->ij"), scaled.node, rest.node)
    statistics.sums = {parameter.name: build(Reshape(projector.layout.dimensions), build(Negate(), outer))}
    statistics.from_zero = True


@entry(
    "rule",
    "contrastive_divergence",
    "(; k: integer = 1, sparsity: share = 0.1, sparsity_cost: number = 0)",
)
def contrastive_divergence(question: Question, k: int, sparsity: float, sparsity_cost: float) -> Term:
    """CD-k: the gradient ⟨∂E/∂θ⟩_data − ⟨∂E/∂θ⟩_model of −log p(x), in which the model's states are those
    that k Gibbs sweeps lead to from the data.

    Groups that are not given are averaged over, where their units are independent. With a `sparsity_cost` c
    their units j are drawn to a mean of `sparsity` p by c · Σ_j (p − q_j)², where q_j is the unit's mean over
    the minibatch. Sources: Hinton (2002); Lee, Ekanadham and Ng (2008).
    """
    data = question.drawn(1 if question.is_exact else k)
    total = question.phase(data) - question.phase(question.fantasy(data, k))
    return total + sparsity_cost * question.activity(sparsity) if sparsity_cost else total


@entry(
    "rule",
    "persistent_cd",
    "(; chains: integer = 64, sweeps: integer = 1, sparsity: share = 0.1, sparsity_cost: number = 0)",
)
def persistent_cd(
    question: Question, chains: int, sweeps: int, sparsity: float, sparsity_cost: float
) -> Term:
    """As contrastive divergence, with the model's states from chains that go on by `sweeps` with every step.

    Where units depend on each other given the data, their states are drawn by as many sweeps, too. `sparsity`
    as there. Source: Tieleman (2008).
    """
    data = question.drawn(1 if question.is_exact else sweeps)
    total = question.phase(data) - question.persistent(sweeps)
    return total + sparsity_cost * question.activity(sparsity) if sparsity_cost else total
