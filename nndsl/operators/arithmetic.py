"""Arithmetic of reals, entry by entry. Operands have one shape: `expand` comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.operators.broadcasting import filled
from nndsl.operators.comparisons import Equal, Less, Where
from nndsl.operators.operator import Elementwise

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node


class Add(Elementwise):
    """`y = a + b`."""

    name = "add"
    arity = 2
    code = "{0} + {1}"
    numpy = "add"

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return dy, dy


class Negate(Elementwise):
    """`y = -a`."""

    name = "negate"
    arity = 1
    code = "-{0}"
    numpy = "negative"

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (build(Negate(), dy),)


class Subtract(Elementwise):
    """`y = a - b`."""

    name = "subtract"
    arity = 2
    code = "{0} - {1}"
    numpy = "subtract"

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return dy, build(Negate(), dy)


class Multiply(Elementwise):
    """`y = a·b`."""

    name = "multiply"
    arity = 2
    code = "{0} * {1}"
    numpy = "multiply"

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        a, b = node.inputs
        return build(Multiply(), dy, b), build(Multiply(), dy, a)


class Divide(Elementwise):
    """`y = a / b`; a division by zero is ±∞ or not a number, as IEEE 754 has it."""

    name = "divide"
    arity = 2
    code = "{0} / {1}"
    numpy = "divide"
    slow = True
    low = 0.5

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        share = build(Divide(), dy, node.inputs[1])
        return share, build(Negate(), build(Multiply(), share, node))


class Maximum(Elementwise):
    """`y = max(a, b)`, not a number where one is not; a tie shares the cotangent evenly."""

    name = "maximum"
    arity = 2
    code = "{0} if {0} > {1} or {0} != {0} else {1}"
    numpy = "maximum"

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        a, b = node.inputs
        return _where_greater(build, a, b, dy), _where_greater(build, b, a, dy)


class Minimum(Elementwise):
    """`y = min(a, b)`, not a number where one is not; a tie shares the cotangent evenly."""

    name = "minimum"
    arity = 2
    code = "{0} if {0} < {1} or {0} != {0} else {1}"
    numpy = "minimum"

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        a, b = node.inputs
        return _where_greater(build, b, a, dy), _where_greater(build, a, b, dy)


def _where_greater(build: Builder, a: Node, b: Node, dy: Node) -> Node:
    """The cotangent where a > b, half of it where they tie, zero elsewhere."""
    zero = filled(build, 0.0, dy.type)
    half = build(Multiply(), dy, filled(build, 0.5, dy.type))
    tie = build(Where(), build(Equal(), a, b), half, zero)
    return build(Where(), build(Less(), b, a), dy, tie)
