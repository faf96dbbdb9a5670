"""Units of some groups as one row of states, which a quadratic energy couples: E = −½ sᵀ J s − bᵀ s + c.

The coupling J = −∂²E/∂s∂s and the field b = −∂E/∂s at s = 0, which depends on the states of all other
groups, come of the energy by differentiating it. No unit acts on itself, so that the net input of a unit,
b_i + Σ_j J_ij s_j, is −∂E/∂s_i.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate

from nndsl.building.layout import Layout
from nndsl.building.term import Term
from nndsl.differentiation.reverse import vector_jacobian
from nndsl.energies.chains import written
from nndsl.energies.energy import Energy, States, apart, count_of, gradient
from nndsl.energies.vanishing import without_zeros
from nndsl.graph.builder import Builder, prune
from nndsl.graph.graph import Node
from nndsl.graph.types import BATCH
from nndsl.graph.unroll import fixed
from nndsl.operators.broadcasting import filled
from nndsl.operators.leaves import Position
from nndsl.operators.lookup import OneHot
from nndsl.operators.movement import Concatenate, Reshape, Slice
from nndsl.operators.sweeps import Mode, Order, Sweeps
from nndsl.passes.pipeline import optimize
from nndsl.semantics.walk import parameters_of
from nndsl.types import Domain


@dataclass(frozen=True)
class Row:
    """The units of some groups, side by side."""

    energy: Energy
    groups: Sequence[str]

    @property
    def size(self) -> int:
        """The number of units."""
        return sum(map(self._size, self.groups))

    @property
    def layout(self) -> Layout:
        return Layout(batch=True, units=(self.size,))

    @property
    def domain(self) -> Domain:
        """The values of the units: all binary, or all bipolar."""
        (domain,) = {self.energy.groups[group].type.domain for group in self.groups}
        return domain

    def joined(self, states: States) -> Term:
        """The states of these groups: `[batch, units]`."""
        first, *rest = (self._flat(group, states[group]) for group in self.groups)
        return first.made(Concatenate(1), self.layout, *rest) if rest else first

    def parted(self, row: Term) -> States:
        """The states of each group."""
        ends = list(accumulate(map(self._size, self.groups)))
        return {
            group: self._taken(row, group, end - self._size(group), self.size - end)
            for group, end in zip(self.groups, ends, strict=True)
        }

    def field(self, states: States) -> Node:
        """b, given the states of all other groups: `[batch, units]`."""
        held = {group: state for group, state in states.items() if group not in self.groups}
        return self._derived(lambda row, others: row._net_at_zero(others), held, {})

    def coupling(self) -> Node:
        """J: `[units, units]`, from the parameters alone."""
        return self._derived(lambda row, _: row._derivatives(), {}, {BATCH: self.size})

    def _derived(
        self, derive: Callable[[Row, States], Node], states: States, sizes: Mapping[str, int]
    ) -> Node:
        """What is derived in a graph of its own, where symbols are of these sizes, as a part of this one."""
        scope, build = self.energy.scope, Builder()
        given = {p.name: scope.parameter(p) for p in parameters_of(self.energy.model.expression)}
        handed: dict[str, Node] = {}

        def received(name: str, term: Term) -> Term:
            leaf = build.argument(name, term.node.type)
            handed[leaf.name] = term.node
            return Term(build, leaf, term.layout)

        parameters = {name: received(name, term) for name, term in given.items()}
        others = {group: received(group, state) for group, state in states.items()}
        inner = replace(scope, build=build, values={}, parameters=parameters)
        row = Row(self.energy.within(inner, received), self.groups)
        derived = prune(build.graph({"": derive(row, others)}))
        graph = without_zeros(optimize(fixed(derived, sizes)))
        return written(scope.build, graph, handed)[""]

    def _net_at_zero(self, others: States) -> Node:
        """b: the net inputs at states of zero."""
        none = {group: self.energy.filled(group, 0) for group in self.energy.groups}
        states = {**none, **others}
        return self.joined({group: self.energy.field(group, states) for group in self.groups}).node

    def _derivatives(self) -> Node:
        """J, row by row: that of unit i is found in a batch with an example for each unit."""
        build = self.energy.scope.build
        none = {group: self.energy.filled(group, 0) for group in self.energy.groups}
        states = apart(self.energy.scope.constant(0).stretched(self.layout))
        net = gradient(-self.energy.of({**none, **self.parted(states)}), states)
        examples, units = self.layout.dimensions
        each = build(OneHot(units), build(Position(examples)))
        found = vector_jacobian(build, {net.node: each}, [states.node])
        return found.get(states.node) or filled(build, 0.0, states.node.type)

    def _size(self, group: str) -> int:
        return count_of(self.energy.groups[group].type)

    def _flat(self, group: str, state: Term) -> Term:
        layout = Layout(batch=True, units=(self._size(group),))
        return state.made(Reshape(layout.dimensions), layout)

    def _taken(self, row: Term, group: str, before: int, after: int) -> Term:
        layout = self.energy.layout(group)
        return row.made(Slice(1, before, after), row.layout).made(Reshape(layout.dimensions), layout)


@dataclass(frozen=True)
class Chain:
    """Sweeps through the units of a row while all other groups are held at `states`."""

    row: Row
    states: States
    mode: Mode
    order: Order
    stream: int

    @cached_property
    def _field(self) -> Node:
        return self.row.field(self.states)

    @cached_property
    def _coupling(self) -> Node:
        return self.row.coupling()

    def swept(self, states: States, sweeps: int, begin: int = 0) -> States:
        """The states of all groups after some sweeps, from the `begin`-th on."""
        scope = self.row.energy.scope
        binary = self.row.domain is Domain.BINARY
        operator = Sweeps(
            self.mode, "binary" if binary else "bipolar", self.order, sweeps, self.stream, begin
        )
        before = self.row.joined(states)
        after = scope.build(operator, before.node, self._field, self._coupling, *scope.run())
        return {**self.states, **self.row.parted(replace(before, node=after))}
