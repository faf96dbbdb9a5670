"""Draws the pictures of docs/maps.md from trained networks.

python docs/images/maps.py
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import RegularPolygon
from numpy.typing import NDArray

import nndsl
from nndsl.data.load import load_parts

HERE = Path(__file__).parent
SPECS = HERE.parent.parent / "specs"
Array = NDArray[np.float64]


def trained(name: str) -> tuple[nndsl.Network, dict[str, Array]]:
    """A network of the gallery, trained on its data, and the training part of these."""
    network = nndsl.compile(SPECS / f"{name}.nn")
    network.fit()
    return network, load_parts(network.model).train.inputs


def tiles(prototypes: Array) -> Array:
    """Prototypes of 8x8 pixels as they lie on the sheet, with gaps between them."""
    rows, columns, _ = prototypes.shape
    gaps = ((0, 0), (0, 0), (1, 1), (1, 1))
    images = np.pad(prototypes.reshape(rows, columns, 8, 8), gaps, constant_values=np.nan)
    found: Array = images.transpose(0, 2, 1, 3).reshape(rows * 10, -1)
    return found


def neighbours(row: int, column: int, hexagonal: bool) -> Iterator[tuple[int, int]]:
    """Where the units around a unit are."""
    if not hexagonal:
        steps = [(-1, 0), (1, 0), (0, -1), (0, 1)]
    else:
        side = row % 2
        steps = [(0, -1), (0, 1), *((down, side - 1 + right) for down in (-1, 1) for right in (0, 1))]
    return ((row + down, column + right) for down, right in steps)


def u_matrix(prototypes: Array, hexagonal: bool = False) -> Array:
    """Each unit's mean distance to its neighbours' prototypes (Ultsch, Siemon 1990)."""
    rows, columns, _ = prototypes.shape
    found = np.zeros((rows, columns))
    for at in np.ndindex(rows, columns):
        around = [
            prototypes[r, c] for r, c in neighbours(*at, hexagonal) if 0 <= r < rows and 0 <= c < columns
        ]
        found[at] = np.linalg.norm(np.array(around) - prototypes[at], axis=1).mean()
    return found


def hits(network: nndsl.Network, x: Array, shape: tuple[int, int]) -> tuple[NDArray[np.int64], Array]:
    """Which unit wins each example, and how many each unit wins."""
    winner = network.run(x=x)["winner"].ravel().astype(np.int64)
    return winner, np.bincount(winner, minlength=shape[0] * shape[1]).reshape(shape)


def majority(winner: NDArray[np.int64], labels: Array, units: int) -> NDArray[np.int64]:
    """The commonest label of the examples that each unit wins, −1 where it wins none."""
    found = np.full(units, -1)
    for unit in np.unique(winner):
        found[unit] = np.bincount(labels[winner == unit].astype(np.int64)).argmax()
    return found


def bare(figure: Figure) -> None:
    """No ticks: a sheet has no scale."""
    for axes in figure.axes:
        axes.set_xticks([])
        axes.set_yticks([])


def draw_digits() -> None:
    """The map of the digits: prototypes, U-matrix, and which digits win where."""
    network, given = trained("som")
    labels = labels_of_digits()
    w = network.parameters["W"]
    winner, count = hits(network, given["x"], w.shape[:2])
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 4.2), layout="constrained")
    left.imshow(tiles(w), cmap="gray_r")
    left.set_title("prototypes")
    shown = middle.imshow(u_matrix(w), cmap="bone_r")
    middle.set_title("U-matrix: distance to the neighbours")
    figure.colorbar(shown, ax=middle, shrink=0.8)
    right.imshow(count, cmap="Blues", vmax=2 * count.mean() + 6)
    for unit, digit in enumerate(majority(winner, labels, count.size)):
        row, column = divmod(unit, w.shape[1])
        if digit >= 0:
            right.text(column, row, str(digit), ha="center", va="center", fontsize=7)
    right.set_title("hits, and the digit that is commonest")
    bare(figure)
    figure.savefig(HERE / "som.png", dpi=110)


def labels_of_digits() -> Array:
    """The labels of the examples that the map learns from, in their order."""
    network = nndsl.compile(SPECS / "lvq.nn")
    return load_parts(network.model).train.inputs["digit"]


def hexagons(axes: Axes, values: Array, colours: str) -> None:
    """Units as hexagons, every second row moved by half a unit."""
    shade = plt.get_cmap(colours)(values / values.max())
    for row, column in np.ndindex(values.shape):
        centre = (column + row % 2 / 2, -row * np.sqrt(3) / 2)
        axes.add_patch(RegularPolygon(centre, 6, radius=1 / np.sqrt(3), facecolor=shade[row, column]))
    axes.set_xlim(-0.7, values.shape[1] + 0.2)
    axes.set_ylim(-(values.shape[0] - 1) * np.sqrt(3) / 2 - 0.7, 0.7)
    axes.set_aspect("equal")


def draw_iris() -> None:
    """The hexagonal map of the irises: U-matrix, and hits by species."""
    network, given = trained("som_hexagonal")
    w = network.parameters["W"]
    x = given["x"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 4.4), layout="constrained")
    hexagons(left, u_matrix(w, hexagonal=True), "bone_r")
    left.set_title("U-matrix")
    winner, count = hits(network, x, w.shape[:2])
    hexagons(right, np.zeros(count.shape) + 1e-9, "Greys_r")
    right.set_title("hits by species")
    species = labels_of_iris(x)
    for unit in np.unique(winner):
        row, column = divmod(int(unit), w.shape[1])
        own = species[winner == unit]
        colour = f"C{np.bincount(own).argmax()}"
        right.scatter(column + row % 2 / 2, -row * np.sqrt(3) / 2, s=40 * own.size, color=colour)
    bare(figure)
    figure.savefig(HERE / "som_hexagonal.png", dpi=110)


def labels_of_iris(x: Array) -> NDArray[np.int64]:
    """The species of examples, found by their features."""
    from sklearn.datasets import load_iris

    features, label = load_iris(return_X_y=True)
    found: NDArray[np.int64] = label[np.abs(features[None] / 2 - x[:, None]).sum(-1).argmin(1)]
    return found


def draw_prototypes() -> None:
    """What LVQ's units and Oja's units hold."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 2.9), layout="constrained", width_ratios=(10, 6))
    network, _ = trained("lvq")
    left.imshow(tiles(network.parameters["W"].transpose(1, 0, 2)), cmap="gray_r")
    left.set_title("LVQ: four prototypes for each digit")
    network, _ = trained("oja")
    components = tiles(network.parameters["W"].reshape(2, 3, 64))
    right.imshow(components, cmap="RdBu", vmin=-0.4, vmax=0.4)
    right.set_title("Oja's rule: six principal components")
    bare(figure)
    figure.savefig(HERE / "prototypes.png", dpi=110)


if __name__ == "__main__":
    draw_digits()
    draw_iris()
    draw_prototypes()
