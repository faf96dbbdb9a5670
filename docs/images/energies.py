"""Draws the pictures of docs/energies.md from a trained RBM, a belief network, and Ising models.

nndsl run specs/rbm.nn --set epochs=10 --data DATA
nndsl run dreams.nn --data DATA      (the network `Dreams` of the page)
python docs/images/energies.py runs/rbm-… runs/dreams-… DATA
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

import nndsl
from nndsl.data.load import load_parts

HERE = Path(__file__).parent
SPECS = HERE.parent.parent / "specs"
Array = NDArray[np.float64]

FANTASIES = """
network Fantasies {
  input  x[784] binary
  param  W, b, a
  energy E(v[784] binary, h[500] binary) = -dot(v, full(h, W)) - dot(b, v) - dot(a, h)
  output one[784]    = mean(v | E, h = sample(h | E, v = x))
  output five[784]   = mean(v | E, h = sample(h | E, v from x, sweeps = 5))
  output twenty[784] = mean(v | E, h = sample(h | E, v from x, sweeps = 20))
}
"""

TEMPERATURES = {3.5: "above", 2.269: "at", 1.8: "below"}


def tiles(images: Array, columns: int) -> Array:
    """Pictures of 28x28 pixels in rows, with gaps between them."""
    gaps = ((0, 0), (1, 1), (1, 1))
    framed = np.pad(images.reshape(-1, 28, 28), gaps, constant_values=np.nan)
    found: Array = framed.reshape(-1, columns, 30, 30).transpose(0, 2, 1, 3).reshape(-1, columns * 30)
    return found


def panels(titles: Sequence[str], pictures: Sequence[Array], name: str, colours: str = "gray_r") -> None:
    """Pictures side by side, as a file."""
    width = 9 * len(pictures) / max(2, len(pictures))
    figure, axes = plt.subplots(1, len(pictures), figsize=(width, 0.5 + 9 / max(2, len(pictures))))
    for panel, title, picture in zip(np.atleast_1d(axes), titles, pictures, strict=True):
        panel.imshow(picture, cmap=colours)
        panel.set_title(title, fontsize=10)
        panel.axis("off")
    figure.tight_layout()
    figure.savefig(HERE / name, dpi=110, bbox_inches="tight")


def draw_machine(run: Path, data: Path) -> None:
    """The weights of 64 hidden units, and chains that begin at digits."""
    trained = nndsl.load(run)
    chains = nndsl.compile(FANTASIES)
    for name, values in chains.parameters.items():
        values[...] = trained.parameters[name]
    digits = np.asarray(load_parts(trained.model, [data]).test.inputs["x"])[:8].reshape(8, 784)
    found = chains.run(x=digits)
    rows = np.stack([digits, found["one"], found["five"], found["twenty"]], axis=1)
    weights = trained.parameters["W"].T[:64]
    weights = weights / np.abs(weights).max(axis=1, keepdims=True) / 2 + 0.5
    titles = ("weights of 64 hidden units", "digits; means after 1, 5 and 20 sweeps")
    panels(titles, (tiles(weights, 8), np.repeat(tiles(rows.reshape(-1, 784), 4), 1, 0)), "rbm.png")


def draw_dreams(run: Path) -> None:
    """What the two layers on top dream, and the layer below draws."""
    found = nndsl.load(run).run(x=np.zeros((40, 784)))["dream"]
    panels(("",), (tiles(found, 10),), "dbn.png")


def draw_magnets() -> None:
    """States of grids after 200 sweeps, by their temperature T = 1 / J."""
    titles = [f"T = {temperature}, {place} the critical one" for temperature, place in TEMPERATURES.items()]
    networks = [nndsl.compile(SPECS / "ising.nn", J=1 / temperature) for temperature in TEMPERATURES]
    panels(titles, [network.run()["cold"].reshape(32, 32) for network in networks], "ising.png")


if __name__ == "__main__":
    machine, dreaming, data = map(Path, sys.argv[1:])
    draw_machine(machine, data)
    draw_dreams(dreaming)
    draw_magnets()
