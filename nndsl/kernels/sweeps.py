"""Sweeps through coupled units; `nndsl.operators.sweeps` says what they mean.

The net inputs of all units are kept, and a flip adds one row of the coupling to them; where many units flip
at once, all are summed afresh. What rounding adds up to is bounded: a unit whose net input is nearer to its
threshold than that has it summed afresh. So the states are those that fresh sums would give, however many
flips there were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba.extending import register_jitable

from nndsl.kernels.kernel import kernel
from nndsl.kernels.matrices import multiply
from nndsl.kernels.native import add_unordered, beyond, magnitude, parallel_innermost_loops
from nndsl.kernels.random import philox, uniform_block
from nndsl.kernels.vector_math import log, sigmoid

if TYPE_CHECKING:
    from nndsl.kernels.kernel import Indices, Real, Reals

SAMPLE, MEAN, SETTLE = range(3)
RANDOM, SEQUENTIAL, SYNCHRONOUS = range(3)

ORDERS = 1 << 62
"""Blocks from here on are those of the orders."""

REFRESH = 8
"""How many times as many flips as there are units there may be until all net inputs are summed afresh."""

MANY = 8
"""Net inputs are summed afresh where more than one of so many units flips at once; for all examples at once
where more than one of so many examples needs it. A matrix product is that much faster than sums of rows."""

ZERO = 4
"""As in `nndsl.operators.sweeps`."""


@register_jitable
def rounding(one: Any) -> Any:
    """The distance from 1 to the next larger number."""
    half = one / (one + one)
    distance = one
    while one + distance * half > one:
        distance *= half
    return distance


@register_jitable
def swap(order: Any, last: int, word: Any, units: int) -> None:
    """Changes the place `last`, if there is one, with a random one that is not after it."""
    if last < units:
        other = np.int64((word * np.uint64(last + 1)) >> np.uint64(32))
        kept = order[last]
        order[last] = order[other]
        order[other] = kept


@register_jitable
def arrange(order: Any, way: int, sweep: int, units: int, seed: Any, step: Any, stream: int) -> None:
    """order[k] ← the unit that is k-th in this sweep."""
    for i in range(units):
        order[i] = i
    if way == RANDOM:
        for block in range((units - 1) // 4, -1, -1):
            a, b, c, d = philox(ORDERS + (sweep << 32) + block, step[0], stream, seed[0])
            swap(order, 4 * block + 3, d, units)
            swap(order, 4 * block + 2, c, units)
            swap(order, 4 * block + 1, b, units)
            swap(order, 4 * block, a, units)


@register_jitable
def thresholds(
    goal: Any, sweep: int, example: int, units: int, seed: Any, step: Any, stream: int, lower: Any, upper: Any
) -> None:
    """goal[i] ← the net input above which unit i of an example takes the upper state in this sweep."""
    blocks, turn, key = (units + 3) // 4, step[0], seed[0]
    begin = (sweep << 32) + example * blocks
    for block in range(blocks):
        a, b, c, d = uniform_block(begin + block, turn, stream, key)
        goal[4 * block] = a
        goal[4 * block + 1] = b
        goal[4 * block + 2] = c
        goal[4 * block + 3] = d
    for i in range(units):
        u = goal[i]
        goal[i] = (log(u) - log(upper - u)) / (upper - lower)
    parallel_innermost_loops()


@register_jitable
def net_input(state: Any, field: Any, coupling: Any, i: int, units: int) -> Any:
    """field_i + Σ_{j≠i} coupling_ij s_j, summed afresh and in double precision."""
    row = beyond(coupling, i * units)
    total = 0.0
    for j in range(units):
        total = add_unordered(total, np.float64(row[j]) * np.float64(state[j]))
    return total - np.float64(row[i]) * np.float64(state[i]) + np.float64(field[i])


@register_jitable
def net_inputs(nets: Any, state: Any, field: Any, coupling: Any, examples: int, units: int, one: Any) -> None:
    """All of them, as a matrix product."""
    for entry in range(examples * units):
        nets[entry] = field[entry]
    sizes = (examples, units, units, 0, 0, units, units, units)
    multiply(nets, 0, state, 0, coupling, 0, *sizes, one, one)
    for i in range(units):
        own = coupling[i * units + i]
        if own != 0:
            for example in range(examples):
                nets[example * units + i] -= own * state[example * units + i]


@register_jitable
def refresh(
    nets: Any, state: Any, field: Any, coupling: Any, flips: Any, examples: int, units: int, one: Any
) -> None:
    """Sums the net inputs of examples afresh in which there were too many flips."""
    most, stale = REFRESH * units, 0
    for example in range(examples):
        stale += int(flips[example] > most)
    together = stale * MANY > examples
    if together:
        net_inputs(nets, state, field, coupling, examples, units, one)
    for example in range(examples):
        if flips[example] > most and not together:
            at = example * units
            net_inputs(beyond(nets, at), beyond(state, at), beyond(field, at), coupling, 1, units, one)
        if flips[example] > most or (together and flips[example] > 0):
            flips[example] = 0


@register_jitable
def flip(net: Any, state: Any, coupling: Any, i: int, units: int, new: Any) -> None:
    """Gives a unit another state, and all others the net inputs that come of it."""
    row = beyond(coupling, i * units)
    change, own = new - state[i], net[i]
    state[i] = new
    for j in range(units):
        net[j] += change * row[j]
    net[i] = own


@register_jitable
def decided(net: Any, state: Any, given: Any, rule: Any, i: int, units: int) -> Any:
    """The state that a unit takes."""
    field, coupling, reach, goal = given
    settle, margin, zero, lower, upper = rule
    size = magnitude(field[i]) + reach[i]
    if not magnitude(net[i] - goal[i]) > margin * size:
        net[i] = net_input(state, field, coupling, i, units)
    if settle and magnitude(net[i]) <= zero * size:
        return state[i]
    return upper if net[i] > goal[i] else lower


@register_jitable
def is_settled(net: Any, state: Any, given: Any, rule: Any, units: int) -> Any:
    """Whether it is sure that no unit would change."""
    field, _, reach, goal = given
    _, margin, _, lower, upper = rule
    open_units = 0
    for i in range(units):
        sure = magnitude(net[i] - goal[i]) > margin * (magnitude(field[i]) + reach[i])
        new = upper if net[i] > goal[i] else lower
        open_units += int((not sure) | (new != state[i]))
    return open_units == 0


@register_jitable
def one_by_one(net: Any, state: Any, given: Any, rule: Any, order: Any, units: int) -> int:
    """A sweep of one example; gives the number of flips."""
    flips = 0
    for k in range(units):
        i = int(order[k])
        new = decided(net, state, given, rule, i, units)
        if new != state[i]:
            flip(net, state, given[1], i, units, new)
            flips += 1
    return flips


@register_jitable
def at_once(net: Any, state: Any, given: Any, rule: Any, flipped: Any, units: int) -> int:
    """A sweep of one example in which all units change at once; gives the number of flips.

    `flipped` is memory for their numbers, negative (~i) for those that become the lower state. Where there
    are many, no net input is right any more.
    """
    _, _, _, lower, upper = rule
    flips = 0
    for i in range(units):
        new = decided(net, state, given, rule, i, units)
        flipped[flips] = i if new == upper else ~i
        flips += int(new != state[i])
    many = flips * MANY > units
    for k in range(flips):
        number = int(flipped[k])
        i, new = (number, upper) if number >= 0 else (~number, lower)
        if many:
            state[i] = new
        else:
            flip(net, state, given[1], i, units, new)
    return flips


@register_jitable
def absolute_sums(reach: Any, coupling: Any, units: int) -> None:
    """reach[i] ← Σ_j |coupling_ij|"""
    for i in range(units):
        total = magnitude(coupling[i * units])
        for j in range(1, units):
            total = add_unordered(total, magnitude(coupling[i * units + j]))
        reach[i] = total


@kernel
def state_sweeps(
    after: Reals,
    before: Reals,
    field: Reals,
    coupling: Reals,
    seed: Indices,
    step: Indices,
    nets: Reals,
    order: Indices,
    reach: Reals,
    goal: Reals,
    flips: Indices,
    settle: int,
    way: int,
    begin: int,
    end: int,
    stream: int,
    lower: Real,
    upper: Real,
    first: int,
    examples: int,
    units: int,
) -> None:
    """after ← the states `before` after the sweeps from `begin` to `end`, which sample, or `settle`.

    Shapes: after, before, field, nets (examples, units), coupling (units, units), order and reach (units,),
    goal (units + 3,), flips (examples,). `first` is the number of the first example.
    """
    for entry in range(examples * units):
        after[entry] = before[entry]
    for example in range(examples):
        flips[example] = REFRESH * units + 1
    for i in range(units):
        goal[i] = lower - lower
    absolute_sums(reach, coupling, units)
    least = rounding(upper)
    rule = (settle, least * (REFRESH + 2) * units, least * ZERO, lower, upper)
    for sweep in range(begin, end):
        refresh(nets, after, field, coupling, flips, examples, units, upper)
        if way != SYNCHRONOUS:
            arrange(order, way, sweep, units, seed, step, stream)
        changing = 0
        for example in range(examples):
            if flips[example] < 0:
                continue
            at = example * units
            net, state, own = beyond(nets, at), beyond(after, at), beyond(field, at)
            given = (own, coupling, reach, goal)
            if not settle:
                thresholds(goal, sweep, first + example, units, seed, step, stream, lower, upper)
            if settle and is_settled(net, state, given, rule, units):
                changed = 0
            elif way == SYNCHRONOUS:
                changed = at_once(net, state, given, rule, order, units)
                if changed * MANY > units:
                    changed = REFRESH * units + 1
            else:
                changed = one_by_one(net, state, given, rule, order, units)
            flips[example] += changed
            if settle and changed == 0:
                flips[example] = -1
            else:
                changing += 1
        if changing == 0:
            break


@register_jitable
def mean(net: Any, lower: Any, upper: Any) -> Any:
    """The mean state of a unit."""
    return (upper - lower) * sigmoid((upper - lower) * net) + lower


@kernel
def mean_sweeps(
    after: Reals,
    before: Reals,
    field: Reals,
    coupling: Reals,
    seed: Indices,
    step: Indices,
    nets: Reals,
    order: Indices,
    way: int,
    begin: int,
    end: int,
    stream: int,
    lower: Real,
    upper: Real,
    examples: int,
    units: int,
) -> None:
    """after ← the states `before` after the sweeps from `begin` to `end`, which put means in place of states.

    Shapes as of `state_sweeps`.
    """
    for entry in range(examples * units):
        after[entry] = before[entry]
    for sweep in range(begin, end):
        if way == SYNCHRONOUS:
            net_inputs(nets, after, field, coupling, examples, units, upper)
            for entry in range(examples * units):
                after[entry] = mean(nets[entry], lower, upper)
        else:
            arrange(order, way, sweep, units, seed, step, stream)
            for k in range(units):
                i = int(order[k])
                for example in range(examples):
                    at = example * units
                    nets[at] = net_input(beyond(after, at), beyond(field, at), coupling, i, units)
                    after[at + i] = mean(nets[at], lower, upper)
