"""What can be asked of an energy. Every answer is derived from the energy by differentiating it.

No entry has a formula for any one model. In their signatures `group` is a unit group of the energy, `energy`
an energy; the groups that are clamped (`v = x`), and where a descent begins (`v from x`), follow by name. A
body gets the question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.functions.catalogue import entry

if TYPE_CHECKING:
    from nndsl.building.term import Term
    from nndsl.energies.question import Question


@entry("query", "mean", "(unit: group, given: energy) -> real[*u]")
def mean(question: Question) -> Term:
    """`mean(h | E, v = x)`: the expected value of each unit of h, exactly, where its units are independent
    given what is clamped: sigmoid(-∂E/∂h) for binary units."""
    return question.conditional(question.unit, question.clamped).mean()


@entry("query", "mean_field", "(unit: group, given: energy; sweeps: integer = 20) -> real[*u]")
def mean_field(question: Question, sweeps: int) -> Term:
    """`mean_field(h | E, v = x)`: the fixed point of h_i = E[h_i | all other means], after `sweeps` from the
    middle on."""
    return question.averaged(sweeps)[question.unit]


@entry("query", "sample", "(unit: group, given: energy; sweeps: integer = 1) -> real[*u]")
def sample(question: Question, sweeps: int) -> Term:
    """`sample(v | E)`: a draw by Gibbs sampling, every unit once a sweep, from a random state on, or, with
    `sample(v | E, v from x)`, from x. Of units that are independent given what is clamped it is exact after
    one sweep."""
    return question.drawn(sweeps)[question.unit]


@entry("query", "energy_of", "(given: energy) -> real[1]")
def energy_of(question: Question) -> Term:
    """`energy_of(E, v = x, h = y)`: the energy of a state; every group is given."""
    return question.energy.of(question.clamped)


@entry("query", "free_energy", "(given: energy) -> real[1]")
def free_energy(question: Question) -> Term:
    """`free_energy(E, v = x)`: -log Σ_h exp(-E(x, h)), exactly, where the units of h are independent given
    x."""
    return question.free_energy(question.clamped)


@entry(
    "query",
    "log_partition",
    "(given: energy; chains: integer = 100, temperatures: integer = 1000) -> real[1]",
)
def log_partition(question: Question, chains: int, temperatures: int) -> Term:
    """`log_partition(E)`: log Σ exp(-E) over all states. Exact where no more than 2^25 states have to be
    looked at; else by annealed importance sampling with so many `chains` and `temperatures` (Neal 2001).
    Where groups are given, over the states of all others, exactly."""
    return question.log_sum() if question.clamped else question.log_partition(chains, temperatures)


@entry(
    "query",
    "log_partition_error",
    "(given: energy; chains: integer = 100, temperatures: integer = 1000) -> real[1]",
)
def log_partition_error(question: Question, chains: int, temperatures: int) -> Term:
    """`log_partition_error(E)`: the standard error of `log_partition(E)` over the chains; zero where that is
    exact."""
    return question.log_partition_error(chains, temperatures)


@entry(
    "query",
    "likelihood",
    "(given: energy; chains: integer = 100, temperatures: integer = 1000) -> real[1]",
)
def likelihood(question: Question, chains: int, temperatures: int) -> Term:
    """`likelihood(E, v = x)`: log p(x) = log Σ_h exp(-E(x, h)) - log_partition(E)."""
    return question.log_sum() - question.log_partition(chains, temperatures)


@entry("query", "pseudo_likelihood", "(given: energy) -> real[1]")
def pseudo_likelihood(question: Question) -> Term:
    """`pseudo_likelihood(E, v = x)`: Σ_i log p(x_i | all other x), a measure that needs no partition function
    (Besag 1975). Of an energy with groups that are not given it is n·log p(x_i | all other x) at one unit i,
    drawn for each example, where n is the number of given units: right on average."""
    if not question.free:
        return question.log_conditionals()
    here = question.free_energy(question.clamped)
    there = question.free_energy(question.one_turned())
    return -question.given_count * (here - there).apply("softplus")


@entry("query", "reconstruction_error", "(given: energy) -> real[1]")
def reconstruction_error(question: Question) -> Term:
    """`reconstruction_error(E, v = x)`: the mean squared difference of x and its mean given the means of the
    other groups, themselves given x."""
    others = question.means()
    means = {group: question.conditional(group, others).mean() for group in question.clamped}
    return question.distance(means) / question.given_count
