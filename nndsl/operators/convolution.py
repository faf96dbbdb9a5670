"""Convolution: windows of a grid times shared weights, without the windows. Only a pass introduces it.

The three operators are the derivatives of one form of three values with respect to y, to x and to w:
`Σ x[p·stride + k·dilation - before]·w[k]·y[p]`. So the gradients of each are the two others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from math import prod
from typing import TYPE_CHECKING, Any

from nndsl.graph.types import Dimension, Element, TensorType, index, real
from nndsl.operators.lazy import Array, np
from nndsl.operators.operator import Kind, Operator, Sample, require
from nndsl.operators.windows import Fold, Windows, replaced, window_dimensions
from nndsl.types import Extent

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node


@dataclass(frozen=True)
class Convolution(Operator):
    """Where the windows lie: a number for each axis of the grid; `groups` of units see only their own share.

    Shapes: x `[..., grid, source]`, w `[unit, source / groups, window]`, y `[..., places, unit]`, where the
    axes in front are any. The grid is bordered by `before` and `after` places of zeros.
    """

    kind = Kind.CONTRACTION
    window: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    groups: int

    @property
    def fields(self) -> dict[str, Any]:
        """What all three operators have in common."""
        return {field.name: getattr(self, field.name) for field in fields(Convolution)}

    @property
    def _numbers(self) -> tuple[tuple[int, ...], ...]:
        return self.window, self.stride, self.dilation, self.before, self.after

    def form(self, node: Node) -> tuple[Node, Node, Node]:
        """The nodes that are x, w and y, for a node of the operator."""
        raise NotImplementedError

    def axes(self, rank: int) -> tuple[int, ...]:
        """The axes of the grid, and of the places, in a value of a rank."""
        return tuple(range(rank - 1 - len(self.window), rank - 1))

    def _places(self, x: TensorType) -> tuple[Dimension, ...]:
        """The dimensions of y but the last."""
        sides = len(self.window)
        require(all(len(numbers) == sides for numbers in self._numbers), "{} of {}", self, x)
        fits = x.rank > sides and x.element == Element.REAL
        require(fits and min((*self.before, *self.after)) >= 0, "{} of {}", self, x)
        axes = self.axes(x.rank)
        padded = tuple(
            x.extents[axis].then(before + after)
            for axis, before, after in zip(axes, self.before, self.after, strict=True)
        )
        grid = TensorType(replaced(x.dimensions, axes, padded))
        return self._windows(x.rank).infer(grid).dimensions[: x.rank - 1]

    def _windows(self, rank: int) -> Windows:
        return Windows(self.axes(rank), self.window, self.stride, self.dilation)

    def _made(self, x: TensorType, w: TensorType) -> TensorType:
        """The type of y."""
        require(w.rank == 2 + len(self.window) and w.element == Element.REAL, "{} with weights {}", self, w)
        places, (units, source) = self._places(x), (extent.known for extent in w.extents[:2])
        require(units is not None and source is not None, "{} with weights {}", self, w)
        shares = self.groups >= 1 and (units or 0) % self.groups == 0
        require(shares and x.extents[-1].known == (source or 0) * self.groups, "{} of {} and {}", self, x, w)
        require(w.extents[2:] == tuple(map(Extent.of, self.window)), "{} with weights {}", self, w)
        return TensorType((*places, w.dimensions[0]))

    def _padded(self, x: Array) -> Array:
        lead = x.ndim - 1 - len(self.window)
        widths = [(0, 0)] * lead + list(zip(self.before, self.after, strict=True)) + [(0, 0)]
        return np.pad(x, widths)

    def _grouped_windows(self, x: Array) -> Array:
        """All windows: [..., places, group, source / group, window]."""
        windows = self._windows(x.ndim).evaluate((self._padded(x),), {})
        places = windows.shape[: x.ndim - 1]
        return np.reshape(windows, (*places, self.groups, x.shape[-1] // self.groups, *self.window))

    def _by_group(self, w: Array) -> Array:
        return np.reshape(w, (self.groups, w.shape[0] // self.groups, *w.shape[1:]))

    def _by_group_and_unit(self, y: Array) -> Array:
        return np.reshape(y, (*y.shape[:-1], self.groups, y.shape[-1] // self.groups))

    @property
    def _window_labels(self) -> str:
        return "uvwrst"[: len(self.window)]


@dataclass(frozen=True)
class Convolve(Convolution):
    """`y[p, u] = Σ x[p·stride + k·dilation - before, s]·w[u, s, k]` over a window's entries k and sources s.

    Shapes: `real[..., grid, source]` and `real[unit, source / groups, window]` to `real[..., places, unit]`.
    """

    name = "convolve"

    def form(self, node: Node) -> tuple[Node, Node, Node]:
        x, w = node.inputs
        return x, w, node

    def infer(self, *operands: TensorType) -> TensorType:
        require(len(operands) == 2, "convolve takes 2 operands, not {}", len(operands))
        return self._made(*operands)

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        x, w = operands
        k = self._window_labels
        y = np.einsum(f"...gi{k},goi{k}->...go", self._grouped_windows(x), self._by_group(w), optimize=True)
        return np.reshape(y, (*y.shape[:-2], w.shape[0]))

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        x, w = node.inputs
        grid = tuple(x.type.dimensions[axis] for axis in self.axes(x.type.rank))
        dx = build(ConvolveTransposed(**self.fields, grid=grid), dy, w, like=x.type)
        return dx, build(ConvolveWeights(**self.fields), x, dy, like=w.type)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        for operator, x, w in _samples():
            yield Sample(cls(*operator), (x, w))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        plain = cls((3,), (1,), (1,), (0,), (0,), 1)
        yield Sample(plain, (real(2, 5, 4), real(6, 3, 3)))
        yield Sample(plain, (real(2, 5, 4), real(6, 4, 2)))
        yield Sample(plain, (real(2, 2, 4), real(6, 4, 3)))
        yield Sample(plain, (real(4), real(6, 4, 3)))
        yield Sample(plain, (index(5, 4), real(6, 4, 3)))
        yield Sample(plain, (real(5, 4), real(6, 4, 3), real(6, 4, 3)))
        yield Sample(replace(plain, groups=4), (real(2, 5, 4), real(6, 1, 3)))
        yield Sample(replace(plain, before=(-1,)), (real(2, 5, 4), real(6, 4, 3)))


@dataclass(frozen=True)
class ConvolveTransposed(Convolution):
    """`x[q, s] = Σ y[p, u]·w[u, s, k]` over all u, p and k with `q = p·stride + k·dilation - before`.

    The way back of `convolve`, from its result to a grid of the dimensions `grid`.
    Shapes: `real[..., places, unit]` and `real[unit, source / groups, window]` to `real[..., grid, source]`.
    """

    name = "convolve_transposed"
    grid: tuple[Dimension, ...]

    def form(self, node: Node) -> tuple[Node, Node, Node]:
        y, w = node.inputs
        return node, w, y

    def infer(self, *operands: TensorType) -> TensorType:
        require(len(operands) == 2, "convolve_transposed takes 2 operands, not {}", len(operands))
        y, w = operands
        require(len(self.grid) == len(self.window) < y.rank and w.rank > 1, "{} of {}, {}", self, y, w)
        grid = replaced(y.dimensions, self.axes(y.rank), tuple(side.extent for side in self.grid))
        source = Dimension(w.dimensions[1].name, Extent.of((w.extents[1].known or 0) * self.groups))
        x = TensorType((*grid[:-1], source), y.element)
        require(self._made(x, w).extents == y.extents, "{} of {} and {}", self, y, w)
        return x

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        y, w = operands
        k = self._window_labels
        windows = np.einsum(
            f"...go,goi{k}->...gi{k}", self._by_group_and_unit(y), self._by_group(w), optimize=True
        )
        windows = np.reshape(windows, (*y.shape[:-1], w.shape[1] * self.groups, *self.window))
        axes, lead = self.axes(y.ndim), y.ndim - 1 - len(self.window)
        sides = [dimension.extent.value(sizes) for dimension in self.grid]
        bordered = tuple(
            Dimension("side", Extent.of(side + before + after))
            for side, before, after in zip(sides, self.before, self.after, strict=True)
        )
        x = Fold(axes, self.window, self.stride, self.dilation, bordered).evaluate((windows,), sizes)
        inside = [slice(before, before + side) for before, side in zip(self.before, sides, strict=True)]
        return x[(slice(None),) * lead + tuple(inside)]

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        y, w = node.inputs
        back = build(Convolve(**self.fields), dy, w, like=y.type)
        return back, build(ConvolveWeights(**self.fields), dy, y, like=w.type)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        for operator, x, w in _samples():
            forward = Convolve(*operator)
            grid = tuple(x.dimensions[axis] for axis in forward.axes(x.rank))
            yield Sample(cls(**forward.fields, grid=grid), (forward.infer(x, w), w))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        plain = cls((3,), (1,), (1,), (0,), (0,), 1, real(5).dimensions)
        yield Sample(plain, (real(2, 4, 6), real(6, 4, 3)))
        yield Sample(plain, (real(2, 3, 5), real(6, 4, 3)))
        yield Sample(plain, (real(6), real(6, 4, 3)))
        yield Sample(plain, (index(2, 3, 6), real(6, 4, 3)))
        yield Sample(plain, (real(2, 3, 6),))


@dataclass(frozen=True)
class ConvolveWeights(Convolution):
    """`w[u, s, k] = Σ x[p·stride + k·dilation - before, s]·y[p, u]` over all places p: how `convolve` learns.

    Shapes: `real[..., grid, source]` and `real[..., places, unit]` to `real[unit, source / groups, window]`.
    """

    name = "convolve_weights"

    def form(self, node: Node) -> tuple[Node, Node, Node]:
        x, y = node.inputs
        return x, node, y

    def infer(self, *operands: TensorType) -> TensorType:
        require(len(operands) == 2, "convolve_weights takes 2 operands, not {}", len(operands))
        x, y = operands
        source = x.extents[-1].known if x.rank else None
        require(source is not None and self.groups >= 1, "{} of {}", self, x)
        shared = Dimension("source", Extent.of((source or 0) // self.groups))
        require(y.rank > 0 and y.element == Element.REAL, "{} of {} and {}", self, x, y)
        w = TensorType((Dimension("unit", y.extents[-1]), shared, *window_dimensions(self.window)))
        require(self._made(x, w).extents == y.extents, "{} of {} and {}", self, x, y)
        return w

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        x, y = operands
        k = self._window_labels
        windows, y = self._grouped_windows(x), self._by_group_and_unit(y)
        windows = np.reshape(windows, (prod(y.shape[:-2]), *windows.shape[y.ndim - 2 :]))
        y = np.reshape(y, (len(windows), *y.shape[-2:]))
        w = np.einsum(f"ngi{k},ngo->goi{k}", windows, y, optimize=True)
        return np.reshape(w, (w.shape[0] * w.shape[1], *w.shape[2:]))

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        x, y = node.inputs
        grid = tuple(x.type.dimensions[axis] for axis in self.axes(x.type.rank))
        dx = build(ConvolveTransposed(**self.fields, grid=grid), y, dy, like=x.type)
        return dx, build(Convolve(**self.fields), x, dy, like=y.type)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        for operator, x, w in _samples():
            yield Sample(cls(*operator), (x, Convolve(*operator).infer(x, w)))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        plain = cls((3,), (1,), (1,), (0,), (0,), 1)
        yield Sample(plain, (real(2, 5, 4), real(2, 4, 6)))
        yield Sample(plain, (real(2, 5, 4), real(3, 3, 6)))
        yield Sample(plain, (real(2, 5, 4), index(2, 3, 6)))
        yield Sample(replace(plain, groups=3), (real(2, 5, 4), real(2, 3, 6)))
        yield Sample(plain, (real(2, 5, 4),))


def _samples() -> Iterator[tuple[tuple[Any, ...], TensorType, TensorType]]:
    """Fields, and the types of x and w."""
    yield ((3,), (1,), (1,), (2,), (0,), 1), real(2, 5, 4), real(3, 4, 3)
    yield ((3, 2), (2, 1), (1, 2), (1, 0), (1, 0), 1), real(2, 7, 5, 3), real(9, 3, 3, 2)
    yield ((2, 3), (3, 2), (1, 1), (0, 2), (0, 1), 2), real(7, 6, 4), real(6, 2, 2, 3)
    yield ((3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 5), real(2, 4, 5, 5), real(5, 1, 3, 3)
    yield ((2, 1, 2), (1, 1, 2), (1, 1, 1), (0, 0, 1), (1, 0, 0), 1), real(2, 3, 2, 5, 2), real(9, 2, 2, 1, 2)
    yield ((1, 1), (1, 1), (1, 1), (0, 0), (0, 0), 1), real(2, 2, 3, 4), real(18, 4, 1, 1)
