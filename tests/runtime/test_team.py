"""A team of threads runs one plan together: whatever their number, networks learn and say the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nndsl.compiler import compile
from nndsl.learning import session
from nndsl.network import Network
from nndsl.planning.plan import Instruction
from nndsl.runtime import inference, team
from nndsl.runtime.binding import MEET, Call, Repeated, Stretch, Taken
from nndsl.source import Source

pytestmark = pytest.mark.usefixtures("many_cores")

RANDOM = np.random.default_rng(0)

TRAIN = "train { minimize cross_entropy(z, y)  optimizer adam(rate = 0.01)  clip norm 1  batch 7  epochs 2 }"

PERCEPTRON = """
network Perceptron {
  input  x[37]
  target y[5] onehot
  layer  h[43] = layer_norm(tanh(full(x) + bias))
  output z[5] = full(h) + bias
  TRAIN
}
"""
IMAGES = """
network Images {
  input  x[2] over 9x9
  target y[3] onehot
  layer  b[6] = tanh(local(x, 3x3, stride = 2, pad = 1) + bias)
  layer  c[35] = batch_norm(local(b, 3x3, pad = 2) + bias)
  layer  s = max(relu(c) over window 2x2)
  layer  d[4] = mean(local(s, 2x2) over window 2x2)
  output z[3] = full(flatten(d)) + bias
  TRAIN
}
"""
SEQUENCES = """
network Sequences {
  input  x[11] onehot over t in T
  target y[3] onehot
  layer  h[20] = tanh(full(x) + full(h[t-1]) + bias)
  output z[3] = full(mean(h over T)) + bias
  TRAIN
}
"""
ATTENTION = """
use attention from std
network Attention {
  input  x[8] over t in T
  target y[3] onehot
  layer  a[8] over t in T = x + attention(x, x, 2, causal = yes)
  output z[3] = full(mean(a over T)) + bias
  TRAIN
}
"""
GRAPH = """
use gcn from std
network Graph {
  graph  G
  input  x[30] over i in G.nodes
  input  e[3] over (j -> i) in G.edges
  target y[3] onehot over i in G.nodes
  layer  h[9] = relu(gcn(x, 9) + bias)
  layer  m[9] over (j -> i) in G.edges = tanh(full(h[i]) + full(h[j]) + full(e) + bias)
  output z[3] = full(sum(m over j in neighbours(i))) + bias
  train { minimize mean(cross_entropy(z, y) over i in G.nodes)  optimizer adam(rate = 0.01)  epochs 3 }
}
"""

X, IMAGE = RANDOM.standard_normal((20, 37)), RANDOM.standard_normal((20, 9, 9, 2))
DATA: dict[str, dict[str, Any]] = {
    PERCEPTRON: {"x": X, "y": RANDOM.integers(0, 5, 20)},
    IMAGES: {"x": IMAGE, "y": RANDOM.integers(0, 3, 20)},
    SEQUENCES: {"x": RANDOM.integers(0, 11, (20, 7)), "y": RANDOM.integers(0, 3, 20)},
    ATTENTION: {"x": RANDOM.standard_normal((20, 6, 8)), "y": RANDOM.integers(0, 3, 20)},
    GRAPH: {
        "G": RANDOM.integers(0, 25, (80, 2)),
        "x": RANDOM.standard_normal((25, 30)) * (RANDOM.random((25, 30)) < 0.05),
        "e": RANDOM.standard_normal((80, 3)),
        "y": RANDOM.integers(-1, 3, 25),
    },
}
NAMES = [spec.partition("network ")[2].split()[0] for spec in DATA]


def share_all(monkeypatch: pytest.MonkeyPatch, worth_taking: int) -> None:
    monkeypatch.setattr(team, "STEPS_WORTH_SHARING", 1)
    monkeypatch.setattr(team, "STEPS_WORTH_TAKING", worth_taking)


def trained(spec: str, threads: int) -> Network:
    network = compile(Source("<test>", spec.replace("TRAIN", TRAIN)))
    network.fit(**DATA[spec], threads=threads, precision="float64", seed=3)
    return network


@pytest.mark.parametrize("spec", DATA, ids=NAMES)
@pytest.mark.parametrize("threads, worth_taking", [(2, 1), (5, 1), (2, 10**9)])
def test_a_team_learns_the_same(
    spec: str, threads: int, worth_taking: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call that can be divided is, however small, and cut into pieces where these are worth it."""
    alone = trained(spec, 1)
    share_all(monkeypatch, worth_taking)
    divided = session.divided
    monkeypatch.setattr(session, "divided", lambda *given: divided(*given[:3], True))
    together, again = trained(spec, threads), trained(spec, threads)
    for name, value in alone.parameters.items():
        np.testing.assert_allclose(together.parameters[name], value, rtol=1e-9, atol=1e-9, err_msg=name)
        np.testing.assert_array_equal(again.parameters[name], together.parameters[name], err_msg=name)


