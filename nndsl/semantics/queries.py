"""What is asked of an energy: `mean(h | E, v = x)`, `settle(E, v from x)`, `likelihood(E, v = x)`."""

from __future__ import annotations

from collections.abc import Sequence

from nndsl.diagnostics.catalogue.names import UnknownFunction, UnknownName, UnknownUnitGroup
from nndsl.diagnostics.catalogue.recall import NoStart
from nndsl.diagnostics.catalogue.types import (
    ArgumentMismatch,
    OptionGivenTwice,
    UnitGroupNotGiven,
    WrongQuestion,
)
from nndsl.functions.catalogue import Function, family
from nndsl.semantics import expressions
from nndsl.semantics.context import Context, Draftbook
from nndsl.semantics.draft import Draft, DraftEnergy, DraftValue, Query, Wrong, mistaken
from nndsl.semantics.options import Options, read_options
from nndsl.semantics.units import Size, Units
from nndsl.syntax import tree
from nndsl.types import Domain

Pairs = tuple[tuple[str, Draft], ...]
_MEANS = ("mean", "mean_field")
DESCENTS = ("settle", "energy_trace", "settled", "cycles")
"""The questions about a descent, which begins somewhere: `v from x`."""


def is_query(call: tree.Call, context: Context) -> bool:
    """Whether a call asks an energy: by `h | E`, by a name that only queries have, or by an energy given."""
    if any(isinstance(part, tree.Given) for part in call.arguments):
        return True
    name = call.function.name
    return name in family("query") and name not in ("mean",)


def query(book: Draftbook, call: tree.Call, context: Context) -> Draft:
    """A question with what is clamped, where the descent begins, and its options."""
    name = call.function.name
    function = family("query").get(name)
    if function is None:
        known = UnknownFunction(name, tuple(family("query")), span=call.function.span)
        return book.refuse(known)
    found = _asked(book, function, call, context)
    if found is None:
        return mistaken(call.span)
    energy, unit = found
    start = _start(book, energy, call, context)
    if name in DESCENTS and not start:
        book.diagnostics.add(NoStart(name, energy.name, tuple(energy.groups), energy.span, span=call.span))
        return mistaken(call.span)
    if name == "settle":
        unit = energy.groups[start[0][0]]
    clamped, options = clamps(book, energy, call.options, context)
    read = read_options(name, function.signature.options, (), options, context.scope, call.span)
    draft = Query(
        span=call.span,
        units=_units(function, read) if unit is None else unit.units,
        query=name,
        energy=energy,
        unit=unit,
        clamped=clamped,
        start=start,
        options=read,
    )
    if unit is not None and name not in _MEANS:
        draft.domain = unit.declared_domain or Domain.REAL
    if name == "energy_of":
        _all_given(book, energy, clamped, call)
    if any(isinstance(value, Wrong) for _, value in (*clamped, *start)):
        return mistaken(call.span)
    return draft


def _units(function: Function, options: Options) -> Units:
    """The units of a result that is no unit group; those called as a whole-number option are its value."""
    result, given = function.signature.result, dict(options)
    assert result is not None
    return Units([Size(given[unit] if unit in given else int(unit)) for unit in result.units])


def _asked(
    book: Draftbook, function: Function, call: tree.Call, context: Context
) -> tuple[DraftEnergy, DraftValue | None] | None:
    """The energy, and the unit group that is asked for."""
    plain = [part for part in call.arguments if not isinstance(part, tree.From)]
    of_units = function.signature.values[0].domain == "group"
    match plain:
        case [tree.Given(unit, name)] if of_units:
            energy = find_energy(book, name, context)
            group = None if energy is None else find_group(book, energy, unit)
            return None if energy is None or group is None else (energy, group)
        case [tree.Name() as name] if not of_units:
            energy = find_energy(book, name, context)
            return None if energy is None else (energy, None)
    expected = "units | energy" if of_units else "energy"
    book.diagnostics.add(WrongQuestion(function.name, expected, call.span.text, span=call.span))
    return None


def find_energy(book: Draftbook, name: tree.Name, context: Context) -> DraftEnergy | None:
    entity = context.scope.names.get(name.name)
    if isinstance(entity, DraftEnergy):
        entity.used = True
        context.owner.parameters.extend(entity.parameters)
        return entity
    known = tuple(key for key, value in context.scope.names.items() if isinstance(value, DraftEnergy))
    book.diagnostics.add(UnknownName(name.name, "energy", known, span=name.span))
    return None


def find_group(book: Draftbook, energy: DraftEnergy, name: tree.Name) -> DraftValue | None:
    group = energy.groups.get(name.name)
    if group is None:
        book.diagnostics.add(
            UnknownUnitGroup(name.name, energy.name, tuple(energy.groups), energy.span, span=name.span)
        )
    return group


def clamps(
    book: Draftbook, energy: DraftEnergy, options: Sequence[tree.Option], context: Context
) -> tuple[Pairs, tuple[tree.Option, ...]]:
    """Which unit groups are given, and the options that are none."""
    found: dict[str, Draft] = {}
    others: list[tree.Option] = []
    for option in options:
        group = energy.groups.get(option.name.name)
        if group is None:
            others.append(option)
        elif option.name.name in found:
            first = found[option.name.name].span
            book.diagnostics.add(OptionGivenTwice(energy.name, option.name.name, first, span=option.span))
        else:
            found[option.name.name] = _held(book, energy, group, option.value, context)
    return tuple(found.items()), tuple(others)


def _start(book: Draftbook, energy: DraftEnergy, call: tree.Call, context: Context) -> Pairs:
    pairs: list[tuple[str, Draft]] = []
    for part in call.arguments:
        if isinstance(part, tree.From):
            group = find_group(book, energy, part.unit)
            if group is not None:
                pairs.append((part.unit.name, _held(book, energy, group, part.value, context)))
    return tuple(pairs)


def _held(
    book: Draftbook, energy: DraftEnergy, group: DraftValue, syntax: tree.Expression, context: Context
) -> Draft:
    """The value that a unit group is held at, which must be as large as the group."""
    given = expressions.expression(book, syntax, context)
    signature = f"{energy.name}({', '.join(f'{name}{g.units}' for name, g in energy.groups.items())})"
    mismatch = ArgumentMismatch(
        energy.name, signature, group.name.rpartition(".")[2], str(given.units), (), span=given.span
    )
    book.solver.equal(given.units, group.units, lambda: mismatch)
    return given


def _all_given(book: Draftbook, energy: DraftEnergy, clamped: Pairs, call: tree.Call) -> None:
    given = {name for name, _ in clamped}
    for name in energy.groups:
        if name not in given:
            book.diagnostics.add(UnitGroupNotGiven(name, energy.name, energy.span, span=call.span))
