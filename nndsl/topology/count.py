"""Counts of units, connections and weights: numbers, or formulas where an index set's size is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

from nndsl.types import Axis, Extent


@dataclass(frozen=True, slots=True)
class Count:
    """A sum of products: each term is a number times the sizes of index sets.

    `terms` has the sizes as they are written (`T`, `G.edges`, `(T - 4)`), each product with its number,
    which is never zero.
    """

    terms: tuple[tuple[tuple[str, ...], int], ...] = ()

    @classmethod
    def of(cls, number: int, *extents: Extent) -> Count:
        """number · extent · extent · …"""
        sizes: list[str] = []
        for extent in extents:
            if extent.known is None:
                sizes.append(f"({extent})" if extent.steps else str(extent))
            else:
                number *= extent.known
        return cls(((tuple(sizes), number),) if number else ())

    @classmethod
    def total(cls, counts: Iterable[Count]) -> Count:
        return reduce(Count.__add__, counts, cls())

    @property
    def known(self) -> int | None:
        """The number, where no size is open."""
        if any(sizes for sizes, _ in self.terms):
            return None
        return sum(number for _, number in self.terms)

    def __add__(self, other: Count) -> Count:
        return _collect((*self.terms, *other.terms))

    def __mul__(self, other: Count) -> Count:
        return _collect(
            ((*left, *right), number * factor) for left, number in self.terms for right, factor in other.terms
        )

    def value(self, sizes: Mapping[str, int]) -> int:
        """The number for given sizes of the open sets, by their text. Raises KeyError where one lacks."""
        return sum(reduce(lambda n, name: n * sizes[name], names, number) for names, number in self.terms)

    def __str__(self) -> str:
        return " + ".join(_term(sizes, number) for sizes, number in self.terms) or "0"


def space_count(space: Iterable[Axis]) -> Count:
    """The number of places of an index space; 1 for none."""
    return Count.of(1, *(axis.extent for axis in space))


def _collect(terms: Iterable[tuple[tuple[str, ...], int]]) -> Count:
    found: dict[tuple[str, ...], int] = {}
    for sizes, number in terms:
        found[sizes] = found.get(sizes, 0) + number
    return Count(tuple(item for item in found.items() if item[1]))


def _term(sizes: tuple[str, ...], number: int) -> str:
    factors = list(sizes) if number == 1 and sizes else [f"{number:,}", *sizes]
    return "·".join(factors)
