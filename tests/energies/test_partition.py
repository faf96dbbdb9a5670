"""Partition functions against all states enumerated, and learning by the exact gradient."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from enumeration import Array, answers, network, states
from scipy.special import logsumexp

import nndsl
from nndsl.energies import question
from nndsl.learning.procedure import procedure
from nndsl.network import Network
from nndsl.planning.plan import SUM

COUPLED = """network N {{ input x[{d}]  input y[{p}]  param L symmetric no_self  param J symmetric no_self
  param W, b, a
  energy E(v[{d}] {domain}, h[{p}] {domain}) = -dot(v, full(v, L)) / 2 - dot(h, full(h, J)) / 2
      - dot(v, full(h, W)) - dot(b, v) - dot(a, h)
  output e = energy_of(E, v = x, h = y)
  output z = log_partition(E, chains = 400, temperatures = 200)
  output deviation = log_partition_error(E, chains = 400, temperatures = 200)
  output l = likelihood(E, v = x) }}"""

LAYERED = """network N {{ input x[{d}] input y[{p}]  param W, b, a
  energy E(v[{d}] {domain}, h[{p}] {hidden}) = -dot(v, full(h, W)) - dot(b, v) - dot(a, h)
  output e = energy_of(E, v = x, h = y)
  output z = log_partition(E, chains = 400, temperatures = 200)
  output deviation = log_partition_error(E, chains = 400, temperatures = 200)
  output l = likelihood(E, v = x) }}"""

CASES = {
    "machine": (COUPLED, "binary", "binary", 6, 5),
    "spins": (COUPLED, "bipolar", "bipolar", 5, 4),
    "rbm": (LAYERED, "binary", "binary", 9, 4),
    "onehot": (LAYERED, "onehot", "bipolar", 5, 7),
    "many rows": (LAYERED, "binary", "binary", 11, 12),
}


def asked(case: str) -> tuple[Network, dict[str, Array]]:
    """A network that asks all questions, and all its states."""
    text, domain, hidden, d, p = CASES[case]
    made = network(text.format(domain=domain, hidden=hidden, d=d, p=p))
    given = states(v=(domain, d), h=(hidden, p)) if d + p < 20 else {}
    return made, {"x": given["v"], "y": given["h"]} if given else {}


@pytest.mark.parametrize("case", [case for case in CASES if case != "many rows"])
def test_exact_answers_are_sums_over_all_states(case: str) -> None:
    made, given = asked(case)
    found = answers(made, **given)
    total = logsumexp(-found["e"])
    np.testing.assert_allclose(found["z"], total, rtol=1e-12)
    assert not found["deviation"].any()
    for value in np.unique(given["x"], axis=0):
        rows = (given["x"] == value).all(1)
        np.testing.assert_allclose(found["l"][rows], logsumexp(-found["e"][rows]) - total, rtol=1e-10)


def test_states_that_do_not_fit_one_batch_natively() -> None:
    """2^11 states of the smaller layer, the other one summed in closed form by NumPy."""
    made, _ = asked("many rows")
    W, b, a = (made.parameters[name] for name in "Wba")
    v = np.array(list(product((0.0, 1.0), repeat=11)))
    expected = logsumexp(v @ b + np.logaddexp(0, v @ W + a).sum(1))
    found = made.run(x=v[:3], y=np.zeros((3, 12)))
    np.testing.assert_allclose(found["z"], expected, rtol=1e-12)


@pytest.mark.parametrize("case", ["machine", "onehot"])
def test_annealing_comes_within_three_deviations(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(question, "MOST_BITS", -1)
    made, given = asked(case)
    found = made.run(seed=1, **{name: x[:1] for name, x in given.items()})
    total = logsumexp(-answers(made, **given)["e"])
    deviation = found["deviation"].item()
    assert 0 < deviation < 0.1
    assert abs(found["z"].item() - total) < 3 * deviation


# --- learning ---------------------------------------------------------------------------------

EXACT = """network N {{ input x[{d}] binary  param W ~ normal(0, 0.1)  param b, a
  energy E(v[{d}] binary, h[{p}] binary) = -dot(v, full(h, W)) - dot(b, v) - dot(a, h)
  output l = likelihood(E, v = x)
  train {{ maximize likelihood(E, v = x)  optimizer adam(rate = {rate})  batch {batch}  epochs {epochs}
    report likelihood(E, v = x) }} }}"""


def test_the_gradient_is_that_of_the_likelihood() -> None:
    made = network(EXACT.format(d=5, p=3, rate=0.1, batch=6, epochs=1))
    random, step = np.random.default_rng(1), 1e-6
    x = random.integers(0, 2, (6, 5)).astype(float)
    found = answers(made, procedure(made.model, made.stages[0]).step, x=x)
    for name in "Wba":
        numbers = made.parameters[name]
        direction = random.normal(size=numbers.shape)
        begun, values = numbers.copy(), []
        for sign in (1, -1):
            numbers[...] = begun + sign * step * direction
            values.append(answers(made, x=x)["l"].mean())
        numbers[...] = begun
        expected = (values[0] - values[1]) / (2 * step)
        np.testing.assert_allclose(-(found[SUM + name] * direction).sum(), expected, rtol=1e-6)


def bars_and_stripes() -> Array:
    """The 14 pictures of 3x3 of which each row, or each column, is all on or off (MacKay 2003, ch. 43)."""
    lines = np.array(list(product((0.0, 1.0), repeat=3)))
    bars = np.repeat(lines[:, None, :], 3, axis=1)
    return np.unique(np.concatenate([bars, bars.transpose(0, 2, 1)]).reshape(-1, 9), axis=0)


def test_bars_and_stripes() -> None:
    """The mean log-likelihood comes near its bound −log 14 = −2.639."""
    x = bars_and_stripes()
    made = nndsl.compile(EXACT.format(d=9, p=10, rate=0.05, batch=14, epochs=1500))
    made.fit(x=x, validation=0)
    assert len(x) == 14
    assert -np.log(14) - 1e-5 > made.run(x=x)["l"].mean() > -2.7
