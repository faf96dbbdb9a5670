"""Sums over all states of some groups, which are numbered and looked at one after the other.

A joint state of the groups is a number, in which each unit has a digit of as many values as the unit has
states. The number has two parts: states that differ in the low one are looked at together, as a batch, those
that differ in the high one turn by turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import inf, log2
from typing import TYPE_CHECKING

from nndsl.building.layout import BATCH_DIMENSION, Layout
from nndsl.building.scope import Scope
from nndsl.building.term import Term
from nndsl.energies.chains import among
from nndsl.energies.energy import Energy, count_of, groups_of
from nndsl.energies.lattice import remainder
from nndsl.energies.repetition import Turning, repeated
from nndsl.energies.structure import structure
from nndsl.operators.broadcasting import Expand
from nndsl.operators.leaves import Position
from nndsl.operators.movement import Concatenate, Reshape
from nndsl.semantics.model import EnergyModel
from nndsl.types import Domain, Type

if TYPE_CHECKING:
    from nndsl.energies.question import Question

MOST_BITS = 25
"""log₂ of the number of states that may be looked at."""

MOST_TURNS = 20
"""The same where it is done for each example, or for each step of a training."""

ROWS = 1024
"""How many states are looked at together, at most."""

NEVER = 2.0**40
"""The place value of a digit that a part of the number does not have: beyond all its places."""


def enumerated(energy: EnergyModel, free: Sequence[str]) -> tuple[str, ...]:
    """The groups, of those that are not given, whose states are to be looked at: as few states as leave units
    that are independent."""
    found = structure(energy)
    choices = [chosen for count in range(len(free) + 1) for chosen in combinations(free, count)]

    def enough(chosen: Sequence[str]) -> bool:
        left = [group for group in free if group not in chosen]
        return all(found.independent(group, left) for group in left)

    return min(filter(enough, choices), key=lambda chosen: bits(energy, chosen))


def bits(energy: EnergyModel, groups: Sequence[str]) -> float:
    """log₂ of the number of joint states of some groups; infinite with real units."""
    types = groups_of(energy)
    if any(types[group].type.domain is Domain.REAL for group in groups):
        return inf
    return sum(units * log2(radix) for units, radix in (_digits(types[group].type) for group in groups))


def log_sum(question: Question) -> Term:
    """log Σ exp(−E) over all states of the groups that are not clamped: one number for each example."""
    groups = enumerated(question.energy.model, question.free)
    if not groups:
        return -question.free_energy(question.clamped)
    return _over(question, Numbering.of(question.energy, groups, 1), {})


def log_partition(question: Question) -> Term:
    """The same of the energy with nothing clamped: one number."""
    groups = enumerated(question.energy.model, tuple(question.energy.groups))
    numbering = Numbering.of(question.energy, groups, ROWS)

    def derive(inner: Question) -> Term:
        build = inner.energy.scope.build
        number = Term(build, build(Position(BATCH_DIMENSION)), Layout(batch=True)).real()
        rows = {place.group: place.digits(number) for place in numbering.low}
        return _over(inner, numbering, rows).log_sum_exp((0,))

    return of_no_example(question, numbering.rows, derive)


def of_no_example(question: Question, count: int, derive: Callable[[Question], Term]) -> Term:
    """What is derived of an energy of which nothing is clamped, for `count` examples instead of a batch."""

    def inside(scope: Scope) -> Mapping[str, Term]:
        return {"": derive(replace(question, energy=replace(question.energy, scope=scope), clamped={}))}

    return among(question.energy.scope, count, inside)[""]


@dataclass(frozen=True)
class Places:
    """Where the digits of a group stand in a part of a number: their place values, a unit each."""

    group: str
    radix: int
    values: tuple[float, ...]

    def digits(self, number: Term) -> Term:
        """The digits: `[…, units]`."""
        first, *rest = (number.constant(value).with_units((1,)) for value in self.values)
        layout = Layout(units=(len(self.values),))
        values = first.made(Concatenate(0), layout, *rest) if rest else first
        return remainder(((number + 0.5) / values).apply("floor"), self.radix)


@dataclass(frozen=True)
class Numbering:
    """The joint states of some groups as numbers of a low part, of `rows`, and a high one, of `turns`."""

    rows: int
    turns: int
    low: tuple[Places, ...]
    high: tuple[Places, ...]

    @classmethod
    def of(cls, energy: Energy, groups: Sequence[str], most_rows: int) -> Numbering:
        """With as many rows as there may be."""
        rows, turns = 1, 1
        parts: tuple[list[Places], list[Places]] = [], []
        for group in groups:
            units, radix = _digits(energy.groups[group].type)
            low, high = [NEVER] * units, [NEVER] * units
            for unit in range(units):
                if turns == 1 and rows * radix <= most_rows:
                    low[unit], rows = float(rows), rows * radix
                else:
                    high[unit], turns = float(turns), turns * radix
            for part, values in zip(parts, (low, high), strict=True):
                part.append(Places(group, radix, tuple(values)))
        return cls(rows, turns, *map(tuple, parts))


def _over(question: Question, numbering: Numbering, rows: Mapping[str, Term]) -> Term:
    """log Σ exp(−E) over the states of a numbering, and of all other groups that are not clamped; `rows` are
    the digits of the low part of the number by group."""

    def body(turn: Turning) -> dict[str, Term]:
        digits = {place.group: place.digits(turn.place) for place in numbering.high}
        digits |= {group: digits[group] + turn.held[_row(group)] for group in rows}
        states = {group: _state(turn.energy, group, digit) for group, digit in digits.items()}
        clamped = {group: turn.held[group] for group in question.clamped} | states
        found = -replace(question, energy=turn.energy, clamped=clamped).free_energy(clamped)
        before = turn.before["largest"]
        largest = before.apply("maximum", found.apply("stop_gradient"))
        kept = turn.before["total"] * (before - largest).apply("exp")
        return {"largest": largest, "total": kept + (found - largest).apply("exp")}

    each = Layout(batch=True)
    scope = question.energy.scope
    begun = {"largest": scope.constant(-inf).stretched(each), "total": scope.constant(0).stretched(each)}
    held = {**question.clamped, **{_row(group): digits for group, digits in rows.items()}}
    ended = repeated(question.energy, numbering.turns, begun, held, body)
    return ended["largest"] + ended["total"].apply("log")


def _row(group: str) -> str:
    return f"{group} row"


def _digits(type: Type) -> tuple[int, int]:
    """How many units a group has, and how many values each of them."""
    entries = count_of(type)
    if type.domain is Domain.ONEHOT:
        return entries // type.units[-1], type.units[-1]
    return entries, 2


def _state(energy: Energy, group: str, digits: Term) -> Term:
    """The state of a group that its digits stand for."""
    count, layout = digits.units[0], energy.layout(group)
    row = digits.stretched(Layout(batch=True, units=(count,)))
    match energy.groups[group].type.domain:
        case Domain.ONEHOT:
            wide = row.stretched(Layout(batch=True, units=(count, layout.units[-1])))
            value = Expand((0, 1), wide.node.type.dimensions[:2])
            number = wide.unit_number(layout.units[-1]).made(value, wide.layout)
            row = wide.apply("equal", number).real()
        case Domain.BIPOLAR:
            row = 2 * row - 1
    return row.made(Reshape(layout.dimensions), layout)
