"""Learning by likelihood: the statistics of contrastive divergence, written out in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from enumeration import Array, answers, boltzmann, network, states

import nndsl
from nndsl.building.scope import Scope
from nndsl.differentiation.reverse import differentiate
from nndsl.energies.question import Question
from nndsl.graph.builder import Builder
from nndsl.graph.graph import Graph
from nndsl.learning.procedure import procedure
from nndsl.network import Network
from nndsl.operators.random import Normal, Uniform
from nndsl.planning.plan import SUM
from nndsl.semantics.model import Likelihood

RBM = """network N {{ input x[6] binary  param W ~ normal(0, 0.5)  param b, a
  energy E(v[6] binary, h[4] binary) = -dot(v, full(h, W)) - dot(b, v) - dot(a, h)
  train {{ maximize likelihood(E, v = x) by {rule}
    optimizer sgd(rate = 0.1, momentum = 0.5)  batch 10  epochs 3 }} }}"""

X = np.random.default_rng(0).integers(0, 2, (10, 6)).astype(float)


def sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def sums(made: Network, **arrays: Array) -> dict[str, Array]:
    """The gradients of a step of the last stage, by parameter."""
    step = procedure(made.model, made.stages[-1]).step
    found = answers(made, step, **arrays)
    return {name.removeprefix(SUM): value for name, value in found.items() if name.startswith(SUM)}


def draws(graph: Graph, **sizes: int) -> list[Array]:
    """What a graph draws outside of loops, at seed and step zero, in its order."""
    zero = (np.array(0), np.array(0))
    found = (node.operator for node in graph if isinstance(node.operator, Uniform | Normal))
    return [draw.evaluate(zero, sizes) for draw in found]


def test_one_step_of_contrastive_divergence() -> None:
    made = network(RBM.format(rule="contrastive_divergence(k = 1)"))
    W, b, a = (made.parameters[name] for name in "Wba")
    noise = draws(procedure(made.model, made.stages[0]).step, batch=10)
    for_h, for_v = (next(u for u in noise if u.shape[1] == n) for n in (4, 6))
    means = sigmoid(X @ W + a)
    h = (for_h < means).astype(float)
    v = (for_v < sigmoid(h @ W.T + b)).astype(float)
    again = sigmoid(v @ W + a)
    found = sums(made, x=X)
    np.testing.assert_allclose(found["W"], -(X.T @ means - v.T @ again) / 10, atol=1e-12)
    np.testing.assert_allclose(found["b"], -(X - v).mean(0), atol=1e-12)
    np.testing.assert_allclose(found["a"], -(means - again).mean(0), atol=1e-12)


@pytest.mark.parametrize(
    ("units", "energy"),
    [
        ("v[3] binary, h[3] binary", "-dot(v, full(h, W)) - dot(v, c) - dot(h, d)"),
        ("v[3] bipolar, h[3] onehot", "-dot(v, full(h, W)) - dot(v, c) - dot(h, d)"),
        ("v[3] binary, h[3]", "sum(exp(c) * h ^ 2) / 2 - dot(v, full(h, W)) - dot(h, d)"),
    ],
    ids=["binary", "onehot", "real"],
)
def test_the_data_pull_as_the_free_energy_falls(units: str, energy: str) -> None:
    """The gradient of the data's part is that of the free energy, by finite differences."""
    text = f"""network N {{ input x[3]  param W, c, d
      energy E({units}) = {energy}
      output f = free_energy(E, v = x)
      train {{ maximize likelihood(E, v = x) by contrastive_divergence optimizer sgd }} }}"""
    made = network(text)
    random, step = np.random.default_rng(1), 1e-6
    x = random.integers(0, 2, (5, 3)).astype(float)
    (model,) = made.model.energies
    (stage,) = made.stages
    scope = Scope(Builder(), energies={"E": model})
    assert isinstance(stage.how, Likelihood)
    question = Question.of(scope, stage.how.objective)
    term = question.phase(question.clamped).mean_examples()
    gradient = differentiate(scope.build.graph({"phase": term.node}), "phase", ["W", "c", "d"])
    found = answers(made, gradient, x=x)
    for name in ("W", "c", "d"):
        direction = random.normal(size=made.parameters[name].shape)
        sides = []
        for side in (step, -step):
            made.parameters[name][...] += side * direction
            sides.append(answers(made, x=x)["f"].mean())
            made.parameters[name][...] -= side * direction
        slope = (sides[0] - sides[1]) / (2 * step)
        np.testing.assert_allclose((found[f"gradient.{name}"] * direction).sum(), slope, rtol=1e-6)


@pytest.mark.parametrize("rule", ["contrastive_divergence", "persistent_cd"])
def test_sparsity_draws_hidden_units_to_their_share(rule: str) -> None:
    """The gradient of 3 Σ_j (0.2 − q_j)², q the means of the hidden units over the minibatch."""
    plain, sparse = (
        sums(network(RBM.format(rule=f"{rule}(sparsity = 0.2, sparsity_cost = {cost})")), x=X)
        for cost in (0, 3)
    )
    parameters = network(RBM.format(rule=rule)).parameters
    h = sigmoid(X @ parameters["W"] + parameters["a"])
    pull = -2 * 3 * (0.2 - h.mean(0)) * h * (1 - h) / len(X)
    np.testing.assert_allclose(sparse["W"] - plain["W"], X.T @ pull, atol=1e-12)
    np.testing.assert_allclose(sparse["a"] - plain["a"], pull.sum(0), atol=1e-12)
    np.testing.assert_allclose(sparse["b"], plain["b"], atol=1e-12)


@pytest.mark.parametrize("rule", ["contrastive_divergence(k = 3)", "persistent_cd(chains = 8)"])
def test_trainings_repeat_to_the_bit(rule: str) -> None:
    found = []
    for seed in (0, 0, 1):
        made = nndsl.compile(RBM.format(rule=rule))
        made.fit(seed=seed, threads=1, x=X)
        found.append(made.parameters["W"].copy())
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] != found[2]).any()


def test_persistent_chains_learn_a_distribution() -> None:
    """Three units of which the first two agree and the third is on in a quarter: p is learned to a hundredth
    or so."""
    shares = {(0, 0, 0): 3, (1, 1, 0): 3, (0, 0, 1): 1, (1, 1, 1): 1}
    x = np.repeat(np.array(list(shares)), [25 * n for n in shares.values()], axis=0).astype(float)
    made = nndsl.compile(
        """network N { input x[3] binary  param W ~ normal(0, 0.3)  param b, a
          input h[4]
          energy E(v[3] binary, h[4] binary) = -dot(v, full(h, W)) - dot(b, v) - dot(a, h)
          output e = energy_of(E, v = x, h = h)
          train { maximize likelihood(E, v = x) by persistent_cd(chains = 200, sweeps = 2)
                  optimizer sgd(rate = 0.2 -> 0.01)  batch 200  epochs 1500 } }"""
    )
    made.fit(threads=1, x=x, h=np.zeros((len(x), 4)))
    given = states(x=("binary", 3), h=("binary", 4))
    p = boltzmann(answers(made, **given)["e"])
    learned = {row: p[(given["x"] == row).all(1)].sum() for row in shares}
    for row, share in shares.items():
        assert abs(learned[row] - share / 8) < 0.04
