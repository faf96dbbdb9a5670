"""What the threads that share a minibatch do together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nndsl.graph.types import Element, TensorType, real
from nndsl.operators.lazy import Array
from nndsl.operators.operator import Kind, Operator, Sample, require


class AllReduce(Operator):
    """`y = Σ x` over the threads, each of which computes the graph for its share: the sum is in all of them.

    One thread alone has x itself.
    """

    name = "all_reduce"
    kind = Kind.MOVEMENT
    differentiable = False

    def infer(self, *operands: TensorType) -> TensorType:
        require(len(operands) == 1 and operands[0].element is Element.REAL, "all_reduce of {}", operands)
        return operands[0]

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return operands[0]

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls(), (real(3, 4),))
        yield Sample(cls(), (real(),))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls(), (real(3), real(3)))
