"""What the bodies of local learning rules are written with.

A body whose first parameter is called `statistics` says what is summed over the examples of a batch, and what
becomes of the learned parameters from it. One whose first parameter is called `example` says what one example
adds to them at once, before the next is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isqrt, prod

from nndsl.building.connections import reshaped
from nndsl.building.term import Term
from nndsl.differentiation.reverse import vector_jacobian
from nndsl.energies.energy import gradient
from nndsl.graph.builder import Builder
from nndsl.graph.graph import Graph, Node
from nndsl.learning.clock import Clock
from nndsl.operators.comparisons import Where
from nndsl.operators.leaves import Input, ParameterLeaf
from nndsl.operators.lookup import Gather, ScatterAdd
from nndsl.semantics.model import Parameter, Setting

Learned = Sequence[tuple[Parameter, Term]]
"""The parameters that a rule changes, with their terms in the graph."""

Updating = Callable[..., Term]
"""A function `(epoch, **sums) -> rows of the parameter`."""


@dataclass(frozen=True)
class Epoch:
    """The end of an epoch: `rows` are the weights of each unit as they are, `[units, inputs]`."""

    clock: Clock
    rows: Term

    def at(self, setting: Setting) -> Term | float:
        """What a number or a schedule is in this epoch."""
        return self.clock.at(setting)

    def mean_or_old(self, total: Term, weight: Term) -> Term:
        """total / weight, for each `unit`; its old weights where there is no weight."""
        some = weight.zero().apply("less", weight)
        mean = total / weight.where(some, 1.0)
        return some.stretched(mean.layout).made(Where(), mean.layout, mean, self.rows.across("unit"))


@dataclass
class _Contribution:
    """What examples contribute. `x` is what the units of the rule's first argument are fed, `[inputs]`."""

    build: Builder
    learned: Learned
    x: Term

    @property
    def rows(self) -> Term:
        """The weights of each unit, `[units, inputs]`."""
        ((_, term),) = self.learned
        return _rows(term, self.x)


@dataclass
class Statistics(_Contribution):
    """One batch's contribution to a local learning rule.

    `net` is the net input of the units that the rule's first argument names; for `agreement` see the module
    of this name. A rule that descends fills `sums` with the gradient of each learned parameter, which start
    at zero in each epoch if it goes `from_zero`; any other fills it with sums of its own, and `update` with
    the graph of what the parameters become from these after each epoch.
    """

    net: Term
    agreement: Term | None = None
    from_zero: bool = False
    sums: dict[str, Node] = field(default_factory=dict)
    update: Graph | None = None

    def descend(self, result: Term, cotangent: Term) -> None:
        """The learned parameters go against the gradient that they have where that of `result` is
        `cotangent`,
        summed over the examples of the batch."""
        wanted = [term.node for _, term in self.learned]
        found = vector_jacobian(self.build, {result.node: cotangent.node}, wanted)
        self.sums = {parameter.name: found[term.node] for parameter, term in self.learned}

    def correlation(self) -> Term:
        """How the agreement of the batch's examples grows with each of the learned weights; a symmetric pair
        counts once."""
        ((parameter, weights),) = self.learned
        assert self.agreement is not None
        found = gradient(self.agreement, weights)
        if not parameter.symmetric:
            return found
        side = isqrt(prod(weights.units))
        matrix = found.with_units((side, side))
        return (matrix + matrix.transposed()).with_units(weights.units)

    def become(self, sums: Mapping[str, Term], update: Updating) -> None:
        """After an epoch the one learned parameter becomes `update(epoch, **sums over all examples)`."""
        ((parameter, term),) = self.learned
        self.sums = {name: total.node for name, total in sums.items()}
        build = Builder()
        leaf = ParameterLeaf(parameter.name, term.node.type)
        old = replace(term, build=build, node=build(leaf, name=parameter.name))
        epoch = Epoch(Clock.counted(build), _rows(old, self.x))
        new = update(epoch, **{name: _fed(build, name, total) for name, total in sums.items()})
        self.update = build.graph({parameter.name: _shaped(new, term)})


@dataclass
class Example(_Contribution):
    """One example's contribution to a local learning rule: `added` at once, by parameter."""

    added: dict[str, Node] = field(default_factory=dict)

    @property
    def numbers(self) -> Term:
        """The number of each `unit`."""
        return self.x.unit_number(self.rows.units[0]).across("unit")

    def at(self, setting: Setting) -> Term | float:
        """What a number or a schedule is at this step."""
        return Clock.counted(self.build).at(setting)

    def row(self, unit: Term) -> Term:
        """The weights of the unit of this number, `[inputs]`."""
        return replace(self.x, node=self.build(Gather(), self.rows.node, unit.node))

    def add(self, change: Term) -> None:
        """Adds to the weights, `[inputs]` for each `unit`."""
        ((parameter, term),) = self.learned
        self.added[parameter.name] = _shaped(change.stretched(self.rows.across("unit").layout), term)

    def add_to(self, unit: Term, change: Term) -> None:
        """Adds to the weights of the unit of this number, `[inputs]`."""
        rows = self.rows
        scatter = ScatterAdd(rows.node.type.dimensions[0])
        self.add(replace(rows, node=self.build(scatter, unit.node, change.node)).across("unit"))


def _rows(parameter: Term, x: Term) -> Term:
    """A parameter's weights for each unit, one for each of what it is fed."""
    inputs = prod(x.units)
    return parameter.with_units((prod(parameter.units) // inputs, inputs))


def _fed(build: Builder, name: str, term: Term) -> Term:
    return replace(term, build=build, node=build(Input(name, term.node.type), name=name))


def _shaped(rows: Term, parameter: Term) -> Node:
    """Rows as the parameter has them."""
    return reshaped(rows.build, rows.node, parameter.node.type.dimensions)
