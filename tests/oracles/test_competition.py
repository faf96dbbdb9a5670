"""Units that compete, and Hebb's rule with a decay, against those of others from the same start: MiniSom,
scikit-learn's principal components, plain NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from native import Numbers, examples, minibatches, start, train
from numpy.typing import NDArray

import nndsl
from nndsl.learning.history import History
from nndsl.learning.session import Session
from nndsl.learning.trainer import Options
from nndsl.planning.plan import Precision

minisom = pytest.importorskip("minisom")
decomposition = pytest.importorskip("sklearn.decomposition")
datasets = pytest.importorskip("sklearn.datasets")

Array = NDArray[np.float64]

MAP = """network Map {
  input  x[%d]
  param  W ~ uniform(0, 1)
  layer  match[%d, %d] = distance2(x, W)
  train {
    learn W by %s
    epochs %d
    report quantization_error(match), topographic_error(match)
  }
}"""


def digits(count: int) -> Array:
    found: Array = datasets.load_digits().data[:count] / 16
    return found


def mapped(
    x: Array, rule: str, *, rows: int = 5, columns: int = 4, epochs: int = 1
) -> tuple[Array, Array, dict[str, float]]:
    """The prototypes of a map before and after its training, and the measures of its last epoch."""
    network, first = start(MAP % (x.shape[1], rows, columns, rule, epochs))
    history = History()
    found = train(network, {"x": x}, observer=history)
    return first["W"], found["W"], history["train"].epochs[-1]


def theirs(first: Array, radius: float, rate: float, **options: Any) -> Any:
    """A map of MiniSom's with these prototypes, whose radius goes linearly to one and its rate to zero."""
    decay = {"decay_function": "linear_decay_to_zero", "sigma_decay_function": "linear_decay_to_one"}
    som = minisom.MiniSom(*first.shape, sigma=radius, learning_rate=rate, **decay, **options)
    som._weights = first.copy()
    return som


def hexagonal(first: Array, radius: float, rate: float) -> Any:
    """A hexagonal one. MiniSom moves every second column of a sheet, where ours moves every second row."""
    return theirs(first.transpose(1, 0, 2), radius, rate, topology="hexagonal")


def order(count: int, epochs: int) -> Array:
    return np.concatenate(list(minibatches(count, 1, epochs)))


@pytest.mark.parametrize("radius", [1.0, 3.0])
def test_a_batch_epoch_is_minisoms(radius: float) -> None:
    x = digits(300)
    first, found, _ = mapped(x, f"batch_som(match, radius = {radius})")
    som = theirs(first, radius, 1.0)
    som.train_batch_offline(x, 1)
    np.testing.assert_allclose(found, som.get_weights(), rtol=1e-10, atol=1e-12)


def test_a_hexagonal_batch_epoch_is_minisoms() -> None:
    """Of an odd number of rows, where both move the same ones."""
    x = digits(300)
    first, found, _ = mapped(x, "batch_som(match, radius = 2, grid = hexagonal)")
    som = hexagonal(first, 2.0, 1.0)
    som.train_batch_offline(x, 1)
    np.testing.assert_allclose(found, som.get_weights().transpose(1, 0, 2), rtol=1e-10, atol=1e-12)


def test_radius_of_a_batch_map_goes_from_epoch_to_epoch() -> None:
    x = digits(200)
    first, found, _ = mapped(x, "batch_som(match, radius = 3 -> 1)", epochs=4)
    som = theirs(first, 3.0, 1.0)
    som._learning_rate_decay_function = lambda rate, *_: rate
    som.train_batch_offline(x, 4)
    np.testing.assert_allclose(found, som.get_weights(), rtol=1e-9, atol=1e-12)


def test_a_map_learns_one_by_one_as_minisoms() -> None:
    """The same examples in the same order, radius and rate changing from one to the next."""
    x = digits(150)
    first, found, _ = mapped(x, "som(match, radius = 3 -> 1, rate = 0.5 -> 0)", epochs=3)
    som = theirs(first, 3.0, 0.5)
    som.train(x[order(150, 3)], 450)
    np.testing.assert_allclose(found, som.get_weights(), rtol=1e-9, atol=1e-12)


