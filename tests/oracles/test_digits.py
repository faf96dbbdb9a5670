"""On the digits, the networks of the gallery read as well as scikit-learn's, on the same split."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import nndsl
from nndsl.data.load import load_parts

cluster = pytest.importorskip("sklearn.cluster")
linear = pytest.importorskip("sklearn.linear_model")
neural = pytest.importorskip("sklearn.neural_network")

SPECS = Path(__file__).parent.parent.parent / "specs"
Array = NDArray[np.float64]
Fit = Callable[[Array, Array, int], Callable[[Array], Array]]


def perceptron(x: Array, digit: Array, seed: int) -> Callable[[Array], Array]:
    model = linear.Perceptron(max_iter=20, tol=None, random_state=seed)
    return model.fit(x, digit).predict


def mlp(x: Array, digit: Array, seed: int) -> Callable[[Array], Array]:
    """With a tenth for early stopping, as in the spec."""
    model = neural.MLPClassifier(
        256, solver="sgd", learning_rate_init=0.2, alpha=1e-4, batch_size=32, max_iter=40, random_state=seed,
        early_stopping=True, validation_fraction=1 / 9,
    )  # fmt: skip
    return model.fit(x, digit).predict


def rbf(x: Array, digit: Array, seed: int) -> Callable[[Array], Array]:
    """Centres by k-means, then least squares on the activations."""
    centres = (
        cluster.KMeans(100, init="random", n_init=1, max_iter=20, random_state=seed).fit(x).cluster_centers_
    )

    def phi(x: Array) -> Array:
        return np.exp(-np.square(x[:, None] - centres).sum(-1) / 2)

    model = linear.RidgeClassifier().fit(phi(x), digit)
    return lambda x: model.predict(phi(x))


CASES: dict[str, tuple[Fit, str, int]] = {
    "perceptron": (perceptron, "net", 5),
    "mlp": (mlp, "y", 2),
    "rbf": (rbf, "z", 5),
}


@pytest.mark.parametrize("name", CASES)
def test_accuracy(name: str) -> None:
    """Within one point, in the mean over a few seeds. The test part is each third example."""
    fit, output, seeds = CASES[name]
    ours, theirs = [], []
    for seed in range(seeds):
        network = nndsl.compile(SPECS / f"{name}.nn")
        parts = load_parts(network.model, seed=seed)
        network.fit(seed=seed, threads=1)
        ours.append(network.test(parts)[f"accuracy({output}, digit)"])
        seen = (parts.train, parts.validation) if name == "mlp" else (parts.train,)
        x, digit = (np.concatenate([part.inputs[key] for part in seen]) for key in ("x", "digit"))
        with threadpool_limits(1):
            predict = fit(x, digit, seed)
            theirs.append(float((predict(parts.test.inputs["x"]) == parts.test.inputs["digit"]).mean()))
    assert np.mean(ours) >= np.mean(theirs) - 0.01, (ours, theirs)
