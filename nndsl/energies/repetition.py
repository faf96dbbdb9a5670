"""A part of the graph that is run again and again, with values carried from turn to turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from nndsl.building.scope import Scope
from nndsl.building.term import Term
from nndsl.energies.energy import Energy
from nndsl.graph.builder import Builder, prune
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import Dimension, Element, TensorType
from nndsl.operators.broadcasting import Expand, filled
from nndsl.operators.leaves import Fed, Input, Position
from nndsl.operators.loop import Carry, Loop
from nndsl.operators.movement import Reshape
from nndsl.operators.random import STEP, Turn
from nndsl.semantics.walk import parameters_of
from nndsl.types import Extent

Terms = Mapping[str, Term]

PLACE = "place"
"""The key of the leaf that holds the number of the turn."""


@dataclass(frozen=True)
class Turning:
    """One turn, from inside: the energy, what is carried from the turn before, what is the same in all."""

    energy: Energy
    before: Terms
    held: Terms

    @property
    def place(self) -> Term:
        """The number of the turn, from zero."""
        build = self.energy.scope.build
        leaf = build.leaf(Input(PLACE, TensorType((), Element.INDEX)))
        return replace(self.energy.scope.constant(0), node=leaf).real()


def repeated(
    energy: Energy, turns: int, carried: Terms, held: Terms, body: Callable[[Turning], Terms]
) -> dict[str, Term]:
    """What is carried after so many turns; `body` makes of it what it is after one more.

    What is drawn in the body is counted turn by turn.
    """
    scope, time = energy.scope, Dimension("turns", Extent.of(turns))
    graph, handed = _graph(energy, carried, held, body)
    carries = tuple(Carry(name, 1) for name in carried)
    keys = [node.name for node in graph if isinstance(node.operator, Fed)]
    keys = [key for key in keys if key not in {carry.key(1) for carry in carries}]
    stacked = {key: _stacked(scope, time, key) for key in keys if key in (STEP, PLACE)}
    shared = tuple(key for key in keys if key not in stacked)
    loop = Loop(graph, time, carries, tuple(stacked), shared)
    one = Dimension("depth", Extent.of(1))
    initial = [scope.build(Expand((0,), (one,)), term.node) for term in carried.values()]
    outside = [handed.get(key) or _outside(scope.build, graph, key) for key in shared]
    node = scope.build(loop, *initial, *stacked.values(), *outside)
    ended = {carry.output: scope.build(loop.state(carry), node) for carry in carries}
    return {
        name: replace(term, node=scope.build(Reshape(term.node.type.dimensions), ended[name]))
        for name, term in carried.items()
    }


def _graph(
    energy: Energy, carried: Terms, held: Terms, body: Callable[[Turning], Terms]
) -> tuple[Graph, dict[str, Node]]:
    """One turn, and what is handed to it: what is held and parameters, by key."""
    build, handed = Builder(), dict[str, Node]()
    for name in carried:
        build.reserve(name)

    def given(key: str, term: Term) -> Term:
        leaf = build.argument(key, term.node.type)
        handed[leaf.name] = term.node
        return Term(build, leaf, term.layout)

    parameters = {
        parameter.name: given(parameter.name, energy.scope.parameter(parameter))
        for parameter in parameters_of(energy.model.expression)
    }
    before = {name: given(Carry(name, 1).key(1), term) for name, term in carried.items()}
    same = {name: given(f"{name} held", term) for name, term in held.items()}
    scope = replace(energy.scope, build=build, values={}, parameters=parameters)
    after = body(Turning(replace(energy, scope=scope), before, same))
    graph = prune(
        build.graph({name: after[name].stretched(term.layout).node for name, term in carried.items()})
    )
    return Graph(graph.nodes, {node.name: node for node in graph} | dict(graph.outputs)), handed


def _stacked(scope: Scope, time: Dimension, key: str) -> Node:
    """The number of each turn; for draws, counted over all steps of the run: step · turns + turn."""
    place = scope.build(Position(time))
    if key == PLACE:
        return place
    type = TensorType((time,), Element.INDEX)
    step = scope.build.leaf(Input(STEP, TensorType((), Element.INDEX)))
    turns = filled(scope.build, time.extent.offset, type)
    return scope.build(Turn(), scope.build(Expand((0,), (time,)), step), turns, place)


def _outside(build: Builder, graph: Graph, key: str) -> Node:
    """What the body reads under a key that is the same inside and outside."""
    leaf = graph.by_name[key].operator
    assert isinstance(leaf, Fed)
    return build.leaf(leaf)
