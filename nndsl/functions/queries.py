"""What can be asked of an energy. The entries say what a query takes and means and have no formula of
their own: every answer is derived from the energy by differentiating it.

In their signatures `group` is a unit group of the energy, `energy` an energy; the groups that are
clamped (`v = x`), and where a descent begins (`v from x`), follow by name.
"""

from __future__ import annotations

from nndsl.functions.catalogue import entry


@entry("query", "mean", "(unit: group, given: energy) -> real[*u]")
def mean() -> None:
    """`mean(h | E, v = x)`: the expected value of each unit of h, exactly, where its units are independent
    given what is clamped: sigmoid(-∂E/∂h) for binary units."""


@entry("query", "mean_field", "(unit: group, given: energy; sweeps: integer = 20) -> real[*u]")
def mean_field() -> None:
    """`mean_field(h | E, v = x)`: the fixed point of h_i = E[h_i | all other means], after `sweeps`."""


@entry("query", "sample", "(unit: group, given: energy; sweeps: integer = 1) -> real[*u]")
def sample() -> None:
    """`sample(v | E)`: a draw by Gibbs sampling, every unit once a sweep."""


@entry(
    "query",
    "settle",
    "(given: energy; sweeps: integer = 100, order: word(random|sequential|synchronous) = random) -> real[*u]",
)
def settle() -> None:
    """`settle(E, v from x)`: descends E, one unit at a time, until nothing changes or `sweeps` are done
    (Hopfield 1982). A unit at zero net input keeps its state."""


@entry("query", "energy_of", "(given: energy) -> real[1]")
def energy_of() -> None:
    """`energy_of(E, v = x, h = y)`: the energy of a state; every group is given."""


@entry("query", "free_energy", "(given: energy) -> real[1]")
def free_energy() -> None:
    """`free_energy(E, v = x)`: -log Σ_h exp(-E(x, h)), exact where the units of h are independent given x."""


@entry(
    "query",
    "log_partition",
    "(given: energy; chains: integer = 100, temperatures: integer = 1000) -> real[1]",
)
def log_partition() -> None:
    """`log_partition(E)`: log Σ exp(-E) over all states, exact for small networks, else by annealed
    importance sampling (Neal 2001) with `chains` and `temperatures`."""


@entry("query", "likelihood", "(given: energy) -> real[1]")
def likelihood() -> None:
    """`likelihood(E, v = x)`: log p(x) = -free_energy(E, v = x) - log_partition(E)."""


@entry("query", "pseudo_likelihood", "(given: energy) -> real[1]")
def pseudo_likelihood() -> None:
    """`pseudo_likelihood(E, v = x)`: Σ_i log p(x_i | all other x), a measure that needs no partition function
    (Besag 1975)."""


@entry("query", "reconstruction_error", "(given: energy) -> real[1]")
def reconstruction_error() -> None:
    """`reconstruction_error(E, v = x)`: the mean squared difference of x and its mean after one sweep of the
    hidden units and back."""
