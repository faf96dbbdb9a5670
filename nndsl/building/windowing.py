"""Windows over the sides of a grid or along a sequence, with their padding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from nndsl.building.layout import Layout
from nndsl.graph.builder import Builder
from nndsl.graph.graph import Node
from nndsl.graph.types import Dimension
from nndsl.operators.movement import Pad, Slice
from nndsl.operators.windows import Fold, Windows
from nndsl.semantics.model import Connect, Reduce


@dataclass(frozen=True, slots=True)
class Windowing:
    """Where the windows of a construct lie: one number for each of the windowed dimensions `axes`."""

    axes: tuple[int, ...]
    window: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    @classmethod
    def of(cls, construct: Connect | Reduce, layout: Layout) -> Windowing:
        """The windows of a connection or a reduction over values of a layout.

        A causal window ends at its place: it is padded with what it looks back, at the beginning only.
        """
        window = construct.window
        none, ones = (0,) * len(window), (1,) * len(window)
        stride, pad = construct.stride or ones, construct.pad or none
        axes = sides(layout, len(window))
        if isinstance(construct, Reduce):
            return cls(axes, window, stride, ones, pad, pad)
        dilation = construct.dilation or ones
        if construct.causal:
            back = tuple(d * (size - 1) for d, size in zip(dilation, window, strict=True))
            return cls(axes, window, stride, dilation, back, none)
        return cls(axes, window, stride, dilation, pad, pad)

    def _pads(self) -> Iterator[tuple[int, int, int]]:
        for axis, before, after in zip(self.axes, self.before, self.after, strict=True):
            if before or after:
                yield axis, before, after

    def windows(self, build: Builder, x: Node, outside: float = 0.0) -> Node:
        """All windows of x; their own dimensions come last. Beyond the border everything is `outside`."""
        for axis, before, after in self._pads():
            x = build(Pad(axis, before, after, outside), x)
        return build(Windows(self.axes, self.window, self.stride, self.dilation), x)

    def fold(self, build: Builder, x: Node, grid: tuple[Dimension, ...]) -> Node:
        """Windows added up where they overlap, on a grid of the given sides; the border is cut off."""
        padded = tuple(
            Dimension(side.name, side.extent.then(before + after))
            for side, before, after in zip(grid, self.before, self.after, strict=True)
        )
        x = build(Fold(self.axes, self.window, self.stride, self.dilation, padded), x)
        for axis, before, after in self._pads():
            x = build(Slice(axis, before, after), x)
        return x

    @property
    def padded(self) -> bool:
        return any((*self.before, *self.after))

    @property
    def size(self) -> int:
        """The number of places in a window."""
        return prod(self.window)


def sides(layout: Layout, count: int) -> tuple[int, ...]:
    """The dimensions that a window of `count` sides runs along: the grid's, else those of ordered sets."""
    axes = layout.grid or tuple(axis for axis in layout.space if axis.set.ordered)
    return layout.axes(axes[-count:])
