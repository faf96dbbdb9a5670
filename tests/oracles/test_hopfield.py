"""Hopfield networks: what is stored, what is recalled, and the figures of the theory.

Sources: Hopfield (1982); Hertz, Krogh and Palmer, Introduction to the theory of neural computation (1991),
chapter 2; Amit, Gutfreund and Sompolinsky (1987) for the capacity.
"""

from __future__ import annotations

from math import erfc, sqrt
from pathlib import Path

import numpy as np
import pytest

import nndsl
from nndsl.network import Network

SPECS = Path(__file__).parents[2] / "specs"

NETWORK = """
network Hopfield(n = 64, sweeps = 100) {
  input  x[n] bipolar
  param  W symmetric no_self
  param  b
  energy E(v[n] bipolar) = -dot(v, full(v, W)) / 2 - dot(b, v)
  output y[n]  = settle(E, v from x, sweeps = sweeps, order = ORDER)
  output trace = energy_trace(E, v from x, sweeps = 12, order = ORDER)
  output rest  = settled(E, v from x, sweeps = sweeps, order = ORDER)
  output cycle = cycles(E, v from x, sweeps = sweeps, order = ORDER)
  train { learn W by RULE(E, v = x) }
}
"""


def hopfield(order: str = "random", rule: str = "hebb", **settings: int) -> Network:
    return nndsl.compile(NETWORK.replace("ORDER", order).replace("RULE", rule), **settings)


def patterns(count: int, n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).choice([-1.0, 1.0], (count, n))


def flipped(states: np.ndarray, share: float, seed: int = 1) -> np.ndarray:
    return states * np.where(np.random.default_rng(seed).random(states.shape) < share, -1, 1)


# --- what is stored ---


def test_hebb_stores_correlations() -> None:
    x = patterns(7, 64)
    net = hopfield()
    net.fit(x=x)
    wanted = x.T @ x / 64
    np.fill_diagonal(wanted, 0)
    np.testing.assert_array_equal(net.parameters["W"], wanted)


def test_hebb_of_the_dynamics_stores_the_same() -> None:
    x = patterns(7, 64)
    energy, dynamics = (nndsl.compile(SPECS / f"{name}.nn") for name in ("hopfield", "hopfield_dynamics"))
    for net in (energy, dynamics):
        net.fit(x=x)
    np.testing.assert_array_equal(energy.parameters["W"], dynamics.parameters["W"])


def test_two_groups_become_a_bidirectional_associative_memory() -> None:
    net = nndsl.compile("""
    network Pairs {
      input  x[40] bipolar
      input  y[24] bipolar
      param  W
      energy E(v[40] bipolar, h[24] bipolar) = -dot(v, full(h, W))
      output recalled[24] = settle(E, h from y, v = x)
      train { learn W by hebb(E, v = x, h = y) }
    }""")
    x, y = patterns(3, 40), patterns(3, 24, seed=1)
    net.fit(x=x, y=y)
    np.testing.assert_allclose(net.parameters["W"], x.T @ y / 64, rtol=1e-6)
    cue = flipped(x, 0.1)
    found = net.run(x=cue, y=-np.ones_like(y))["recalled"]
    np.testing.assert_array_equal(found, np.sign(cue @ net.parameters["W"]))
    np.testing.assert_array_equal(found, y)


def test_the_projection_rule_is_the_pseudo_inverse() -> None:
    x = patterns(50, 64)
    x = np.concatenate([x, -x[:5], x[7:9]])  # dependent ones change nothing
    net = hopfield(rule="pseudo_inverse")
    net.fit(x=x)
    wanted = x.T @ np.linalg.pinv(x.T)
    np.fill_diagonal(wanted, 0)
    np.testing.assert_allclose(net.parameters["W"], wanted, atol=1e-5)
    np.testing.assert_array_equal(net.run(x=x)["y"], x)


def test_correlated_patterns_are_recalled_where_they_are_projected() -> None:
    """Patterns that share four fifths of their bits, which Hebb's rule mixes up."""
    x = flipped(np.repeat(patterns(1, 64), 20, axis=0), 0.1)
    rest = {}
    for rule in ("hebb", "pseudo_inverse"):
        net = hopfield(rule=rule)
        net.fit(x=x)
        rest[rule] = (net.run(x=x)["y"] == x).all(axis=1).mean()
    assert rest["pseudo_inverse"] == 1
    assert rest["hebb"] < 0.2


# --- what is recalled ---


