"""What can be asked of an energy. Every answer is derived from the energy by differentiating it, so that
an entry says what a query takes and means and has no formula of its own.

In their signatures `group` is a unit group of the energy, `energy` an energy; the groups that are
clamped (`v = x`), and where a descent begins (`v from x`), follow by name.
"""

from __future__ import annotations

from nndsl.functions.catalogue import declare

declare(
    "query",
    "mean",
    "(unit: group, given: energy) -> real[*u]",
    "`mean(h | E, v = x)`: the expected value of each unit of h, exactly, where its units are "
    "independent given what is clamped: sigmoid(-∂E/∂h) for binary units.",
)

declare(
    "query",
    "mean_field",
    "(unit: group, given: energy; sweeps: integer = 20) -> real[*u]",
    "`mean_field(h | E, v = x)`: the fixed point of h_i = E[h_i | all other means], after `sweeps`.",
)

declare(
    "query",
    "sample",
    "(unit: group, given: energy; sweeps: integer = 1) -> real[*u]",
    "`sample(v | E)`: a draw by Gibbs sampling, every unit once a sweep.",
)

declare(
    "query",
    "settle",
    "(given: energy; sweeps: integer = 100, order: word(random|sequential|synchronous) = random) -> real[*u]",
    "`settle(E, v from x)`: descends E, one unit at a time, until nothing changes or `sweeps` are "
    "done (Hopfield 1982). A unit at zero net input keeps its state.",
)

declare(
    "query",
    "energy_of",
    "(given: energy) -> real[1]",
    "`energy_of(E, v = x, h = y)`: the energy of a state; every group is given.",
)

declare(
    "query",
    "free_energy",
    "(given: energy) -> real[1]",
    "`free_energy(E, v = x)`: -log Σ_h exp(-E(x, h)), exact where the units of h are independent given x.",
)

declare(
    "query",
    "log_partition",
    "(given: energy; chains: integer = 100, temperatures: integer = 1000) -> real[1]",
    "`log_partition(E)`: log Σ exp(-E) over all states, exact for small networks, else by annealed "
    "importance sampling (Neal 2001) with `chains` and `temperatures`.",
)

declare(
    "query",
    "likelihood",
    "(given: energy) -> real[1]",
    "`likelihood(E, v = x)`: log p(x) = -free_energy(E, v = x) - log_partition(E).",
)

declare(
    "query",
    "pseudo_likelihood",
    "(given: energy) -> real[1]",
    "`pseudo_likelihood(E, v = x)`: Σ_i log p(x_i | all other x), a measure that needs no partition "
    "function (Besag 1975).",
)

declare(
    "query",
    "reconstruction_error",
    "(given: energy) -> real[1]",
    "`reconstruction_error(E, v = x)`: the mean squared difference of x and its mean after one sweep "
    "of the hidden units and back.",
)
