"""An energy's net inputs at random parameters, for any states, in double precision.

What is zero at random numbers is zero wherever the energy is a polynomial, so that a few evaluations tell
which derivatives of an energy vanish.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nndsl.building.scope import Scope
from nndsl.building.term import Term
from nndsl.energies.energy import Energy, groups_of
from nndsl.graph.builder import Builder, prune
from nndsl.graph.graph import Graph
from nndsl.graph.interpret import interpret
from nndsl.graph.types import BATCH, TensorType
from nndsl.semantics.model import EnergyModel, Parameter
from nndsl.semantics.walk import parameters_of

Array = NDArray[np.float64]

ROUNDING = 1e-9
"""Numbers that differ by less than this share of the largest are equal."""

ROWS_AT_ONCE = 256
"""For how many states net inputs are computed together."""


class Probe:
    """The net inputs −∂E/∂g of all groups of an energy, as functions of the states of all groups."""

    def __init__(self, energy: EnergyModel) -> None:
        self._groups = tuple(groups_of(energy))
        self._random = np.random.default_rng(0)
        self._graph = _net_inputs(energy)
        self._parameters = {p.name: self._numbers(p) for p in parameters_of(energy.expression)}

    def states(self) -> dict[str, Array]:
        """A random state of each group."""
        return {name: self._random.normal(size=self._shape(name)) for name in self._groups}

    def step(self, group: str) -> Array:
        """How a group may be moved: none of its units by nearly nothing."""
        shape = self._shape(group)
        return self._random.choice([-1.0, 1.0], shape) * self._random.uniform(0.5, 1.5, shape)

    def changes(self, group: str, states: Mapping[str, Array], steps: Array) -> dict[str, Array]:
        """How the net inputs of all groups change, `[moves, …]`, with each of some moves of one group.

        What is nothing but rounding is zero.
        """
        before = self._at(states, group, states[group][None])
        starts = range(0, len(steps), ROWS_AT_ONCE)
        moved = (states[group] + steps[first : first + ROWS_AT_ONCE] for first in starts)
        found = [self._at(states, group, others) for others in moved]
        after = {name: np.concatenate([part[name] for part in found]) for name in before}
        return {name: np.where(differ(after[name], x), after[name] - x, 0.0) for name, x in before.items()}

    def _at(self, states: Mapping[str, Array], group: str, others: Array) -> dict[str, Array]:
        """The net inputs of all groups, `[rows, …]`, where one group is in each of these states."""
        rows = len(others)
        feeds = {name: np.broadcast_to(x, (rows, *x.shape)) for name, x in states.items()} | {group: others}
        return interpret(self._graph, {**feeds, **self._parameters}, {BATCH: rows})

    def _shape(self, group: str) -> tuple[int, ...]:
        return self._graph.outputs[group].type.shape({BATCH: 1})[1:]

    def _numbers(self, parameter: Parameter) -> Array:
        """Random numbers, or those that a parameter has for good."""
        initial = parameter.initial
        if not parameter.learned and initial.method in ("given", "constant"):
            values = initial.values if initial.values is not None else initial.numbers[0]
            return np.broadcast_to(np.asarray(values, np.float64), parameter.shape)
        return self._random.normal(size=parameter.shape)


def differ(a: Array, b: Array) -> NDArray[np.bool_]:
    """Where numbers are not equal, but for rounding; what is not a number equals nothing."""
    largest = max(np.abs(a).max(initial=0.0), np.abs(b).max(initial=0.0))
    different: NDArray[np.bool_] = ~(np.abs(a - b) <= ROUNDING * largest)
    return different


def _net_inputs(energy: EnergyModel) -> Graph:
    """The graph of all net inputs, by group; the states are leaves that are called as their group."""
    scope = Scope(Builder())
    asked = Energy(energy, scope)
    states = {name: _leaf(asked, name) for name in asked.groups}
    outputs = {name: asked.field(name, states).node for name in states}
    return prune(scope.build.graph(outputs))


def _leaf(energy: Energy, group: str) -> Term:
    layout = energy.layout(group)
    build = energy.scope.build
    return Term(build, build.argument(group, TensorType(layout.dimensions)), layout)