@pytest.mark.parametrize("spec", [spec for spec in DATA if spec is not GRAPH], ids=NAMES[:-1])
def test_a_team_says_the_same_of_one_example(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network = trained(spec, 1)
    x = DATA[spec]["x"][:1]
    alone = network.run(x=x)["z"]
    share_all(monkeypatch, worth_taking=1)
    monkeypatch.setattr(inference, "OPERATIONS_WORTH_A_THREAD", 1)
    monkeypatch.setattr("nndsl.runtime.division.cores", lambda: 3)
    again = compile(Source("<test>", spec.replace("TRAIN", TRAIN)))
    again.initialise()
    for name, value in network.parameters.items():
        again.parameters[name][...] = value
    np.testing.assert_allclose(again.run(x=x)["z"], alone, rtol=1e-6, atol=1e-7)


def fill(target: int, count: int, reads: tuple[int, int] = (0, 0)) -> Call:
    instruction = Instruction("fill", (), (), (), ())
    written = (Stretch(target, target + 8 * count),)
    return Call("fill", (target, count, 0), instruction, (), (Stretch(*reads),), written)


def test_threads_meet_before_what_touches_the_work_of_others() -> None:
    calls = [fill(1000, 8192), fill(10**6, 8192), fill(2 * 10**6, 8192, reads=(1000, 1008)), fill(500, 1)]
    first, second = team.together(calls, 2, 8)
    assert [call is MEET for call in first] == [False, False, True, False, False]
    assert [call is MEET for call in second] == [False, False, True, False]
    assert [call.arguments for call in second if isinstance(call, Call)] == [
        (1000 + 8 * 4096, 4096, 0),
        (10**6 + 8 * 4096, 4096, 0),
        (2 * 10**6 + 8 * 4096, 4096, 0),
    ]


def test_what_the_first_thread_does_alone_needs_no_meeting() -> None:
    calls = [fill(0, 10), fill(0, 10), Repeated("loop", [fill(0, 5)], 3), Call("count_up", (0,))]
    first, second = team.together(calls, 2, 8)
    assert list(first) == calls and not second


def test_threads_meet_at_the_end_of_each_turn() -> None:
    loop = Repeated("loop", [fill(0, 8192)], 3)
    for row in team.together([loop, fill(10**6, 8192)], 2, 8):
        turn, after = row
        assert isinstance(turn, Repeated) and isinstance(after, Call)
        assert turn.calls[-1] is MEET


def test_threads_take_halves_of_what_is_left_first_of_their_own() -> None:
    rows = team.together([fill(0, 100_000)], 2, 8)
    (first,), (second,) = rows
    assert isinstance(first, Taken) and isinstance(second, Taken)
    own = [(0, 32768, 0), (8 * 32768, 17232, 0)]
    others = [(8 * 50_000 + address, count, value) for address, count, value in own]
    assert [[call.arguments for call in share] for share in first.shares] == [own, others]
    assert [[call.arguments for call in share] for share in second.shares] == [others, own]
    assert first.counters[0] is not first.counters[1]
    for mine, theirs in zip(first.counters, second.counters[::-1], strict=True):
        assert np.shares_memory(mine, theirs)
