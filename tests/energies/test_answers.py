"""What an energy answers, against all states enumerated and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from enumeration import Array, answers, boltzmann, energy, network, states
from scipy.special import logsumexp
from sklearn.neural_network import BernoulliRBM

from nndsl.network import Network
from nndsl.operators.random import Uniform

LAYERS = {
    "binary": {"v": ("binary", 4), "h": ("binary", 3)},
    "bipolar": {"v": ("bipolar", 4), "h": ("bipolar", 3)},
    "onehot": {"v": ("binary", 3), "h": ("onehot", 4)},
    "mixed": {"v": ("onehot", 3), "h": ("binary", 3), "k": ("bipolar", 2)},
}


def declared(groups: dict[str, tuple[str, int]], questions: str) -> Network:
    """An energy in which all groups interact with the first, with an output `e` of its own and others."""
    units = ", ".join(f"{name}[{size}] {domain}" for name, (domain, size) in groups.items())
    first, *rest = groups
    terms = [f"dot({first}, full({name}))" for name in rest]
    terms += [f"sum({name} * bias_{name})" for name in groups]
    inputs = " ".join(f"input {name}[{size}]" for name, (_, size) in groups.items())
    given = ", ".join(f"{name} = {name}" for name in groups)
    return network(
        f"""network N {{ {inputs}  param {", ".join(f"bias_{name}" for name in groups)}
          energy E({units}) = -{" - ".join(terms)}
          output e = energy_of(E, {given})
          {questions} }}"""
    )


@pytest.mark.parametrize("groups", LAYERS.values(), ids=LAYERS)
def test_means_are_exact(groups: dict[str, tuple[str, int]]) -> None:
    """E[g | all others], for each group g that is independent given the first."""
    rest = list(groups)[1:]
    questions = " ".join(f"output m_{g}[{groups[g][1]}] = mean({g} | E, v = v)" for g in rest)
    made = declared(groups, questions)
    given = states(**groups)
    found, weights = answers(made, **given), np.exp(-energy(made, given))
    for value in np.unique(given["v"], axis=0):
        rows = (given["v"] == value).all(1)
        for g in rest:
            expected = np.average(given[g][rows], axis=0, weights=weights[rows])
            np.testing.assert_allclose(found[f"m_{g}"][rows], np.tile(expected, (rows.sum(), 1)), atol=1e-12)


@pytest.mark.parametrize("groups", LAYERS.values(), ids=LAYERS)
def test_free_energy_sums_over_all_states(groups: dict[str, tuple[str, int]]) -> None:
    made = declared(groups, "output f = free_energy(E, v = v)")
    given = states(**groups)
    found, energies = answers(made, **given)["f"], energy(made, given)
    for value in np.unique(given["v"], axis=0):
        rows = (given["v"] == value).all(1)
        np.testing.assert_allclose(found[rows], -logsumexp(-energies[rows]), rtol=1e-12)


@pytest.mark.parametrize("domain", ["binary", "bipolar"])
def test_pseudo_likelihood_of_coupled_units(domain: str) -> None:
    """Σ log p(x_i | all other x) of a machine without hidden units."""
    made = network(
        f"""network N {{ input v[5]  param b  param W symmetric no_self
          energy E(v[5] {domain}) = -dot(v, full(v, W)) / 2 - dot(b, v)
          output e = energy_of(E, v = v)
          output p = pseudo_likelihood(E, v = v) }}"""
    )
    given = states(v=(domain, 5))
    logarithms = np.log(boltzmann(energy(made, given)))
    place = {tuple(row): number for number, row in enumerate(given["v"])}
    expected = np.zeros(len(logarithms))
    for number, row in enumerate(given["v"]):
        for unit in range(5):
            turned = row.copy()
            turned[unit] = 1 - row[unit] if domain == "binary" else -row[unit]
            pair = logarithms[[number, place[tuple(turned)]]]
            expected[number] += pair[0] - logsumexp(pair)
    np.testing.assert_allclose(answers(made, **given)["p"], expected, rtol=1e-10)


def test_gaussian_units() -> None:
    """Against the integral over a grid: E[v | h], and F(h) = −log ∫ exp(−E(v, h)) dv."""
    made = network(
        """network N { input v[1]  input h[3]  param a[1]  param b
          energy E(v[1], h[3] binary) = 3 * sum((v - a) ^ 2) / 2 - dot(h, full(v)) - dot(b, h)
          output e = energy_of(E, v = v, h = h)
          output m[1] = mean(v | E, h = h)
          output f = free_energy(E, h = h) }"""
    )
    grid = np.linspace(-12, 12, 20001)[:, None]
    for h in states(h=("binary", 3))["h"]:
        found = answers(made, v=grid, h=np.tile(h, (len(grid), 1)))
        weights = np.exp(-found["e"])
        total = np.trapezoid(weights, grid[:, 0])
        np.testing.assert_allclose(found["f"][0], -np.log(total), rtol=1e-8)
        mean = np.trapezoid(weights * grid[:, 0], grid[:, 0]) / total
        np.testing.assert_allclose(found["m"][0], mean, rtol=1e-8)


# --- the restricted Boltzmann machine of scikit-learn ------------------------------------

RBM = """network N { input v[8]  param W, b, a
  energy E(v[8] binary, h[5] binary) = -dot(v, full(h, W)) - dot(b, v) - dot(a, h)
  output f = free_energy(E, v = v)
  output m[5] = mean(h | E, v = v)
  output p = pseudo_likelihood(E, v = v)
  output r = reconstruction_error(E, v = v) }"""


@pytest.fixture(scope="module")
def machine() -> tuple[Network, BernoulliRBM, Array]:
    made = network(RBM)
    other = BernoulliRBM(n_components=5)
    other.components_ = made.parameters["W"].T
    other.intercept_visible_, other.intercept_hidden_ = made.parameters["b"], made.parameters["a"]
    return made, other, np.random.default_rng(1).integers(0, 2, (20, 8)).astype(float)


def test_free_energy_and_means_are_those_of_scikit_learn(
    machine: tuple[Network, BernoulliRBM, Array],
) -> None:
    made, other, x = machine
    found = answers(made, v=x)
    np.testing.assert_allclose(found["f"], other._free_energy(x), rtol=1e-12)
    np.testing.assert_allclose(found["m"], other.transform(x), rtol=1e-12)
    means = other.transform(x) @ other.components_ + other.intercept_visible_
    np.testing.assert_allclose(found["r"], ((x - 1 / (1 + np.exp(-means))) ** 2).mean(1), rtol=1e-12)


def test_pseudo_likelihood_is_that_of_scikit_learn(machine: tuple[Network, BernoulliRBM, Array]) -> None:
    """Both turn one unit an example; here at the units that ours has drawn."""
    made, other, x = machine
    (draw,) = (n.operator for n in made.forward_graph if isinstance(n.operator, Uniform) and n.type.rank == 1)
    uniform = draw.evaluate((np.array(7), np.array(0)), {"batch": len(x)})
    units = np.floor(uniform * 8).astype(int)
    turned = x.copy()
    turned[np.arange(len(x)), units] = 1 - turned[np.arange(len(x)), units]
    gain = other._free_energy(turned) - other._free_energy(x)
    np.testing.assert_allclose(answers(made, seed=7, v=x)["p"], -8 * np.log1p(np.exp(-gain)), rtol=1e-10)


# --- chains ---------------------------------------------------------------------------------


def test_mean_field_is_its_own_fixed_point() -> None:
    """A deep machine: the means of each layer are its conditional at the means of the others."""
    made = network(
        """network N { input v[4]  param W, U, b
          energy E(v[4] binary, h[3] binary, k[2] binary) =
              -dot(v, full(h, W)) / 2 - dot(h, full(k, U)) / 2 - dot(b, h)
          output m[3] = mean_field(h | E, v = v, sweeps = 200)
          output n[2] = mean_field(k | E, v = v, sweeps = 200) }"""
    )
    given = states(v=("binary", 4))
    found, p = answers(made, **given), made.parameters
    m, n = found["m"], found["n"]
    net = given["v"] @ p["W"] / 2 + n @ p["U"].T / 2 + p["b"]
    np.testing.assert_allclose(m, 1 / (1 + np.exp(-net)), atol=1e-9)
    np.testing.assert_allclose(n, 1 / (1 + np.exp(-(m @ p["U"]) / 2)), atol=1e-9)


@pytest.mark.parametrize("groups", [LAYERS["binary"], LAYERS["mixed"]], ids=["binary", "mixed"])
def test_a_chain_draws_from_the_distribution(groups: dict[str, tuple[str, int]]) -> None:
    """Shares of the states of v after 20 sweeps of 6000 chains are p(v), within five deviations."""
    size = groups["v"][1]
    made = declared(groups, f"output s[{size}] = sample(v | E, sweeps = 20)")
    given = states(**groups)
    p = boltzmann(energy(made, given))
    count = 6000
    drawn = answers(made, **{g: np.zeros((count, n)) for g, (_, n) in groups.items()})["s"]
    for value in np.unique(given["v"], axis=0):
        expected = p[(given["v"] == value).all(1)].sum()
        share = (drawn == value).all(1).mean()
        assert abs(share - expected) < 5 * np.sqrt(expected * (1 - expected) / count) + 1e-9


GRIDS = {
    "bipolar": ("s[1] bipolar over 2x3", "-0.7 * dot(s, local(s, 3x3, K, pad = 1)) / 2"),
    "real": (
        "s[1] over 2x3",
        "sum(s ^ 2) / 2 - 0.3 * dot(s, local(s, 3x3, K, pad = 1)) / 2",
    ),
}


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_a_chessboard_draws_from_the_distribution(grid: tuple[str, str]) -> None:
    """Correlations of the units of a grid, each coupled with those beside it, after 40 sweeps."""
    units, written = grid
    made = network(
        f"""network N {{ input z  param K fixed = [[[[0, 1, 0], [1, 0, 1], [0, 1, 0]]]]
          energy E({units}) = {written}
          output s[1] over 2x3 = sample(s | E, sweeps = 40) }}"""
    )
    count = 4000
    drawn = answers(made, z=np.zeros((count, 1)))["s"].reshape(count, 6)
    beside = np.zeros((6, 6))
    for a, b in ((0, 1), (1, 2), (3, 4), (4, 5), (0, 3), (1, 4), (2, 5)):
        beside[a, b] = beside[b, a] = 1
    if "bipolar" in units:
        given = states(s=("bipolar", 6))["s"]
        p = boltzmann(-0.7 * np.einsum("ni,ij,nj->n", given, beside, given) / 2)
        expected = np.einsum("n,ni,nj->ij", p, given, given)
    else:
        expected = np.linalg.inv(np.eye(6) - 0.3 * beside)
    np.testing.assert_allclose(drawn.T @ drawn / count, expected, atol=5 * expected.max() * 2 / count**0.5)


def test_native_chains_are_those_of_the_interpreter_and_repeat() -> None:
    made = declared(LAYERS["binary"], "output s[4] = sample(v | E, sweeps = 7)")
    nothing = {g: np.zeros((50, n)) for g, (_, n) in LAYERS["binary"].items()}
    first = made.run(seed=3, **nothing)["s"]
    np.testing.assert_array_equal(first, answers(made, seed=3, **nothing)["s"])
    np.testing.assert_array_equal(first, made.run(seed=3, **nothing)["s"])
    assert (first != made.run(seed=4, **nothing)["s"]).any()


def test_a_chain_may_begin_somewhere() -> None:
    """Strong couplings hold a chain where it begins."""
    made = network(
        "network N { input x[4] binary  param W fixed = 40  param b fixed = -20 "
        "energy E(v[4] binary, h[4] binary) = -dot(v, each(h, W)) - dot(b, v) - dot(b, h) "
        "output y[4] = sample(v | E, v from x, sweeps = 20) "
        "output z[4] = sample(h | E, v from x, sweeps = 20) "
        "output m[4] = mean_field(h | E, v from x) }"
    )
    x = np.array([[0.0, 1, 0, 1], [1, 1, 1, 0]])
    found = answers(made, x=x)
    np.testing.assert_array_equal(found["y"], x)
    np.testing.assert_array_equal(found["z"], x)
    np.testing.assert_allclose(found["m"], x, atol=1e-6)
