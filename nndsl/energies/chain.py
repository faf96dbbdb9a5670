"""Sweeps through the units of an energy: all groups of one colour at once, colour after colour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nndsl.building.term import Term
from nndsl.energies.conditional import Conditional, conditional
from nndsl.energies.energy import Energy, States
from nndsl.energies.schedule import Classes, Part
from nndsl.graph.builder import Builder, prune
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import Dimension, Element, TensorType
from nndsl.operators.broadcasting import Expand, filled
from nndsl.operators.comparisons import Where
from nndsl.operators.leaves import Fed, Input, Position
from nndsl.operators.loop import Carry, Loop
from nndsl.operators.movement import Reshape
from nndsl.operators.random import STEP, Turn
from nndsl.semantics.walk import parameters_of
from nndsl.types import Extent

Update = Callable[[Conditional], Term]
"""What a group becomes, given its conditional: `Conditional.draw`, `Conditional.mean`."""


def swept(energy: Energy, states: States, classes: Classes, update: Update, sweeps: int) -> States:
    """The states of all groups after some sweeps, in which the groups of `classes` are updated."""
    if sweeps == 1:
        return once(energy, states, classes, update)
    return _looped(energy, states, classes, update, sweeps)


def once(energy: Energy, states: States, classes: Classes, update: Update) -> States:
    """The states after one sweep."""
    for parts in classes:
        states = {**states, **{part[0]: _updated(energy, states, part, update) for part in parts}}
    return states


def _updated(energy: Energy, states: States, part: Part, update: Update) -> Term:
    """What a group becomes, of which other units than those of the part stay as they are."""
    group, colour = part
    before = states[group]
    if colour is None:
        return update(conditional(energy, group, states))
    mask = colour.mask(before.build, before.layout).stretched(before.layout)
    after = update(conditional(energy, group, states, mask.real()))
    return replace(after, node=after.build(Where(), mask.node, after.node, before.node))


def _looped(energy: Energy, states: States, classes: Classes, update: Update, sweeps: int) -> States:
    """The sweeps as a loop, in which what is drawn is counted sweep by sweep."""
    build, time = energy.scope.build, Dimension("sweeps", Extent.of(sweeps))
    free = tuple(dict.fromkeys(group for parts in classes for group, _ in parts))
    body, handed = _body(energy, states, classes, update)
    carries = tuple(Carry(group, 1) for group in free)
    keys = [node.name for node in body if isinstance(node.operator, Fed)]
    keys = [key for key in keys if key not in {carry.key(1) for carry in carries}]
    inputs = tuple(key for key in keys if key == STEP)
    shared = tuple(key for key in keys if key != STEP)
    loop = Loop(body, time, carries, inputs, shared)
    one = Dimension("depth", Extent.of(1))
    initial = [build(Expand((0,), (one,)), states[group].node) for group in free]
    stacked = [_turns(build, time) for _ in inputs]
    node = build(loop, *initial, *stacked, *(_outside(build, body, handed, key) for key in shared))
    after = {carry.output: build(loop.state(carry), node) for carry in carries}
    dimensions = {group: states[group].node.type.dimensions for group in free}
    ended = {group: build(Reshape(dimensions[group]), state) for group, state in after.items()}
    return {**states, **{group: replace(states[group], node=state) for group, state in ended.items()}}


def _body(energy: Energy, states: States, classes: Classes, update: Update) -> tuple[Graph, dict[str, Node]]:
    """One sweep, and what is handed to it: what is clamped and parameters, by key."""
    build, handed = Builder(), dict[str, Node]()
    free = list(dict.fromkeys(group for parts in classes for group, _ in parts))
    for group in free:
        build.reserve(group)

    def given(key: str, term: Term) -> Term:
        leaf = build.argument(key, TensorType(term.node.type.dimensions))
        handed[leaf.name] = term.node
        return Term(build, leaf, term.layout)

    parameters = {
        parameter.name: given(parameter.name, energy.scope.parameter(parameter))
        for parameter in parameters_of(energy.model.expression)
    }
    before = {
        group: given(Carry(group, 1).key(1) if group in free else f"{group} clamped", state)
        for group, state in states.items()
    }
    scope = replace(energy.scope, build=build, values={}, parameters=parameters)
    after = once(replace(energy, scope=scope), before, classes, update)
    body = prune(build.graph({group: after[group].node for group in free}))
    return Graph(body.nodes, {node.name: node for node in body} | dict(body.outputs)), handed


def _outside(build: Builder, body: Graph, handed: dict[str, Node], key: str) -> Node:
    """What the body reads under a key."""
    if key in handed:
        return handed[key]
    leaf = body.by_name[key].operator
    assert isinstance(leaf, Fed)
    return build.leaf(leaf)


def _turns(build: Builder, time: Dimension) -> Node:
    """The number of each sweep, counted over all steps of the run: step · sweeps + sweep."""
    type = TensorType((time,), Element.INDEX)
    step = build.leaf(Input(STEP, TensorType((), Element.INDEX)))
    sweeps = filled(build, time.extent.offset, type)
    return build(Turn(), build(Expand((0,), (time,)), step), sweeps, build(Position(time)))
