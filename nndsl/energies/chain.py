"""Sweeps through the units of an energy: all groups of one colour at once, colour after colour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nndsl.building.term import Term
from nndsl.energies.conditional import Conditional, conditional
from nndsl.energies.energy import Energy, States
from nndsl.energies.repetition import Turning, repeated
from nndsl.energies.schedule import Classes, Part
from nndsl.operators.comparisons import Where

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
    free = dict.fromkeys(group for parts in classes for group, _ in parts)

    def body(turn: Turning) -> States:
        return once(turn.energy, {**turn.held, **turn.before}, classes, update)

    held = {group: state for group, state in states.items() if group not in free}
    return {**states, **repeated(energy, sweeps, {group: states[group] for group in free}, held, body)}
