"""What the compiler has found out about a network's energies, for the report."""

from __future__ import annotations

from nndsl.energies.schedule import Part, colour_count, schedule
from nndsl.energies.structure import Structure, structure
from nndsl.semantics.model import EnergyModel


def energy_rows(energies: tuple[EnergyModel, ...]) -> list[tuple[str, ...]]:
    """For each energy its unit groups, the number of colours, and what is updated at once."""
    rows: list[tuple[str, ...]] = []
    for energy in energies:
        found = structure(energy)
        units = ", ".join(
            f"{group}{value.type}" for group, value in zip(found.groups, energy.groups, strict=True)
        )
        rows.append((energy.name, units, f"{colour_count(found):,}", _updates(found)))
    return rows


def _updates(found: Structure) -> str:
    """Groups that are updated together, in their order."""
    classes = schedule(found, found.groups, found.groups[-1])
    if classes is None:
        return "one unit after another"
    return ", then ".join(" and ".join(map(_named, parts)) for parts in classes)


def _named(part: Part) -> str:
    """`h`, or `s (1 of 2)` for the units of one of two colours."""
    group, colour = part
    return group if colour is None else f"{group} ({colour.number + 1} of {colour.count})"
