"""Sets of images on the data path. Pixels are 0 to 255 and grids are (row, column)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nndsl.data.catalogue import source
from nndsl.data.examples import Array
from nndsl.data.formats import read_idx, read_npz
from nndsl.data.table import Part, Table


@source(
    "mnist",
    train_images="mnist/train-images-idx3-ubyte.gz",
    train_labels="mnist/train-labels-idx1-ubyte.gz",
    test_images="mnist/t10k-images-idx3-ubyte.gz",
    test_labels="mnist/t10k-labels-idx1-ubyte.gz",
)
def mnist(train_images: Path, train_labels: Path, test_images: Path, test_labels: Path) -> Table:
    """Handwritten digits (LeCun, Cortes, Burges).

    Columns: image (70000, 28, 28), 0 background to 255 ink; label (70000,), 0 to 9.
    Split: the official one, 60,000 for training, then 10,000 for the test.
    """
    return _idx("mnist", train_images, train_labels, test_images, test_labels)


@source(
    "fashion_mnist",
    train_images="fashion_mnist/train-images-idx3-ubyte.gz",
    train_labels="fashion_mnist/train-labels-idx1-ubyte.gz",
    test_images="fashion_mnist/t10k-images-idx3-ubyte.gz",
    test_labels="fashion_mnist/t10k-labels-idx1-ubyte.gz",
)
def fashion_mnist(train_images: Path, train_labels: Path, test_images: Path, test_labels: Path) -> Table:
    """Pictures of clothes (Xiao, Rasul, Vollgraf 2017).

    Columns: image (70000, 28, 28); label (70000,): T-shirt, trouser, pullover, dress, coat, sandal, shirt,
    sneaker, bag, ankle boot. Split: the official one, 60,000 for training, then 10,000 for the test.
    """
    return _idx("fashion_mnist", train_images, train_labels, test_images, test_labels)


@source("usps", arrays="usps/usps.npz")
def usps(arrays: Path) -> Table:
    """Digits from envelopes (Hull 1994).

    Columns: image (9298, 16, 16); label (9298,), 0 to 9. Split: the official one, 7,291 and 2,007.
    """
    held = read_npz(arrays, ("x_train", "y_train", "x_test", "y_test"))
    return _halves("usps", held["x_train"], held["y_train"], held["x_test"], held["y_test"])


@source(
    "cifar10",
    train="cifar10_subset/cifar10_train4k.npz",
    test="cifar10_subset/cifar10_test1k_jpeg.npz",
)
def cifar10(train: Path, test: Path) -> Table:
    """Small colour photographs of ten kinds of things (Krizhevsky 2009), 5,000 of them.

    Columns: image (5000, 32, 32, 3), colours red, green, blue; label (5000,): airplane, automobile, bird,
    cat, deer, dog, frog, horse, ship, truck. Split: the first 4,000 of the official training part; 100 a
    class of the official test part, which were decoded from JPEG.
    """
    first, second = read_npz(train, ("x", "y")), read_npz(test, ("x", "y"))
    return _halves(
        "cifar10", np.moveaxis(first["x"], 1, 3), first["y"], np.moveaxis(second["x"], 1, 3), second["y"]
    )


@source("olivetti", arrays="olivetti/olivetti.npz")
def olivetti(arrays: Path) -> Table:
    """Faces of 40 people, ten photographs each (AT&T Laboratories Cambridge). No split of its own.

    Columns: image (400, 64, 64); label (400,), the person, 0 to 39.
    """
    held = read_npz(arrays, ("x", "person"))
    return Table("olivetti", {"image": held["x"], "label": held["person"]})


def _idx(name: str, train_images: Path, train_labels: Path, test_images: Path, test_labels: Path) -> Table:
    return _halves(
        name, read_idx(train_images), read_idx(train_labels), read_idx(test_images), read_idx(test_labels)
    )


def _halves(name: str, train_x: Array, train_y: Array, test_x: Array, test_y: Array) -> Table:
    """A training and a test part, one after the other."""
    columns = {"image": np.concatenate([train_x, test_x]), "label": np.concatenate([train_y, test_y])}
    part = np.repeat([Part.TRAIN, Part.TEST], [len(train_x), len(test_x)])
    return Table(name, columns, part)