def test_a_hexagonal_map_learns_one_by_one_as_minisoms() -> None:
    x = digits(150)
    first, found, _ = mapped(x, "som(match, radius = 3 -> 1, rate = 0.5 -> 0, grid = hexagonal)", epochs=2)
    som = hexagonal(first, 3.0, 0.5)
    som.train(x[order(150, 2)], 300)
    np.testing.assert_allclose(found, som.get_weights().transpose(1, 0, 2), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("grid", "sheet"), [("rectangular", theirs), ("hexagonal", hexagonal)])
def test_errors_of_a_map_are_minisoms(grid: str, sheet: Callable[..., Any]) -> None:
    """The topographic error counts neighbours on the grid of the rule."""
    x = digits(300)
    network, first = start(MAP % (64, 7, 6, f"batch_som(match, radius = 2, grid = {grid})", 2))
    history = History()
    found = train(network, {"x": x}, validation={"x": x}, observer=history)["W"]
    som = sheet(first["W"], 2.0, 1.0)
    som._weights = found if grid == "rectangular" else found.transpose(1, 0, 2)
    errors = history["train"].epochs[-1]
    assert errors["validation.quantization_error(match)"] == pytest.approx(som.quantization_error(x))
    assert errors["validation.topographic_error(match)"] == pytest.approx(som.topographic_error(x))
    assert som.topographic_error(x) > 0


SETS = {"digits": (digits(900), 10, 4.0, 2), "iris": (datasets.load_iris().data, 6, 3.0, 20)}


@pytest.mark.parametrize("name", SETS)
def test_errors_are_no_worse_than_minisoms(name: str) -> None:
    """In the mean over ten seeds, each with its own start and order, up to two standard errors."""
    x, side, radius, epochs = SETS[name]
    mine, other = np.zeros((10, 2)), np.zeros((10, 2))
    rule = f"som(match, radius = {radius} -> 1, rate = 0.5 -> 0)"
    for seed in range(10):
        network = nndsl.compile((MAP % (x.shape[1], side, side, rule, epochs)).replace("~ uniform(0, 1)", ""))
        history = History()
        train(network, {"x": x}, seed=seed, validation={"x": x}, observer=history)
        errors = history["train"].epochs[-1]
        names = ("quantization_error(match)", "topographic_error(match)")
        mine[seed] = [errors[f"validation.{name}"] for name in names]
        som = minisom.MiniSom(
            side, side, x.shape[1], sigma=radius, learning_rate=0.5, random_seed=seed,
            decay_function="linear_decay_to_zero", sigma_decay_function="linear_decay_to_one",
        )  # fmt: skip
        som.random_weights_init(x)
        som.train_random(x, epochs * len(x))
        other[seed] = som.quantization_error(x), som.topographic_error(x)
    error = np.sqrt(mine.var(axis=0, ddof=1) / 10 + other.var(axis=0, ddof=1) / 10)
    assert (mine.mean(axis=0) <= other.mean(axis=0) + 2 * error).all(), (mine, other)


def places(rows: int, columns: int, hexagonal: bool) -> Array:
    """Where the units of a sheet lie, row by row."""
    row, column = np.divmod(np.arange(rows * columns), columns)
    if not hexagonal:
        return np.stack([row, column], axis=1).astype(float)
    return np.stack([row * np.sqrt(3) / 2, column + row % 2 / 2], axis=1)


@pytest.mark.parametrize("grid", ["rectangular", "hexagonal"])
@pytest.mark.parametrize("neighbourhood", ["gaussian", "bubble"])
@pytest.mark.parametrize("torus", ["no", "yes"])
def test_neighbourhoods(grid: str, neighbourhood: str, torus: str) -> None:
    """A unit's distance on a torus is that to the nearest of its images all around."""
    x = digits(60)
    options = f"grid = {grid}, neighbourhood = {neighbourhood}, torus = {torus}"
    first, found, _ = mapped(x, f"som(match, radius = 2, rate = 0.3, {options})", rows=6, columns=5)
    at = places(6, 5, grid == "hexagonal")
    around = np.array([6 * (np.sqrt(3) / 2 if grid == "hexagonal" else 1), 5])
    images = [around * (down, across) for down in (-1, 0, 1) for across in (-1, 0, 1)]
    w = first.reshape(30, 64)
    for v in x[order(60, 1)]:
        winner = np.square(v - w).sum(1).argmin()
        moved = images if torus == "yes" else [np.zeros(2)]
        distance = np.min([np.linalg.norm(at - at[winner] + image, axis=1) for image in moved], axis=0)
        near = np.exp(-(distance**2) / 8) if neighbourhood == "gaussian" else distance < 2 + 1e-9
        w = w + 0.3 * near[:, None] * (v - w)
    np.testing.assert_allclose(found.reshape(30, 64), w, rtol=1e-9, atol=1e-12)


