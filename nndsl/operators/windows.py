"""Windows of grids, and windows laid back upon a grid: each the other's gradient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from nndsl.graph.types import Dimension, Element, TensorType, index, real
from nndsl.operators.broadcasting import behind
from nndsl.operators.lazy import Array, np
from nndsl.operators.operator import Kind, Operator, Sample, require
from nndsl.types import Extent

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node


@dataclass(frozen=True)
class Windowing(Operator):
    """Windows along some axes: entry `w` of window `p` is at `p·stride + w·dilation`.

    All four fields have one number for each windowed axis. Windows lie wholly inside the axis.
    """

    kind = Kind.MOVEMENT
    axes: tuple[int, ...]
    window: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]

    def counts(self, extents: tuple[Extent, ...]) -> tuple[Extent, ...]:
        """How many windows fit along each of the windowed axes."""
        return tuple(
            extents[axis].then(stride - dilation * (window - 1) - 1, stride)
            for axis, window, stride, dilation in self._each()
        )

    def lift(
        self, build: Builder, operands: tuple[Node, ...], lifted: tuple[bool, ...], time: Dimension
    ) -> Node:
        return build(replace(self, axes=behind(self.axes)), *operands)

    def _each(self) -> Iterator[tuple[int, int, int, int]]:
        return zip(self.axes, self.window, self.stride, self.dilation, strict=True)

    def _require_fit(self, x: TensorType) -> None:
        require(list(self.axes) == sorted(set(self.axes)), "{} of {}", self, x)
        require(len({len(self.axes), len(self.window), len(self.stride), len(self.dilation)}) == 1, str(self))
        for axis, window, stride, dilation in self._each():
            require(0 <= axis < x.rank and min(window, stride, dilation) >= 1, "{} of {}", self, x)
            known = x.extents[axis].known
            require(known is None or known > dilation * (window - 1), "{} of {}", self, x)

    def _places(self, counts: tuple[int, ...], offset: tuple[int, ...]) -> tuple[slice, ...]:
        """Where entry `offset` of every window lies in the grid; for NumPy indexing."""
        places = [slice(None)] * (max(self.axes) + 1)
        for (axis, _, stride, dilation), w in zip(self._each(), offset, strict=True):
            places[axis] = slice(w * dilation, w * dilation + (counts[axis] - 1) * stride + 1, stride)
        return tuple(places)


@dataclass(frozen=True)
class Windows(Windowing):
    """All windows of a grid: the axes count windows then, and the window's own axes come last.

    Shapes: `real[batch, h, w, unit]` with axes (1, 2) and a 5x5 window to
    `real[batch, h - 4, w - 4, unit, window0, window1]`.
    """

    name = "windows"

    def infer(self, *operands: TensorType) -> TensorType:
        (x,) = operands
        require(x.element == Element.REAL, "windows of {}", x)
        self._require_fit(x)
        return TensorType(
            replaced(x.dimensions, self.axes, self.counts(x.extents)) + window_dimensions(self.window)
        )

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        (x,) = operands
        counts = replaced_shape(x.shape, self.axes, self.counts(tuple(map(Extent.of, x.shape))))
        y = np.empty(counts + self.window, x.dtype)
        for offset in product(*map(range, self.window)):
            y[_inside(offset)] = x[self._places(counts, offset)]
        return y

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        dimensions = node.inputs[0].type.dimensions
        grid = tuple(dimensions[axis] for axis in self.axes)
        return (build(Fold(self.axes, self.window, self.stride, self.dilation, grid), dy),)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls((1, 2), (3, 2), (1, 1), (1, 1)), (real(2, 5, 4, 3),))
        yield Sample(cls((1,), (3,), (2,), (1,)), (real(2, 6, 3),))
        yield Sample(cls((0,), (2,), (1,), (3,)), (real(7),))
        yield Sample(cls((0, 1), (2, 2), (2, 2), (1, 1)), (real(5, 4),))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls((0,), (5,), (1,), (1,)), (real(4),))
        yield Sample(cls((1,), (2,), (1,), (1,)), (real(4),))
        yield Sample(cls((0,), (2,), (0,), (1,)), (real(4),))
        yield Sample(cls((0,), (2,), (1,), (1,)), (index(4),))
        yield Sample(cls((0,), (2, 2), (1,), (1,)), (real(4),))


@dataclass(frozen=True)
class Fold(Windowing):
    """Windows laid back upon a grid of dimensions `grid`, added where they overlap; the adjoint of `windows`.

    It is also what a transposed local connection does.
    """

    name = "fold"
    grid: tuple[Dimension, ...]

    def infer(self, *operands: TensorType) -> TensorType:
        (x,) = operands
        require(x.element == Element.REAL, "fold of {}", x)
        rank = x.rank - len(self.axes)
        require(len(self.grid) == len(self.axes) and rank >= len(self.axes), "{} of {}", self, x)
        require(x.extents[rank:] == tuple(map(Extent.of, self.window)), "{} of {}", self, x)
        require(all(axis < rank for axis in self.axes), "{} of {}", self, x)
        grid = replaced(x.dimensions[:rank], self.axes, tuple(d.extent for d in self.grid))
        result = TensorType(grid)
        self._require_fit(result)
        counted = replaced(grid, self.axes, self.counts(result.extents))
        require(tuple(d.extent for d in counted) == x.extents[:rank], "{} of {}", self, x)
        return result

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        (x,) = operands
        counts = x.shape[: x.ndim - len(self.axes)]
        y = np.zeros(replaced_shape(counts, self.axes, tuple(d.extent for d in self.grid), sizes), x.dtype)
        for offset in product(*map(range, self.window)):
            y[self._places(counts, offset)] += x[_inside(offset)]
        return y

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (build(Windows(self.axes, self.window, self.stride, self.dilation), dy),)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        for sample in Windows.samples():
            (x,) = sample.operands
            w = sample.operator
            assert isinstance(w, Windows)
            grid = tuple(x.dimensions[axis] for axis in w.axes)
            yield Sample(cls(w.axes, w.window, w.stride, w.dilation, grid), (w.infer(x),))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        grid = real(6).dimensions
        yield Sample(cls((0,), (3,), (1,), (1,), grid), (real(5, 3),))
        yield Sample(cls((0,), (3,), (1,), (1,), grid), (real(4, 2),))
        yield Sample(cls((0,), (3,), (1,), (1,), ()), (real(4, 3),))


def replaced(
    dimensions: tuple[Dimension, ...], axes: tuple[int, ...], extents: tuple[Extent, ...]
) -> tuple[Dimension, ...]:
    """The dimensions with other extents along the axes."""
    new = list(dimensions)
    for axis, extent in zip(axes, extents, strict=True):
        new[axis] = Dimension(new[axis].name, extent)
    return tuple(new)


def replaced_shape(
    shape: tuple[int, ...],
    axes: tuple[int, ...],
    extents: tuple[Extent, ...],
    sizes: Mapping[str, int] | None = None,
) -> tuple[int, ...]:
    new = list(shape)
    for axis, extent in zip(axes, extents, strict=True):
        new[axis] = extent.value(sizes or {})
    return tuple(new)


def window_dimensions(window: tuple[int, ...]) -> tuple[Dimension, ...]:
    """The axes inside a window: `window0`, `window1`, …"""
    return tuple(Dimension(f"window{i}", Extent.of(size)) for i, size in enumerate(window))


def _inside(offset: tuple[int, ...]) -> tuple[Any, ...]:
    """One entry of every window; for NumPy indexing."""
    return (..., *offset)
