"""Which units interact, and how many colours they take."""

from __future__ import annotations

import pytest
from enumeration import network

from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.energies.schedule import colour_count, schedule
from nndsl.energies.structure import Structure, structure


def found(energy: str, parameters: str = "", groups: str = "v[4] binary, h[3] binary") -> Structure:
    """The structure of an energy of these groups."""
    text = f"network N {{ input x[4]  {parameters}  energy E({groups}) = {energy}  output y[4] = x }}"
    (model,) = network(text).model.energies
    return structure(model)


RBM = "-dot(v, full(h)) - sum(v * a) - sum(h * b)", "param a, b"
BOLTZMANN = (
    "-dot(v, full(h)) - dot(v, full(v, L)) / 2 - dot(h, full(h, J)) / 2",
    "param L symmetric no_self param J symmetric no_self",
)
DEEP = "-dot(h, full(v)) - dot(k, full(h))", "", "v[4] binary, h[3] bipolar, k[5] onehot"
GRID = (
    "-dot(s, local(s, 3x3, K, pad = 1)) / 2",
    "param K fixed = [[[[0, 1, 0], [1, 0, 1], [0, 1, 0]]]]",
    "s[1] bipolar over 6x5",
)
RING = "-dot(s, wired(s, (j -> i) where abs(i - j) == 1 or abs(i - j) == {1})) / 2", "", "s[{0}] binary"
GAUSSIAN = "sum((v - a) ^ 2) / 2 - dot(h, full(v))", "param a", "v[4], h[3] binary"


def ring(size: int) -> tuple[str, ...]:
    return tuple(part.format(size, size - 1) for part in RING)


@pytest.mark.parametrize(
    ("energy", "colours"),
    [
        pytest.param(RBM, 2, id="restricted Boltzmann machine"),
        pytest.param(BOLTZMANN, 4 + 3, id="Boltzmann machine"),
        pytest.param(DEEP, 2, id="three layers"),
        pytest.param(GAUSSIAN, 2, id="Gaussian units"),
        pytest.param(GRID, 2, id="grid"),
        pytest.param(ring(8), 2, id="even ring"),
        pytest.param(ring(7), 3, id="odd ring"),
    ],
)
def test_colours(energy: tuple[str, ...], colours: int) -> None:
    assert colour_count(found(*energy)) == colours


def test_neighbours_of_a_grid() -> None:
    """Each unit has the four beside it: 2 · 6 · 5 − 6 − 5 pairs."""
    pairs = found(*GRID).within["s"]
    assert (pairs == pairs.T).all()
    assert pairs.sum() == 2 * (2 * 6 * 5 - 6 - 5)


def test_what_is_asked_for_is_updated_last() -> None:
    deep = found(*DEEP)
    v, h, k = (("v", None), ("h", None), ("k", None))
    assert schedule(deep, ("v", "h", "k"), last="h") == ((v, k), (h,))
    assert schedule(deep, ("v", "h", "k"), last="k") == ((h,), (v, k))


def test_a_grid_is_updated_as_a_chessboard() -> None:
    grid = found(*GRID)
    classes = schedule(grid, ("s",))
    assert classes is not None
    ((_, black),), ((_, white),) = classes
    assert black is not None and white is not None
    assert black.steps == (1, 1, 0) and {black.number, white.number} == {0, 1}


def test_fixed_zeros_join_nothing() -> None:
    """Of the learned parameters only the shape is known, of a fixed one its numbers."""
    energy = "-dot(v, full(v, W)) / 2"
    matrix = "[[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 2], [0, 0, 2, 0]]"
    fixed = found(energy, f"param W fixed = {matrix}", "v[4] bipolar")
    assert fixed.within["v"].sum() == 4
    learned = found(energy, f"param W symmetric no_self = {matrix}", "v[4] bipolar")
    assert learned.within["v"].sum() == 4 * 3


def test_what_bends_is_no_energy_of_discrete_units() -> None:
    """Also where its second derivative vanishes, as that of a rectifier does."""
    with pytest.raises(NNDSLError) as caught:
        found("-sum(relu(v - 0.5)) - dot(v, full(h))")
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["E0340"]
