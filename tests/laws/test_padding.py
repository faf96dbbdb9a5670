"""Padding changes no result: not an output at a place of an example, not a loss, a measure, or a gradient."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from nndsl.building.build import LOSS, finished, forward, objective
from nndsl.compiler import compile_spec
from nndsl.differentiation.reverse import differentiate
from nndsl.graph.interpret import interpret
from nndsl.semantics.model import Model, Stage, Value
from nndsl.types import Domain, SetKind, length_key

Array = np.ndarray

LENGTHS = {"T": (4, 6, 1, 5), "M": (3, 5, 2, 1), "N": (5, 2, 4, 3)}
MARGIN = 3
GARBAGE = 77.0

LAYERS = {
    "reductions": """
      layer  a[3] = sum(tanh(full(x)) over T)
      layer  b[3] = mean(tanh(full(x) + bias) over T) + max(full(x) over T) - min(full(x) over T)
      layer  c[3] = last(full(x) over T)
      layer  d[3] = mean(x * softmax(full(x, to 1) over T) over t in T where t >= 1)
      output y[3] over t in T = full(x) + a * b + c + d
    """,
    "time delays": """
      layer  h[4] = sigmoid(local(x, 2) + bias)
      layer  g[3] = tanh(local(x, 3, pad = 1) + bias) + local(x, 3, causal = yes, dilation = 2)
      layer  s[2] = tanh(local(x, 3, stride = 2, pad = 1) + bias)
      layer  r[3] = sum(full(h) over T) + sum(full(s) over T)
      output y[3] = g + r
    """,
    "pooling": """
      layer  h[3] = full(x)
      layer  a = mean(h over window 3, stride = 1, pad = 1)
      layer  b = max(h over window 3, stride = 1, pad = 1)
      layer  c = sum(mean(h over window 2, stride = 2) over T)
      output y[3] = a - b + c
    """,
    "delays": """
      layer  h[3] = tanh(full(x) + bias)
      output y[3] = full(h[t-2]) + full(h[t+1])
    """,
    "feedback": """
      layer  h[3] = tanh(full(x) + full(h[t-1]) + bias)
      layer  b[3] = tanh(full(x) + full(b[t+1]) + full(h) + bias)
      layer  g[2] = sigmoid(full(b) + each(g[t+2]))
      output y[3] = full(b) + full(g) + last(h over T)
    """,
    "normalisation": """
      layer  h[3] = layer_norm(full(x) + bias)
      output y[3] = full(h) + bias
    """,
    "attention": """
      layer  q[2, 2] = full(x) + bias
      layer  k[2, 2] = full(x) + bias
      layer  A[2] over (t in T, j in T) = softmax(dot(q[t], k[j]) over j in T where j <= t)
      layer  B[2] over (t in T, j in T) = softmax(dot(q[t], k[j]) over j in T)
      layer  m[2, 2] = sum(A[t, j] * q[j] over j in T) + sum(B[t, j] * k[j] over j in T)
      output y[3] = full(m)
    """,
}


def single(layers: str) -> str:
    return f"""network Net {{
      input x[3] over t in T
      target z[3] over t in T
      target class[3] onehot over t in T
      {layers}
      train {{
        minimize mse(y, z) + mean(cross_entropy(y, class, smoothing = 0.1) over T) + 0.1 * l2(weights)
        report perplexity(y, class), accuracy(y, class), mse(y, z)
      }}
    }}"""


ENCODER_DECODER = """network Net {
  input  x[3] over s in N
  input  y[4] onehot over t in M
  target z[4] onehot over t in M
  layer  a[2, 2] = full(x) + bias
  layer  q[2, 2] = full(y) + bias
  layer  A[2] over (t in M, j in N) = softmax(dot(q[t], a[j]) over j in N)
  layer  m[2, 2] = sum(A[t, j] * a[j] over j in N)
  layer  e[2, 2] = mean(max(a over N) * q over M)
  output w[4] = full(m) + full(e) + bias
  train {
    minimize cross_entropy(w, z) + mean(cross_entropy(w, z) over M)
    report accuracy(w, z), perplexity(w, z)
  }
}"""


def model_of(text: str) -> tuple[Model, Stage]:
    network = compile_spec(text)
    return network.model, network.stages[-1]


def data(model: Model, seed: int = 0) -> dict[str, Array]:
    """Values for the longest examples, without padding beyond them; parameters."""
    rng = np.random.default_rng(seed)
    feeds = {value.name: drawn(rng, value) for value in (*model.inputs, *model.targets)}
    return feeds | {p.name: rng.normal(size=p.shape) for p in model.parameters}


def drawn(rng: np.random.Generator, value: Value) -> Array:
    shape = (4, *(max(LENGTHS[axis.set.name]) for axis in value.type.space))
    if value.type.domain is Domain.ONEHOT:
        return rng.integers(0, value.type.unit_count, shape)
    return rng.normal(size=(*shape, *value.type.units))


def padded(model: Model, feeds: dict[str, Array], margin: int, garbage: float) -> dict[str, Array]:
    """The same with rubbish where each example has no place of its own, and `margin` places more."""
    result = dict(feeds)
    for value in (*model.inputs, *model.targets):
        array = feeds[value.name]
        for number, axis in enumerate(value.type.space):
            widths = [(0, 0)] * array.ndim
            widths[1 + number] = (0, margin)
            array = np.pad(array, widths)
            for row, length in enumerate(LENGTHS[axis.set.name]):
                place = (row, *[slice(None)] * number, slice(length, None))
                array[place] = garbage if value.type.domain is Domain.REAL else garbage % value.type.units[0]
        result[value.name] = array
    return result


def run(model: Model, stage: Stage, feeds: dict[str, Array], margin: int) -> dict[str, Array]:
    """Loss, measures, gradients and all outputs at the places of the examples."""
    sets = [found for found in model.sets if found.kind is SetKind.SEQUENCE]
    sizes = {found.name: max(LENGTHS[found.name]) + margin for found in sets} | {"batch": 4}
    feeds = feeds | {length_key(found.name): np.array(LENGTHS[found.name]) for found in sets}
    graph = differentiate(objective(model, stage), LOSS, [p.name for p in stage.learned])
    found = interpret(graph, feeds, sizes)
    means = finished(stage, {name: float(v) for name, v in found.items() if not v.ndim})
    result = {name: np.asarray(value) for name, value in means.items()}
    result |= {name: value for name, value in found.items() if value.ndim}
    layers = interpret(forward(model), feeds, sizes)
    for output in model.outputs:
        for row, *inside in product(range(4), *([axis] for axis in output.type.space)):
            places = tuple(
                slice(axis.extent.value({axis.set.name: LENGTHS[axis.set.name][row]})) for axis in inside
            )
            result[f"{output.name} {row}"] = layers[output.name][(row, *places)]
    return result


def assert_padding_changes_nothing(text: str) -> None:
    model, stage = model_of(text)
    feeds = data(model)
    plain = run(model, stage, padded(model, feeds, 0, 0.0), 0)
    more = run(model, stage, padded(model, feeds, MARGIN, GARBAGE), MARGIN)
    assert plain.keys() == more.keys()
    for name, value in plain.items():
        np.testing.assert_allclose(more[name], value, rtol=1e-9, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("name", LAYERS)
def test_padding_changes_nothing(name: str) -> None:
    assert_padding_changes_nothing(single(LAYERS[name]))


def test_padding_of_two_sequences_changes_nothing() -> None:
    assert_padding_changes_nothing(ENCODER_DECODER)


def test_missing_targets_count_nowhere() -> None:
    """A place whose target is missing is as if the example had not had it."""
    model, stage = model_of(single("output y[3] = full(x) + bias"))
    feeds = padded(model, data(model), 0, 0.0)
    expected = run(model, stage, feeds, 0)
    longer = {name: np.concatenate([feeds[name]] * 2, axis=1) for name in ("x", "z", "class")}
    for row, length in enumerate(LENGTHS["T"]):
        longer["x"][row, length:] = GARBAGE
        longer["z"][row, length:] = np.nan
        longer["class"][row, length:] = -1
    size = longer["x"].shape[1]
    graph = differentiate(objective(model, stage), LOSS, [p.name for p in stage.learned])
    sizes = {"T": size, "batch": 4}
    found = interpret(graph, feeds | longer | {length_key("T"): np.full(4, size)}, sizes)
    means = finished(stage, {name: float(value) for name, value in found.items() if not value.ndim})
    for name, value in (found | means).items():
        if name in expected:
            np.testing.assert_allclose(value, expected[name], rtol=1e-9, atol=1e-11, err_msg=name)
