"""Types of the computation graph's values: named dimensions and an element kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from nndsl.types import Extent

BATCH = "batch"
"""The symbol of the number of examples in a batch."""

FIRST = "first"
"""The symbol of how many examples of the batch lie before a thread's share."""

LEARNED = "learned"
"""The symbol of how many numbers an update is for."""


class Element(StrEnum):
    """What one entry of a tensor is; its width in bytes is decided when a plan is made."""

    REAL = "real"
    INDEX = "index"
    TRUTH = "truth"
    LOOP = "loop"  # what a loop has computed: no numbers of its own


@dataclass(frozen=True, slots=True)
class Dimension:
    """A named axis. The name is for readers and for matching index sets, never for identity."""

    name: str
    extent: Extent

    def __str__(self) -> str:
        return f"{self.name}={self.extent}"


@dataclass(frozen=True, slots=True)
class TensorType:
    dimensions: tuple[Dimension, ...] = ()
    element: Element = Element.REAL

    @property
    def rank(self) -> int:
        return len(self.dimensions)

    @property
    def extents(self) -> tuple[Extent, ...]:
        return tuple(d.extent for d in self.dimensions)

    def shape(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """The sizes along the dimensions, once the symbols are known."""
        return tuple(extent.value(sizes) for extent in self.extents)

    def same_shape(self, other: TensorType) -> bool:
        return self.extents == other.extents

    def __str__(self) -> str:
        return f"{self.element}[{', '.join(map(str, self.dimensions))}]"


def real(*extents: int) -> TensorType:
    """The type of real tensors of these sizes, with dimensions that have no names of note."""
    return TensorType(tuple(Dimension(f"d{i}", Extent.of(n)) for i, n in enumerate(extents)))


def index(*extents: int) -> TensorType:
    return TensorType(real(*extents).dimensions, Element.INDEX)


def truth(*extents: int) -> TensorType:
    return TensorType(real(*extents).dimensions, Element.TRUTH)
