"""How the dimensions of a graph value are to be read: batch, index space, units, in this order.

Values over a data graph have no batch dimension: the nodes of all graphs of a batch are one set, side by
side, and so are their edges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import prod

from nndsl.graph.types import BATCH, Dimension
from nndsl.types import Axis, Extent, SetKind, Type

BATCH_DIMENSION = Dimension(BATCH, Extent(BATCH))

Key = str | Axis | int
"""What tells a dimension from the others: the batch, an axis of the space, the number of a unit axis."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The dimensions of a value. `units` is `()` for a single number without a unit axis."""

    batch: bool = False
    space: tuple[Axis, ...] = ()
    units: tuple[int, ...] = ()

    @classmethod
    def of(cls, type: Type) -> Layout:
        """The layout of a value that differs from example to example."""
        return cls(not graph_axes(type.space), type.space, type.units)

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        batch = (BATCH_DIMENSION,) if self.batch else ()
        return (*batch, *map(dimension_of, self.space), *unit_dimensions(self.units))

    @property
    def keys(self) -> tuple[Key, ...]:
        """What tells the dimensions apart, in their order."""
        return (*((BATCH,) if self.batch else ()), *self.space, *range(len(self.units)))

    @property
    def place_axes(self) -> tuple[int, ...]:
        """Where the batch and the index space are among the dimensions."""
        return tuple(range(self.batch + len(self.space)))

    @property
    def unit_axes(self) -> tuple[int, ...]:
        """Where the units are among the dimensions."""
        first = len(self.place_axes)
        return tuple(range(first, first + len(self.units)))

    @property
    def grid(self) -> tuple[Axis, ...]:
        """The sides of the grid."""
        return tuple(axis for axis in self.space if axis.set.kind is SetKind.GRID)

    @property
    def scalar(self) -> bool:
        return prod(self.units) == 1

    def axes(self, keys: tuple[Key, ...]) -> tuple[int, ...]:
        """Where some dimensions are, ascending. Raises ValueError where one is not."""
        return tuple(sorted(self.keys.index(key) for key in keys))

    def without(self, axes: tuple[int, ...]) -> Layout:
        """The layout with some dimensions gone."""
        kept = [key for axis, key in enumerate(self.keys) if axis not in axes]
        return Layout(
            BATCH in kept,
            tuple(key for key in kept if isinstance(key, Axis)),
            tuple(self.units[key] for key in kept if isinstance(key, int)),
        )

    def union(self, other: Layout) -> Layout:
        """The layout that both stretch to: all axes of both, and the larger units."""
        added = tuple(axis for axis in other.space if axis not in self.space)
        units = max(self.units, other.units, key=lambda units: (prod(units), len(units)))
        space = (*self.space, *added)
        return Layout((self.batch or other.batch) and not graph_axes(space), space, units)

    def renamed(self, frame: tuple[Axis, ...]) -> Layout:
        """The layout with its axes called as in `frame`, the index space of a declared value.

        An axis stands for the frame's axis over the same set; where the frame has several, for the one with
        the same element. Sides of grids match in their order.
        """
        return replace(self, space=tuple(_renamed(axis, self.grid, frame) for axis in self.space))


def _renamed(axis: Axis, grid: tuple[Axis, ...], frame: tuple[Axis, ...]) -> Axis:
    if axis.set.kind is SetKind.GRID:
        sides = [other for other in frame if other.set.kind is SetKind.GRID]
        return sides[grid.index(axis)]
    same = [other for other in frame if other.set == axis.set]
    named = (other for other in same if other.element == axis.element)
    return same[0] if len(same) == 1 else next(named)


def graph_axes(space: Iterable[Axis]) -> tuple[Axis, ...]:
    """The axes of an index space that run over nodes or edges of a data graph."""
    return tuple(axis for axis in space if axis.set.graph is not None)


def dimension_of(axis: Axis) -> Dimension:
    """The named dimension along an axis of an index space."""
    return Dimension(axis.element or axis.set.name, axis.extent)


def unit_dimensions(units: tuple[int, ...], name: str = "unit") -> tuple[Dimension, ...]:
    """Named dimensions for unit axes: `unit`, or `unit0`, `unit1`, … where there are several."""
    if len(units) == 1:
        return (Dimension(name, Extent.of(units[0])),)
    return tuple(Dimension(f"{name}{i}", Extent.of(size)) for i, size in enumerate(units))
