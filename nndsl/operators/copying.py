"""Copy: a value of its own, where something reads a buffer and not a formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nndsl.graph.types import Element, TensorType
from nndsl.operators.lazy import Array, np
from nndsl.operators.operator import Elementwise

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node


class Copy(Elementwise):
    """`y = x`."""

    name = "copy"
    arity = 1
    code = "{0}"
    takes = (Element.REAL, Element.INDEX, Element.TRUTH)

    def infer(self, *operands: TensorType) -> TensorType:
        super().infer(*operands)
        return operands[0]

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return np.array(operands[0])

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (dy,)