UNITS = """network Units {
  input  x[64]
  target digit[10] onehot
  param  W ~ uniform(0, 1)
  layer  match[10, 3] = distance2(x, W)
  train { learn W by %s  epochs 3  report accuracy(-nearest(match), digit) }
}"""


def labelled(count: int) -> Numbers:
    x, digit = datasets.load_digits(return_X_y=True)
    return {"x": x[:count] / 16, "digit": digit[:count]}


@pytest.mark.parametrize("rule", ["competitive(match, %s)", "lvq(match, digit, %s)"])
def test_the_winner_alone_learns(rule: str) -> None:
    """And with LVQ1 goes away from an example of another class; classes are rows of units."""
    data = labelled(200)
    network, first = start(UNITS % rule % "rate = 0.2 -> 0.1")
    found = train(network, data)["W"].reshape(30, 64)
    w = first["W"].reshape(30, 64).copy()
    for step, row in enumerate(order(200, 3)):
        winner = np.square(data["x"][row] - w).sum(1).argmin()
        own = winner // 3 == data["digit"][row] or rule.startswith("competitive")
        rate = 0.2 - 0.1 * step / 600
        w[winner] += (1 if own else -1) * rate * (data["x"][row] - w[winner])
    np.testing.assert_allclose(found, w, rtol=1e-9, atol=1e-12)


def test_prototypes_of_a_class_begin_at_its_examples() -> None:
    data = labelled(200)
    network = nndsl.compile((UNITS % "lvq(match, digit)").replace("~ uniform(0, 1)", ""))
    network.initialise(0, "float64")
    given = examples(200, data, "float64")
    options = Options(precision=Precision.FLOAT64)
    session = Session(network, network.stages[0], given, options, np.random.default_rng(0))
    for number, prototypes in enumerate(session.network.parameters["W"]):
        rows = data["x"][data["digit"] == number].tolist()
        assert all(prototype.tolist() in rows for prototype in prototypes)
        assert len({tuple(prototype) for prototype in prototypes}) == 3


OJA = """network Components {
  input  x[8]
  param  W
  output y[3] = full(x, W)
  layer  r[8] = full(y, W')
  train { learn W by oja(y, x, rate = %s)  epochs %d  report mse(r, x) }
}"""


def centred(count: int) -> Array:
    """Eight inputs with the deviations 2, 1.6, 1.3, 0.6, … along axes of their own."""
    random = np.random.default_rng(0)
    turn = np.linalg.qr(random.normal(size=(8, 8)))[0]
    x = random.normal(size=(count, 8)) * [2, 1.6, 1.3, 0.6, 0.5, 0.4, 0.3, 0.2] @ turn
    found: Array = x - x.mean(axis=0)
    return found


def test_ojas_rule_is_sangers() -> None:
    """W ← W + rate · (y xᵀ − lower(y yᵀ) W), and the measure is that of the weights before the step."""
    x = centred(100)
    network, first = start(OJA % ("0.02 -> 0.01", 2))
    history = History()
    found = train(network, {"x": x}, observer=history)["W"]
    w, errors = first["W"].copy(), []
    for step, row in enumerate(order(100, 2)):
        y = w @ x[row]
        errors.append(np.square(w.T @ y - x[row]).mean())
        w = w + (0.02 - 0.01 * step / 200) * (np.outer(y, x[row]) - np.tril(np.outer(y, y)) @ w)
    np.testing.assert_allclose(found, w, rtol=1e-9, atol=1e-12)
    assert history["train"].epochs[-1]["mse(r, x)"] == pytest.approx(np.mean(errors[100:]))


def test_ojas_units_are_the_principal_components() -> None:
    x = centred(2000)
    network, _ = start(OJA % ("0.005 -> 0.0001", 30))
    found = train(network, {"x": x})["W"]
    components = decomposition.PCA(3).fit(x).components_
    np.testing.assert_allclose(np.abs((found * components).sum(1)), 1, atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-2)


def test_a_rule_that_diverges_is_told() -> None:
    network, _ = start(OJA % ("50", 3))
    with pytest.raises(nndsl.NNDSLError) as caught:
        train(network, {"x": centred(100)})
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["E0856"]
