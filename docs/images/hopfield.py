"""Draws the pictures of docs/hopfield.md from networks that have stored patterns.

python docs/images/hopfield.py
"""

from __future__ import annotations

from math import erfc, sqrt
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

import nndsl

HERE = Path(__file__).parent
Array = NDArray[np.float64]

LETTERS = """
X.....X. XXXXX... .XXXXX.. X.......
XX....X. X....X.. X.....X. X.......
X.X...X. X.....X. X....... X.......
X..X..X. X.....X. .XXXXX.. X.......
X...X.X. X.....X. ......X. X.......
X....XX. X....X.. X.....X. X.......
X.....X. XXXXX... .XXXXX.. XXXXXXX.
........ ........ ........ ........
"""

RECALL = """
network Recall {
  input  x[64] bipolar
  param  W symmetric no_self
  energy E(v[64] bipolar) = -dot(v, full(v, W)) / 2

  output before = energy_of(E, v = x)
  output trace  = energy_trace(E, v from x, sweeps = 4)
  output first[64] = settle(E, v from x, sweeps = 1)
  output rest[64]  = settle(E, v from x)

  train { learn W by pseudo_inverse(E, v = x) }
}
"""

STORAGE = """
network Storage(n = 1000) {
  input  x[n] bipolar
  param  W symmetric no_self
  energy E(v[n] bipolar) = -dot(v, full(v, W)) / 2

  output once[n] = settle(E, v from x, sweeps = 1, order = synchronous)
  output rest[n] = settle(E, v from x)

  train { learn W by hebb(E, v = x) }
}
"""


def letters() -> Array:
    """Four letters of 8x8 pixels of -1 and +1."""
    rows = [line.split() for line in LETTERS.split("\n") if line]
    pixels = [[row[letter] for row in rows] for letter in range(len(rows[0]))]
    return np.array([[1.0 if pixel == "X" else -1.0 for pixel in "".join(rows)] for rows in pixels])


def pixels(axes: Axes, image: Array, title: str = "") -> None:
    axes.imshow(image.reshape(8, 8), cmap="gray_r", vmin=-1, vmax=1)
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, fontsize=10)


def draw_recall() -> None:
    stored = letters()
    network = nndsl.compile(RECALL)
    network.fit(x=stored)
    flipped = np.random.default_rng(4).random(stored.shape) < 0.25
    cues = np.where(flipped, -stored, stored)
    found = network.run(x=cues)
    figure = plt.figure(figsize=(9, 4.4), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(5, 4))
    grid = left.subplots(4, 4)
    stages = {"stored": stored, "cue": cues, "one sweep": found["first"], "at rest": found["rest"]}
    for column, (title, images) in enumerate(stages.items()):
        for row, image in enumerate(images):
            pixels(grid[row][column], image, title if row == 0 else "")
    axes = right.subplots()
    energies = np.concatenate([found["before"], found["trace"]], axis=1)
    for letter, line in zip("NDSL", energies, strict=True):
        axes.plot(line, marker="o", label=letter)
    axes.set(xlabel="sweep", ylabel="energy", xticks=range(energies.shape[1]))
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(HERE / "hopfield_recall.png", dpi=110)


def measured(network: nndsl.Network, units: int, load: float) -> tuple[float, float]:
    """The share of wrong bits after one step from the patterns, and their overlap with where they end."""
    patterns = np.random.default_rng(round(load * units)).choice([-1.0, 1.0], (round(load * units), units))
    network.fit(x=patterns)
    found = network.run(x=patterns)
    return float((found["once"] != patterns).mean()), float((found["rest"] * patterns).mean())


def draw_capacity() -> None:
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
    loads = np.arange(0.04, 0.4, 0.02)
    left.plot(loads, [erfc(sqrt(1 / (2 * load))) / 2 for load in loads], "k-", label="½ erfc(√(N/2p))")
    for units in (250, 1000):
        network = nndsl.compile(STORAGE, n=units)
        found = np.array([measured(network, units, load) for load in loads])
        left.plot(loads, found[:, 0], "o", label=f"N = {units}", markersize=4)
        right.plot(loads, found[:, 1], "o-", label=f"N = {units}", markersize=4)
    left.set(xlabel="p / N", ylabel="wrong bits after one step")
    right.axvline(0.138, color="k", linestyle=":", label="p / N = 0.138")
    right.set(xlabel="p / N", ylabel="overlap at rest", ylim=(0, 1.02))
    for axes in (left, right):
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(HERE / "hopfield_capacity.png", dpi=110)


if __name__ == "__main__":
    draw_recall()
    draw_capacity()
