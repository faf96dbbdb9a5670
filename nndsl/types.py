"""Types of values in the language: units, an index space, and a domain.

`[6] over 24x24` is a population of six units repeated over a grid; the batch of examples
is implicit. Sizes of units are known when a spec has been checked; sizes of index sets
(`T`, `G.nodes`, a grid `(h, w)`) are symbols until data arrives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Domain(StrEnum):
    REAL = "real"
    BINARY = "binary"
    BIPOLAR = "bipolar"
    ONEHOT = "onehot"
    INDEX = "index"


class SetKind(StrEnum):
    SEQUENCE = "sequence"  # ordered, one a data set: over t in T
    CLOCK = "clock"  # ordered, of its own: over t in 1..50
    GRID = "grid"  # anonymous sides of a grid: over 28x28, over (h, w)
    NODES = "nodes"  # over i in G.nodes
    EDGES = "edges"  # over (j -> i) in G.edges


@dataclass(frozen=True, slots=True)
class Extent:
    """The size of an index set: a number, or a formula of one symbol.

    `symbol` is None for a number, which is then `offset`. Each step `(add, divide)` of `steps`
    turns n into (n + add) // divide, in order: what windows and local connections do to a side.
    """

    symbol: str | None
    offset: int = 0
    steps: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, size: int) -> Extent:
        return cls(None, size)

    @property
    def known(self) -> int | None:
        return self.offset if self.symbol is None else None

    def then(self, add: int, divide: int = 1) -> Extent:
        """The extent (n + add) // divide."""
        if self.symbol is None:
            return Extent(None, (self.offset + add) // divide)
        if self.steps and self.steps[-1][1] == 1:
            add += self.steps[-1][0]
            steps = self.steps[:-1]
        else:
            steps = self.steps
        if (add, divide) == (0, 1):
            return Extent(self.symbol, 0, steps)
        return Extent(self.symbol, 0, (*steps, (add, divide)))

    def value(self, sizes: Mapping[str, int]) -> int:
        """The number, once the symbol's size is known. Raises KeyError where it is not."""
        n = self.offset if self.symbol is None else sizes[self.symbol]
        for add, divide in self.steps:
            n = (n + add) // divide
        return n

    def __str__(self) -> str:
        if self.symbol is None:
            return str(self.offset)
        text = self.symbol
        for add, divide in self.steps:
            if add:
                text = f"{text} {'+' if add > 0 else '-'} {abs(add)}"
            if divide != 1:
                text = f"({text}) / {divide}" if add else f"{text} / {divide}"
        return text


@dataclass(frozen=True, slots=True)
class IndexSet:
    """A set that units are repeated over.

    `name` is unique in a model: `T`, `G.nodes`, `G.edges`, or the names of a grid's sides.
    `graph` names the data graph of a node or edge set.
    """

    name: str
    kind: SetKind
    graph: str | None = None

    @property
    def ordered(self) -> bool:
        return self.kind in (SetKind.SEQUENCE, SetKind.CLOCK)


def length_key(sequence: str) -> str:
    """Under which name the data tell how long each example's own sequence is: `T.length`."""
    return f"{sequence}.length"


def begin_key(sequence: str) -> str:
    """Under which name the data tell whether each window is the first of its sequence: `T.begins`, 1 or 0."""
    return f"{sequence}.begins"


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of an index space: a set, its extent there, and the element's name where it matters.

    `element` tells two axes over the same set apart (`over (t in N, j in N)`).
    """

    set: IndexSet
    extent: Extent
    element: str | None = None


@dataclass(frozen=True, slots=True)
class Type:
    """Units, index space and domain of a value.

    `units` are sizes, `(1,)` for a scalar; `unit_names` are names where units have them
    (`[heads, d/heads]`), for reading only.
    """

    units: tuple[int, ...]
    space: tuple[Axis, ...] = ()
    domain: Domain = Domain.REAL
    unit_names: tuple[str, ...] = field(default=(), compare=False)

    @property
    def scalar(self) -> bool:
        return self.units == (1,)

    @property
    def unit_count(self) -> int:
        count = 1
        for size in self.units:
            count *= size
        return count

    def __str__(self) -> str:
        text = f"[{', '.join(map(str, self.units))}]"
        if self.domain is not Domain.REAL:
            text += f" {self.domain}"
        if self.space:
            text += f" over {space_text(self.space)}"
        return text


def space_text(space: tuple[Axis, ...]) -> str:
    """How an index space is written: `24x24`, `t in T`, `(i in G.nodes, t in T)`."""
    grids: dict[str | None, list[Extent]] = {}
    for axis in space:
        if axis.set.kind is SetKind.GRID:
            grids.setdefault(axis.element, []).append(axis.extent)
    parts = [
        f"{element} in {_grid_text(grid)}" if element else _grid_text(grid) for element, grid in grids.items()
    ]
    for axis in space:
        if axis.set.kind is SetKind.GRID:
            continue
        plain = str(axis.extent) if axis.extent.steps else axis.set.name
        parts.append(f"{axis.element} in {plain}" if axis.element else plain)
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _grid_text(sides: list[Extent]) -> str:
    if all(side.known is not None for side in sides):
        return "x".join(map(str, sides))
    return f"({', '.join(map(str, sides))})"
