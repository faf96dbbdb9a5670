"""Contraction: products of two tensors summed over axes that they share, in Einstein's notation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import ascii_letters
from typing import TYPE_CHECKING

from nndsl.graph.types import Dimension, Element, TensorType, index, real
from nndsl.operators.lazy import Array, np
from nndsl.operators.operator import Kind, Operator, Sample, require

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node


@dataclass(frozen=True)
class Contract(Operator):
    """`y = Σ a·b` over the labels that the result lacks: `bi,oi->bo` is `y[b,o] = Σᵢ a[b,i]·b[o,i]`.

    Each label is one letter, names an axis of one size, and stands in at least two of the operands and the
    result, once in each. Labels of all three are batch axes; with none to sum it is an outer product.
    """

    name = "contract"
    kind = Kind.CONTRACTION
    equation: str

    @property
    def labels(self) -> tuple[str, str, str]:
        """The labels of the left operand, of the right one, and of the result."""
        operands, _, result = self.equation.partition("->")
        left, _, right = operands.partition(",")
        return left, right, result

    @classmethod
    def of(cls, left: str, right: str, result: str) -> Contract:
        return cls(f"{left},{right}->{result}")

    def infer(self, *operands: TensorType) -> TensorType:
        left, right, result = self.labels
        require(len(operands) == 2, "contract takes 2 operands, not {}", len(operands))
        dimensions: dict[str, Dimension] = {}
        for labels, operand in zip((left, right), operands, strict=True):
            fits = len(labels) == operand.rank and operand.element == Element.REAL
            require(fits, "contract {} of {} as {}", self.equation, operand, labels)
            for label, dimension in zip(labels, operand.dimensions, strict=True):
                same = dimensions.setdefault(label, dimension).extent == dimension.extent
                require(
                    same, "contract {}: {} is {} and {}", self.equation, label, dimensions[label], dimension
                )
        for labels in (left, right, result):
            require(len(set(labels)) == len(labels), "contract {} repeats a label", self.equation)
        text = left + right + result
        require(all(text.count(label) > 1 for label in text), "contract {} has a lone label", self.equation)
        return TensorType(tuple(dimensions[label] for label in result))

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return np.asarray(np.einsum(self.equation, *operands, optimize=True))

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        a, b = node.inputs
        left, right, result = self.labels
        da = build(Contract.of(result, right, left), dy, b, like=a.type)
        db = build(Contract.of(result, left, right), dy, a, like=b.type)
        return da, db

    def lift(
        self, build: Builder, operands: tuple[Node, ...], lifted: tuple[bool, ...], time: Dimension
    ) -> Node:
        step = next(letter for letter in ascii_letters if letter not in self.equation)
        left, right = (
            step + labels if has else labels for labels, has in zip(self.labels, lifted, strict=False)
        )
        return build(Contract.of(left, right, step + self.labels[2]), *operands)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls("bi,oi->bo"), (real(3, 4), real(2, 4)))
        yield Sample(cls("bi,io->bo"), (real(3, 4), real(4, 2)))
        yield Sample(cls("bhtd,bhsd->bhts"), (real(2, 3, 4, 2), real(2, 3, 5, 2)))
        yield Sample(cls("bhts,bhsd->bthd"), (real(2, 3, 4, 5), real(2, 3, 5, 2)))
        yield Sample(cls("i,i->"), (real(4), real(4)))
        yield Sample(cls("a,b->ab"), (real(3), real(2)))
        yield Sample(cls("bxychw,ochw->bxyo"), (real(2, 3, 3, 2, 2, 2), real(4, 2, 2, 2)))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls("bi,oi->bo"), (real(3, 4), real(2, 5)))
        yield Sample(cls("bi,oi->bo"), (real(3, 4, 1), real(2, 4)))
        yield Sample(cls("bi,oi->bo"), (real(3, 4), index(2, 4)))
        yield Sample(cls("bi,o->bo"), (real(3, 4), real(2)))
        yield Sample(cls("ii,oi->o"), (real(4, 4), real(2, 4)))
        yield Sample(cls("bi,oi->boz"), (real(3, 4), real(2, 4)))
        yield Sample(cls("bi,oi->bo"), (real(3, 4),))


@dataclass(frozen=True)
class AddContract(Operator):
    """`y = x + Σ a·b`, as in `Contract`; y takes the place of x in memory, which nothing else may read."""

    name = "add_contract"
    kind = Kind.CONTRACTION
    equation: str

    @property
    def product(self) -> Contract:
        """What is added."""
        return Contract(self.equation)

    @property
    def labels(self) -> tuple[str, str, str]:
        """The labels of the factors and of the result."""
        return self.product.labels

    def infer(self, *operands: TensorType) -> TensorType:
        require(len(operands) == 3, "add_contract takes 3 operands, not {}", len(operands))
        x, *factors = operands
        type = self.product.infer(*factors)
        require(x.same_shape(type), "add_contract {}: {} and {}", self.equation, x, type)
        return type

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        x, *factors = operands
        return np.asarray(x + self.product.evaluate(tuple(factors), sizes))

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        product = build(self.product, *node.inputs[1:])
        return dy, *self.product.gradient(build, product, dy)

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls("bi,oi->bo"), (real(3, 2), real(3, 4), real(2, 4)))
        yield Sample(cls("bo,bi->oi"), (real(2, 4), real(3, 2), real(3, 4)))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls("bi,oi->bo"), (real(3, 4), real(2, 4)))
        yield Sample(cls("bi,oi->bo"), (real(2, 3), real(3, 4), real(2, 4)))
