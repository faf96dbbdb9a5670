"""Pooling: the greatest entry or the sum of each window of a grid, and the ways back. Only a pass makes it.

What lies beyond the border of the grid does not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import TYPE_CHECKING, Any

from nndsl.graph.types import Dimension, Element, TensorType, index, real
from nndsl.operators.lazy import Array, np
from nndsl.operators.operator import Kind, Operator, Sample, require
from nndsl.operators.windows import Windows, replaced
from nndsl.types import Extent

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node


@dataclass(frozen=True)
class Pooling(Operator):
    """Where the windows lie along consecutive `axes`: one number for each in every other field.

    Entry `k` of window `p` is at `p·stride + k - before`. Every window has an entry within the grid.
    """

    kind = Kind.MOVEMENT
    axes: tuple[int, ...]
    window: tuple[int, ...]
    stride: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def fields(self) -> dict[str, Any]:
        """What all operators of pooling have in common."""
        return {field.name: getattr(self, field.name) for field in fields(Pooling)}

    def _windows(self) -> Windows:
        return Windows(self.axes, self.window, self.stride, (1,) * len(self.axes))

    def _pooled(self, x: TensorType) -> TensorType:
        """The type of what is pooled from x."""
        require(x.element == Element.REAL and len(self.axes) > 0, "{} of {}", self, x)
        require(len({len(numbers) for numbers in self.fields.values()}) == 1, "{} of {}", self, x)
        first, last = self.axes[0], self.axes[-1]
        consecutive = self.axes == tuple(range(first, last + 1))
        require(consecutive and 0 <= first <= last < x.rank, "{} of {}", self, x)
        for size, *borders in zip(self.window, self.before, self.after, strict=True):
            require(all(0 <= border < size for border in borders), "{} of {}", self, x)
        return TensorType(self._windows().infer(self._bordered(x)).dimensions[: x.rank])

    def _bordered(self, x: TensorType) -> TensorType:
        extents = tuple(
            x.extents[axis].then(before + after)
            for axis, before, after in zip(self.axes, self.before, self.after, strict=True)
        )
        return TensorType(replaced(x.dimensions, self.axes, extents))

    def _all(self, x: Array, outside: float) -> Array:
        """The windows of x, flat, in a last axis."""
        widths = [(0, 0)] * x.ndim
        for axis, before, after in zip(self.axes, self.before, self.after, strict=True):
            widths[axis] = before, after
        windows = self._windows().evaluate((np.pad(x, widths, constant_values=outside),), {})
        return np.reshape(windows, (*windows.shape[: x.ndim], -1))

    def _laid_back(self, windows: Array, x: TensorType, sizes: Mapping[str, int]) -> Array:
        """Windows, flat in a last axis, added up on a grid."""
        grid = np.zeros(self._bordered(x).shape(sizes), windows.dtype)
        counts = windows.shape[: x.rank]
        for number, offset in enumerate(product(*map(range, self.window))):
            grid[self._windows()._places(counts, offset)] += windows[..., number]
        inside = [slice(None)] * x.rank
        for axis, before in zip(self.axes, self.before, strict=True):
            inside[axis] = slice(before, before + x.extents[axis].value(sizes))
        return grid[tuple(inside)]


@dataclass(frozen=True)
class MaxPool(Pooling):
    """`y[p] = v[q]` at the first place q of window p where x is greatest; with v = x the greatest entry.

    Shapes: x and v `real[batch, h, w, unit]` with axes (1, 2), 2x2 windows and stride 2 to
    `real[batch, h/2, w/2, unit]`. What is not a number is greater than all numbers.
    """

    name = "max_pool"

    def infer(self, *operands: TensorType) -> TensorType:
        require(len(operands) == 2, "max_pool takes 2 operands, not {}", len(operands))
        x, v = operands
        require(v.element == x.element and v.extents == x.extents, "{} of {} and {}", self, x, v)
        return self._pooled(x)

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        x, v = operands
        first = np.argmax(self._all(x, -np.inf), axis=-1)
        return np.take_along_axis(self._all(v, 0.0), first[..., None], -1)[..., 0]

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        x, v = node.inputs
        return None, build(MaxUnpool(**self.fields), x, dy, like=v.type)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        for given, x in _samples():
            yield Sample(cls(*given), (x, x))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        for operator, x in _mistakes(cls):
            yield Sample(operator, (x, x))
        yield Sample(cls((0,), (2,), (2,), (0,), (0,)), (real(4), real(5)))


@dataclass(frozen=True)
class MaxUnpool(Pooling):
    """`dx[q] = Σ dy[p]` over the windows p in which q is the first place where x is greatest.

    Shapes: x as for `max_pool`, dy like its result; to dx like x.
    """

    name = "max_unpool"

    def infer(self, *operands: TensorType) -> TensorType:
        require(len(operands) == 2, "max_unpool takes 2 operands, not {}", len(operands))
        x, dy = operands
        fits = dy.element == x.element and dy.extents == self._pooled(x).extents
        require(fits, "{} of {} and {}", self, x, dy)
        return x

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        x, dy = operands
        windows = self._all(x, -np.inf)
        first = np.argmax(windows, axis=-1)
        chosen = np.arange(windows.shape[-1]) == first[..., None]
        return self._laid_back(np.where(chosen, dy[..., None], 0), real(*x.shape), sizes)

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        x, y = node.inputs
        return None, build(MaxPool(**self.fields), x, dy, like=y.type)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        for given, x in _samples():
            yield Sample(cls(*given), (x, MaxPool(*given).infer(x, x)))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls((0,), (2,), (2,), (0,), (0,)), (real(4), real(3)))
        yield Sample(cls((0,), (2,), (2,), (0,), (0,)), (real(4), index(2)))


@dataclass(frozen=True)
class SumPool(Pooling):
    """`y[p] = Σ x[p·stride + k - before]` over the entries k of a window that lie in the grid.

    Shapes: as for `max_pool`, with one operand.
    """

    name = "sum_pool"

    def infer(self, *operands: TensorType) -> TensorType:
        (x,) = operands
        return self._pooled(x)

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return np.asarray(np.sum(self._all(operands[0], 0.0), axis=-1))

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        x = node.inputs[0].type
        grid = tuple(x.dimensions[axis] for axis in self.axes)
        return (build(SumUnpool(**self.fields, grid=grid), dy, like=x),)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        for given, x in _samples():
            yield Sample(cls(*given), (x,))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        for operator, x in _mistakes(cls):
            yield Sample(operator, (x,))


@dataclass(frozen=True)
class SumUnpool(Pooling):
    """`x[q] = Σ y[p]` over the windows p that q lies in, on a grid of the dimensions `grid`.

    It is the adjoint of `sum_pool`.
    """

    name = "sum_unpool"
    grid: tuple[Dimension, ...]

    def infer(self, *operands: TensorType) -> TensorType:
        (y,) = operands
        require(len(self.grid) == len(self.axes) and max(self.axes, default=0) < y.rank, "{} of {}", self, y)
        x = TensorType(replaced(y.dimensions, self.axes, tuple(d.extent for d in self.grid)), y.element)
        require(self._pooled(x).extents == y.extents, "{} of {}", self, y)
        return x

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        (y,) = operands
        known = tuple(Dimension(d.name, Extent.of(d.extent.value(sizes))) for d in self.grid)
        x = replace(self, grid=known).infer(real(*y.shape))
        size = int(np.prod(self.window))
        return self._laid_back(np.repeat(y[..., None], size, -1), x, sizes)

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (build(SumPool(**self.fields), dy, like=node.inputs[0].type),)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        for given, x in _samples():
            forth = SumPool(*given)
            grid = tuple(x.dimensions[axis] for axis in forth.axes)
            yield Sample(cls(**forth.fields, grid=grid), (forth.infer(x),))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls((0,), (2,), (2,), (0,), (0,), real(4).dimensions), (real(3),))
        yield Sample(cls((0,), (2,), (2,), (0,), (0,), ()), (real(2),))


def _samples() -> Iterator[tuple[tuple[Any, ...], TensorType]]:
    """Fields, and the type of x."""
    yield ((1, 2), (2, 2), (2, 2), (0, 0), (0, 0)), real(2, 4, 5, 3)
    yield ((1, 2), (3, 2), (2, 1), (1, 1), (2, 0)), real(2, 5, 4, 9)
    yield ((0,), (3,), (1,), (2,), (0,)), real(6)
    yield ((0, 1, 2), (1, 2, 2), (1, 3, 2), (0, 1, 0), (0, 0, 1)), real(2, 5, 3, 2, 2)


def _mistakes(cls: type[Pooling]) -> Iterator[tuple[Pooling, TensorType]]:
    yield cls((0,), (5,), (1,), (0,), (0,)), real(4)
    yield cls((0,), (2,), (1,), (2,), (0,)), real(4)
    yield cls((0, 2), (2, 2), (1, 1), (0, 0), (0, 0)), real(4, 4, 4)
    yield cls((1,), (2,), (1,), (0,), (0,)), real(4)
    yield cls((0,), (2,), (1,), (0,), (0,)), index(4)
    yield cls((0,), (2, 2), (1,), (0,), (0,)), real(4)
