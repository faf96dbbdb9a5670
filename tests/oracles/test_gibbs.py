"""Gibbs chains of coupled units against the distribution itself, all states enumerated."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

import nndsl
from nndsl.operators.sweeps import Sweeps

CHAINS = 20_000

MACHINE = """
network Machine {
  input  x[4] DOMAIN
  param  L symmetric no_self ~ normal(0, 0.7)
  param  J symmetric no_self ~ normal(0, 0.7)
  param  W ~ normal(0, 0.7)
  param  a ~ normal(0, 0.7)
  param  b ~ normal(0, 0.7)
  energy E(v[4] DOMAIN, h[3] DOMAIN) =
      -dot(v, full(v, L)) / 2 - dot(h, full(h, J)) / 2 - dot(v, full(h, W)) - dot(b, v) - dot(a, h)
  output dream[4]  = sample(v | E, sweeps = 40)
  output given[3]  = sample(h | E, v = x, sweeps = 40)
  output middle[3] = mean_field(h | E, v = x, sweeps = 200)
}
"""


def machine(domain: str) -> nndsl.Network:
    return nndsl.compile(MACHINE.replace("DOMAIN", domain))


def energies(net: nndsl.Network, v: np.ndarray, h: np.ndarray) -> np.ndarray:
    w = {name: np.array(value, np.float64) for name, value in net.parameters.items()}
    for name in ("L", "J"):
        w[name] = (w[name] + w[name].T) / 2
        np.fill_diagonal(w[name], 0)
    inner = ((v @ w["L"]) * v).sum(axis=1) / 2 + ((h @ w["J"]) * h).sum(axis=1) / 2
    return -inner - ((v @ w["W"]) * h).sum(axis=1) - v @ w["b"] - h @ w["a"]


def numbered(states: np.ndarray) -> np.ndarray:
    return (states > 0).astype(int) @ (1 << np.arange(states.shape[1]))


def agrees(drawn: np.ndarray, states: np.ndarray, weights: np.ndarray) -> bool:
    """Whether states are drawn as these weights say, by Pearson's χ² at one in a thousand."""
    expected = len(drawn) * np.bincount(numbered(states), weights / weights.sum())
    found = np.bincount(numbered(drawn), minlength=len(expected))
    return bool(stats.chisquare(found, expected).pvalue > 0.001)


@pytest.mark.parametrize(("domain", "low"), [("binary", 0), ("bipolar", -1)])
def test_sampled_states_are_as_frequent_as_their_energies_say(domain: str, low: int) -> None:
    net = machine(domain)
    x = np.array([1.0, low, 1.0, low])
    found = net.run(x=np.tile(x, (CHAINS, 1)))
    states = np.array(list(product((low, 1), repeat=7)), np.float64)
    v, h = states[:, :4], states[:, 4:]
    weights = np.exp(-energies(net, v, h))
    assert agrees(found["dream"], v, weights)
    same = (v == x).all(axis=1)
    assert agrees(found["given"], h[same], weights[same])


def test_mean_field_is_a_fixed_point_of_the_means() -> None:
    net = machine("bipolar")
    x = np.random.default_rng(0).choice([-1.0, 1.0], (5, 4))
    m = net.run(x=x)["middle"].astype(np.float64)
    zero = np.zeros_like(m)
    for unit in range(3):
        up, down = m.copy(), m.copy()
        up[:, unit], down[:, unit] = 1, -1
        net_input = (energies(net, x, down) - energies(net, x, up)) / 2
        np.testing.assert_allclose(m[:, unit], np.tanh(net_input), atol=1e-5)
    assert (m != zero).all()


@pytest.mark.parametrize("order", ["random", "sequential"])
def test_any_order_of_the_units_leads_to_the_same_distribution(order: str) -> None:
    rng = np.random.default_rng(5)
    coupling = np.triu(rng.normal(0, 0.8, (6, 6)), 1)
    coupling += coupling.T
    field = rng.normal(0, 0.5, 6)
    operator = Sweeps("sample", "binary", order, 30, 0)
    operands = (np.zeros((CHAINS, 6)), np.tile(field, (CHAINS, 1)), coupling, np.array(1), np.array(0))
    drawn = operator.evaluate(operands, {})
    states = np.array(list(product((0.0, 1.0), repeat=6)))
    weights = np.exp(((states @ coupling) * states).sum(axis=1) / 2 + states @ field)
    assert agrees(drawn, states, weights)


def test_chains_do_not_depend_on_the_number_of_threads() -> None:
    """A measure of the last states is a sum of zeros and ones, which threads add up exactly."""
    spec = """
    network Watched {
      input  x[16] bipolar
      param  W symmetric no_self
      energy E(v[16] bipolar) = -dot(v, full(v, W)) / 2
      output y[16] = settle(E, v from x)
      train { learn W by hebb(E, v = x)  batch 64  epochs 2
              report settled(E, v from x, sweeps = 1), sum(sample(v | E, sweeps = 3)) }
    }"""
    x = np.random.default_rng(0).choice([-1.0, 1.0], (256, 16))
    watched = []
    for threads in (1, 2, 3):
        net = nndsl.compile(spec)
        history = net.fit(x=x, validation=0, threads=threads)
        watched.append(history)
    texts = [repr(history) for history in watched]
    assert texts[0] == texts[1] == texts[2]
