"""An energy in a graph that is being built: a function of the states of its unit groups.

States are real values of the shape of their group; a group of onehot units has all its values, the last
unit axis being those of one unit. All that is asked of an energy comes from this function and from its
derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod

from nndsl.building.expressions import lower
from nndsl.building.layout import Layout
from nndsl.building.reductions import summed
from nndsl.building.scope import Scope
from nndsl.building.term import Term, known
from nndsl.differentiation.reverse import vector_jacobian
from nndsl.graph.types import Element
from nndsl.operators.broadcasting import filled
from nndsl.operators.movement import Reshape
from nndsl.semantics.model import Apply, EnergyModel, Expression, Value
from nndsl.types import Domain, Type

States = Mapping[str, Term]
"""The state of each unit group, by its name."""

Transfer = Callable[[str, Term], Term]
"""Hands a value in from another graph, under a name."""


@dataclass(frozen=True)
class Energy:
    """An energy and the graph that it is written into."""

    model: EnergyModel
    scope: Scope

    @property
    def groups(self) -> dict[str, Value]:
        """The unit groups by the names that questions call them."""
        return groups_of(self.model)

    def layout(self, group: str) -> Layout:
        """The layout of a group's states, its own for each example."""
        return Layout.of(self.groups[group].type)

    def filled(self, group: str, value: float) -> Term:
        """A group of which every unit is at one value."""
        return self.scope.constant(value).stretched(self.layout(group))

    def states(self, given: Iterable[tuple[str, Expression]]) -> dict[str, Term]:
        """What groups are said to be in, by group."""
        domains = {name: group.type.domain for name, group in self.groups.items()}
        return {name: state(self.scope, x, domains[name], self.layout(name)) for name, x in given}

    def of(self, states: States) -> Term:
        """E: one number for each example, the sum over units and index spaces."""
        values = {value.name: states[name] for name, value in self.groups.items()}
        scope = replace(self.scope, values=values)
        with scope.build.at(self.model.name, self.model.span):
            total = scope.constant(0)
            for sign, summand in summands(self.model.expression):
                term = summed_up(lower(scope, summand))
                total = total + term if sign > 0 else total - term
            return total.stretched(Layout(batch=True))

    def within(self, scope: Scope, transfer: Transfer) -> Energy:
        """The same energy in another graph."""
        return replace(self, scope=scope)

    def field(self, group: str, states: States) -> Term:
        """−∂E/∂g, the net input of each unit of a group: how much a unit's state is favoured."""
        here = apart(states[group])
        energy = self.of({**states, group: here})
        return gradient(-energy, here)


def state(scope: Scope, given: Expression, domain: Domain, layout: Layout) -> Term:
    """What units are said to be in, in their shape; of a truth, one of the two states."""
    term = lower(scope, given)
    if term.node.type.element is Element.TRUTH and domain is Domain.BIPOLAR:
        term = 2 * term.real() - 1
    term = replace(term, layout=term.layout.renamed(layout.space))
    return term.real().stretched(layout)


def summed_up(term: Term) -> Term:
    """The sum over units and index space: one number for each example."""
    return summed(term.sum_units())


def groups_of(energy: EnergyModel) -> dict[str, Value]:
    """The unit groups of an energy by the names that questions call them."""
    return {value.name.rpartition(".")[2]: value for value in energy.groups}


def count_of(type: Type) -> int:
    """How many numbers the state of a group has, at all places of its index space."""
    return type.unit_count * prod(known(axis.extent) for axis in type.space)


def summands(expression: Expression) -> Iterator[tuple[int, Expression]]:
    """The parts of a sum, each with its sign, from left to right."""
    pending = [(1, expression)]
    while pending:
        sign, part = pending.pop()
        match part:
            case Apply(function="add", arguments=(left, right)):
                pending += [(sign, right), (sign, left)]
            case Apply(function="subtract", arguments=(left, right)):
                pending += [(-sign, right), (sign, left)]
            case Apply(function="negate", arguments=(operand,)):
                pending.append((-sign, operand))
            case _:
                yield sign, part


def apart(term: Term) -> Term:
    """The same value as a node of its own, to differentiate by."""
    return term.made(Reshape(term.layout.dimensions), term.layout)


def gradient(result: Term, by: Term) -> Term:
    """Σ ∂result/∂by over all entries of the result, in the shape of `by`."""
    build = result.build
    ones = filled(build, 1.0, result.node.type)
    found = vector_jacobian(build, {result.node: ones}, [by.node])
    return replace(by, node=found.get(by.node) or filled(build, 0.0, by.node.type))