def test_recall_from_the_equations_is_synchronous_recall() -> None:
    x = patterns(9, 64)
    cues = flipped(np.tile(x, (8, 1)), 0.3)
    net, dynamics = hopfield("synchronous", sweeps=50), nndsl.compile(SPECS / "hopfield_dynamics.nn")
    for trained in (net, dynamics):
        trained.fit(x=x)
    np.testing.assert_array_equal(net.run(x=cues)["y"], dynamics.run(x=cues)["y"])


@pytest.mark.parametrize("order", ["random", "sequential"])
def test_energy_never_rises_where_units_change_one_by_one(order: str) -> None:
    net = hopfield(order)
    rng = np.random.default_rng(3)
    net.parameters["W"][...] = rng.normal(size=(64, 64))
    net.parameters["b"][...] = rng.normal(size=64)
    x = patterns(40, 64)
    found = net.run(x=x)
    w = np.array(net.parameters["W"], np.float64)
    w = (w + w.T) / 2
    np.fill_diagonal(w, 0)

    def energy(v: np.ndarray) -> np.ndarray:
        return -np.einsum("ki,ij,kj->k", v, w, v) / 2 - v @ net.parameters["b"]

    trace = np.concatenate([energy(x)[:, None], found["trace"]], axis=1)
    assert (np.diff(trace, axis=1) <= 1e-3).all()
    assert trace[:, -1].mean() < trace[:, 0].mean() - 100
    np.testing.assert_allclose(trace[:, -1], energy(found["y"]), rtol=1e-5)
    net_input = found["y"] @ w + net.parameters["b"]
    np.testing.assert_array_equal(found["y"], np.sign(net_input))
    assert found["rest"].all() and not found["cycle"].any()


def test_two_units_that_copy_each_other_swap_for_ever() -> None:
    x = np.array([[1, -1], [1, 1]])
    for order, swaps in (("synchronous", [[1], [0]]), ("sequential", [[0], [0]])):
        net = hopfield(order, n=2)
        net.parameters["W"][...] = [[0, 1], [1, 0]]
        net.parameters["b"][...] = 0
        found = net.run(x=x)
        np.testing.assert_array_equal(found["cycle"], swaps)
        np.testing.assert_array_equal(found["rest"], 1 - np.array(swaps))


def test_a_unit_at_zero_net_input_keeps_its_state() -> None:
    net = hopfield()
    for parameter in net.parameters.values():
        parameter[...] = 0
    x = patterns(5, 64)
    np.testing.assert_array_equal(net.run(x=x)["y"], x)


def test_sequential_recall_is_that_of_the_formula() -> None:
    x = patterns(12, 30)
    net = hopfield("sequential", n=30, sweeps=2)
    net.fit(x=x)
    v = flipped(x, 0.2)
    found = net.run(x=v)["y"]
    for _ in range(2):
        for i in range(30):
            net_input = v @ net.parameters["W"][:, i]
            v[:, i] = np.where(np.abs(net_input) < 1e-5, v[:, i], np.sign(net_input))
    np.testing.assert_array_equal(found, v)


# --- the figures of the theory ---

N = 1000


@pytest.fixture(scope="module")
def large() -> dict[str, Network]:
    spec = """
    network Hopfield(n = 1000) {
      input  x[n] bipolar
      param  W symmetric no_self
      energy E(v[n] bipolar) = -dot(v, full(v, W)) / 2
      output once[n] = settle(E, v from x, sweeps = 1, order = synchronous)
      output y[n]    = settle(E, v from x, sweeps = 50)
      train { learn W by hebb(E, v = x) }
    }"""
    return {"net": nndsl.compile(spec)}


@pytest.mark.parametrize("load", [0.105, 0.138, 0.185, 0.37])
def test_bits_are_wrong_after_one_step_as_often_as_normal_crosstalk_says(large: dict, load: float) -> None:
    """P = ½ erfc(√(N / 2p)), within four standard errors of the patterns' means."""
    net, x = large["net"], patterns(round(load * N), N, seed=round(1000 * load))
    net.fit(x=x)
    wrong = (net.run(x=x)["once"] != x).mean(axis=1)
    assert abs(wrong.mean() - erfc(sqrt(1 / (2 * load))) / 2) < 4 * wrong.std() / sqrt(len(x))


def test_recall_collapses_beyond_the_capacity(large: dict) -> None:
    """Below p/N = 0.138 the fixed point next to a pattern overlaps with it by 0.97 and more; above there is
    none."""
    overlaps = []
    for load in (0.1, 0.2):
        net, x = large["net"], patterns(round(load * N), N)
        net.fit(x=x)
        overlaps.append((net.run(x=x[:50])["y"] * x[:50]).mean())
    assert overlaps[0] > 0.97
    assert overlaps[1] < 0.6
