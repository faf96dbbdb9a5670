"""Attention: each query's mean of values, weighted by how well their keys fit it, and its gradient.

The gradient is one node, whose value is a token like a loop's; `attention_part` takes its results out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar

from nndsl.graph.types import Dimension, Element, TensorType, index, real
from nndsl.operators.broadcasting import at_each
from nndsl.operators.lazy import Array, np
from nndsl.operators.loop import TOKEN
from nndsl.operators.operator import Kind, Operator, Sample, require

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node


@dataclass(frozen=True)
class _Attending(Operator):
    """The fields of attention, and what its operands are.

    Operands: queries `[examples…, t, heads…, inner…]`, keys `[examples…, j, heads…, inner…]`, values
    `[examples…, j, heads…, units…]` and, where keys differ in number, how many there are, `index[examples…]`.
    `examples` and `heads` tell how many axes these are.
    """

    products: ClassVar[tuple[int, int]]  # how many over inner units, and over those of values
    examples: int
    heads: int
    scale: float
    causal: bool

    def mixed(self, *operands: TensorType) -> TensorType:
        """The type of the weighted means. Raises ShapeError where the operands do not fit."""
        require(len(operands) in (3, 4), "{} of {} operands", self.name, len(operands))
        q, k, v, *lengths = operands
        first, units = self.examples, self.examples + 1 + self.heads
        reals = all(x.element is Element.REAL and x.rank >= units for x in (q, k, v))
        require(reals, "{} of {}, {} and {}", self.name, q, k, v)
        alike = q.extents[:first] == k.extents[:first] == v.extents[:first]
        alike = alike and q.extents[first + 1 :] == k.extents[first + 1 :]
        alike = alike and k.extents[first:units] == v.extents[first:units]
        require(alike, "{} of {}, {} and {}", self.name, q, k, v)
        for x in lengths:
            counts = x.element is Element.INDEX and x.extents == q.extents[:first]
            require(counts, "{} over keys in number {}", self.name, x)
        return TensorType((*q.dimensions[:units], *v.dimensions[units:]))

    def weights(self, operands: tuple[Array, ...]) -> tuple[Array, ...]:
        """The weights `[example, head, t, j]`, and queries, keys and values `[example, head, place, unit]`;
        0 for what is not seen."""
        q, k, v = (self.matrices(x) for x in operands[:3])
        j = np.arange(k.shape[2])
        seen = np.ones((q.shape[0], 1, q.shape[2], len(j)), bool)
        if self.causal:
            seen &= j <= np.arange(q.shape[2])[:, None]
        if len(operands) > 3:
            present = j < np.reshape(operands[3], (-1, 1))
            seen &= present[:, None, None, :]
            k, v = (np.where(present[:, None, :, None], x, 0.0) for x in (k, v))
        scores = np.where(seen, np.einsum("bhta,bhja->bhtj", q, k) * self.scale, -np.inf)
        greatest = np.max(scores, axis=3, keepdims=True, initial=-1e30)
        terms = np.where(seen, np.exp(scores - greatest), 0.0)
        total = terms.sum(axis=3, keepdims=True)
        return terms / np.where(seen.any(axis=3, keepdims=True), total, 1.0), q, k, v

    def operations(self, shapes: tuple[tuple[int, ...], ...]) -> int:
        """Floating-point operations for operands of these shapes."""
        first, units = self.examples, self.examples + 1 + self.heads
        q, k, v = shapes[:3]
        inner, outer = self.products
        return 2 * k[first] * prod(q[:units]) * (inner * prod(q[units:]) + outer * prod(v[units:]))

    def matrices(self, x: Array) -> Array:
        """An operand `[examples…, place, heads…, units…]` as `[example, head, place, unit]`."""
        first, units = self.examples, self.examples + 1 + self.heads
        counts = (x.shape[:first], x.shape[first + 1 : units], x.shape[units:])
        examples, heads, width = (int(np.prod(count)) for count in counts)
        return np.moveaxis(x.reshape(examples, x.shape[first], heads, width), 2, 1)


@dataclass(frozen=True)
class Attention(_Attending):
    """`y[t] = Σⱼ a[t, j]·v[j]` with the weights `a[t] = softmaxⱼ(scale · q[t]·k[j])`.

    The sums run over the keys that are there and, if `causal`, do not come after the query: j ≤ t. A query
    that sees none of them has the mean 0. Every example and head is by itself.
    Source: Vaswani et al. (2017).
    """

    name = "attention"
    kind = Kind.CONTRACTION
    products = 1, 1

    def infer(self, *operands: TensorType) -> TensorType:
        return self.mixed(*operands)

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        a, _, _, v = self.weights(operands)
        before = operands[0].shape[: self.examples + 1 + self.heads]
        units = operands[2].shape[self.examples + 1 + self.heads :]
        return np.moveaxis(a @ v, 1, 2).reshape(*before, *units)

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        q, k, v, *lengths = node.inputs
        operator = AttentionGradient(self.examples, self.heads, self.scale, self.causal)
        made = build(operator, q, k, v, *lengths, node, dy)
        parts = (build(AttentionPart(place, x.type), made) for place, x in enumerate((q, k, v)))
        return (*parts, *(None for _ in lengths))

    def lift(
        self, build: Builder, operands: tuple[Node, ...], lifted: tuple[bool, ...], time: Dimension
    ) -> Node:
        each = (at_each(build, x, has, time) for x, has in zip(operands, lifted, strict=True))
        return build(Attention(self.examples + 1, self.heads, self.scale, self.causal), *each)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        heads = real(2, 3, 2, 4), real(2, 5, 2, 4), real(2, 5, 2, 3)
        yield Sample(cls(1, 1, 0.5, False), heads)
        yield Sample(cls(1, 1, 0.5, True), (*heads, index(2)), 0.0, 5.0)
        yield Sample(cls(0, 0, 1.0, True), (real(4, 3), real(4, 3), real(4, 2)))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        q, k, v = real(2, 3, 4), real(2, 5, 4), real(2, 5, 3)
        yield Sample(cls(1, 0, 1.0, False), (q, k))
        yield Sample(cls(1, 0, 1.0, False), (q, v, v))
        yield Sample(cls(1, 0, 1.0, False), (q, k, real(2, 4, 3)))
        yield Sample(cls(1, 0, 1.0, False), (q, k, v, index(3)))
        yield Sample(cls(1, 0, 1.0, False), (q, k, v, real(2)))


@dataclass(frozen=True)
class AttentionGradient(_Attending):
    """The cotangents of queries, keys and values together, as they share the weights a.

    `dv[j] = Σₜ a[t, j]·dy[t]`, and with `ds[t, j] = a[t, j]·(dy[t]·v[j] - dy[t]·y[t])` they are
    `dq[t] = scale · Σⱼ ds[t, j]·k[j]` and `dk[j] = scale · Σₜ ds[t, j]·q[t]`.
    Operands: those of `attention`, its result y and the cotangent dy of that.
    """

    name = "attention_gradient"
    kind = Kind.LOOP
    products = 3, 2

    def infer(self, *operands: TensorType) -> TensorType:
        *given, y, dy = operands
        require(self.mixed(*given).same_shape(y) and y.same_shape(dy), "{} of {}", self.name, operands)
        return TOKEN

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        *given, _, dy = operands
        a, q, k, v = self.weights(tuple(given))
        dy = self.matrices(dy)
        da = dy @ np.swapaxes(v, 2, 3)
        ds = a * (da - (a * da).sum(axis=3, keepdims=True)) * self.scale
        back = np.swapaxes(ds, 2, 3)
        found = zip((ds @ k, back @ q, np.swapaxes(a, 2, 3) @ dy), given, strict=False)
        results = np.empty(3, object)
        results[:] = [np.moveaxis(part, 1, 2).reshape(x.shape) for part, x in found]
        return results

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        for sample in Attention.samples():
            operator = sample.operator
            assert isinstance(operator, Attention)
            y = operator.infer(*sample.operands)
            fields = operator.examples, operator.heads, operator.scale, operator.causal
            yield Sample(cls(*fields), (*sample.operands, y, y), sample.low, sample.high)

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        q, y = real(2, 3, 4), real(2, 3, 5)
        yield Sample(cls(1, 0, 1.0, False), (q, q, q, y, y))


@dataclass(frozen=True)
class AttentionPart(Operator):
    """One of the results of `attention_gradient`: of queries (0), keys (1) or values (2)."""

    name = "attention_part"
    kind = Kind.LOOP
    place: int
    type: TensorType

    def infer(self, *operands: TensorType) -> TensorType:
        require(operands == (TOKEN,), "{} of {}", self.name, operands)
        return self.type

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return np.asarray(operands[0][self.place])

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls(0, real(2, 3, 4)), (TOKEN,))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls(0, real(2)), (real(2),))
