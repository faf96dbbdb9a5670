"""Small sets whose files come with scikit-learn, so that every installation has them.

The files are read directly: importing scikit-learn would take longer than training on them.
Licences of the data: digits, iris, wine, breast_cancer CC BY 4.0 (UCI); diabetes public (Efron et al.
2004).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nndsl.data.catalogue import source
from nndsl.data.examples import Array
from nndsl.data.formats import read_numbers
from nndsl.data.table import Part, Table


@source("digits", rows="digits.csv.gz")
def digits(rows: Path) -> Table:
    """Handwritten digits, 8x8 pixels (test part of UCI optdigits).

    Columns: image (1797, 8, 8), 0 background to 16 ink; label (1797,), 0 to 9.
    Split: every third row (row % 3 == 2, counted from zero) is the test part.
    """
    numbers = read_numbers(rows)
    image = numbers[:, :-1].reshape(-1, 8, 8).astype(np.uint8)
    part = np.where(np.arange(len(numbers)) % 3 == 2, Part.TEST, Part.TRAIN)
    return Table("digits", {"image": image, "label": numbers[:, -1].astype(np.uint8)}, part)


@source("iris", rows="iris.csv")
def iris(rows: Path) -> Table:
    """Three species of iris (Fisher 1936). No split of its own.

    Columns: features (150, 4), in cm, and each by name: sepal_length, sepal_width, petal_length,
    petal_width (150,); label (150,): 0 setosa, 1 versicolor, 2 virginica.
    """
    return _classes("iris", rows, ("sepal_length", "sepal_width", "petal_length", "petal_width"))


@source("wine", rows="wine_data.csv")
def wine(rows: Path) -> Table:
    """Wines of three growers by chemical analysis. No split of its own.

    Columns: features (178, 13), and each by name, from alcohol to proline (178,); label (178,), 0 to 2.
    """
    names = (
        *("alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids"),
        *("nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280_od315", "proline"),
    )
    return _classes("wine", rows, names)


@source("breast_cancer", rows="breast_cancer.csv")
def breast_cancer(rows: Path) -> Table:
    """Tumours by measurements of their cell nuclei (Wisconsin, diagnostic). No split of its own.

    Columns: features (569, 30), and each by name: mean_, error_ and worst_ of radius, texture, perimeter,
    area, smoothness, compactness, concavity, concave_points, symmetry, fractal_dimension (569,); label
    (569,): 0 malignant, 1 benign.
    """
    measured = (
        *("radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity"),
        *("concave_points", "symmetry", "fractal_dimension"),
    )
    names = tuple(f"{which}_{name}" for which in ("mean", "error", "worst") for name in measured)
    return _classes("breast_cancer", rows, names)


@source("diabetes", rows="diabetes_data_raw.csv.gz", progress="diabetes_target.csv.gz")
def diabetes(rows: Path, progress: Path) -> Table:
    """Progress of diabetes a year after ten baseline measurements, for regression. No split of its own.

    Columns: features (442, 10), as measured, and each by name: age, sex, bmi, bp, s1 to s6 (442,);
    target (442,), 25 to 346.
    """
    names = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")
    target = read_numbers(progress, delimiter=None)[:, 0]
    return Table("diabetes", _features(read_numbers(rows, delimiter=None), names) | {"target": target})


def _classes(name: str, path: Path, names: tuple[str, ...]) -> Table:
    """A file of scikit-learn's: a line of counts and class names, then features with the class last."""
    numbers = read_numbers(path, skip_lines=1)
    label = {"label": numbers[:, -1].astype(np.uint8)}
    return Table(name, _features(numbers[:, :-1], names) | label)


def _features(numbers: Array, names: tuple[str, ...]) -> dict[str, Array]:
    return {"features": numbers} | {name: numbers[:, i] for i, name in enumerate(names)}
