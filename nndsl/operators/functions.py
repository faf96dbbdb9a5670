"""Functions of reals, entry by entry. Softmax, gelu and the like are composed of these."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from nndsl.operators.arithmetic import Divide, Multiply, Negate, Subtract
from nndsl.operators.broadcasting import filled
from nndsl.operators.comparisons import And, Equal, Less, LessEqual, Where
from nndsl.operators.lazy import Array, np
from nndsl.operators.operator import Elementwise

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node


class Exp(Elementwise):
    """`y = eˣ`."""

    name = "exp"
    arity = 1
    code = "exp({0})"
    costly = True
    numpy = "exp"

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (build(Multiply(), dy, node),)


class Log(Elementwise):
    """`y = ln x`; −∞ at 0, not a number below."""

    name = "log"
    arity = 1
    code = "log({0})"
    costly = True
    numpy = "log"
    low = 0.5

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (build(Divide(), dy, node.inputs[0]),)


class Sqrt(Elementwise):
    """`y = √x`."""

    name = "sqrt"
    arity = 1
    code = "sqrt({0})"
    numpy = "sqrt"
    slow = True
    low = 0.5

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        half = filled(build, 0.5, node.type)
        return (build(Multiply(), half, build(Divide(), dy, node)),)


class Tanh(Elementwise):
    """`y = tanh x`, with `y' = 1 - y²`."""

    name = "tanh"
    arity = 1
    code = "tanh({0})"
    costly = True
    numpy = "tanh"

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        slope = build(Subtract(), filled(build, 1.0, node.type), build(Multiply(), node, node))
        return (build(Multiply(), dy, slope),)


class Sigmoid(Elementwise):
    """`y = 1 / (1 + e⁻ˣ)`, with `y' = y(1 - y)`."""

    name = "sigmoid"
    arity = 1
    code = "sigmoid({0})"
    costly = True

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        (x,) = operands
        small = np.exp(-np.abs(x))
        return np.where(x >= 0, 1 / (1 + small), small / (1 + small))

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        slope = build(Multiply(), node, build(Subtract(), filled(build, 1.0, node.type), node))
        return (build(Multiply(), dy, slope),)


class Softplus(Elementwise):
    """`y = ln(1 + eˣ)`, with `y' = sigmoid(x)`."""

    name = "softplus"
    arity = 1
    code = "softplus({0})"
    costly = True

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return np.logaddexp(0, *operands)

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (build(Multiply(), dy, build(Sigmoid(), node.inputs[0])),)


class Relu(Elementwise):
    """`y = max(x, 0)`, with slope 0 at 0; not a number where x is not."""

    name = "relu"
    arity = 1
    code = "0.0 if {0} < 0.0 else {0}"

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        (x,) = operands
        return np.where(x < 0, 0, x)

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        zero = filled(build, 0.0, node.type)
        return (build(Where(), build(Less(), zero, node), dy, zero),)


class Absolute(Elementwise):
    """`y = |x|`, with slope 0 at 0."""

    name = "absolute"
    arity = 1
    code = "abs({0})"
    numpy = "abs"

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (build(Multiply(), dy, build(Sign(), node.inputs[0])),)


class Sign(Elementwise):
    """`y = −1, 0 or 1`, as x is negative, zero or positive."""

    name = "sign"
    arity = 1
    code = "1.0 if {0} > 0.0 else (-1.0 if {0} < 0.0 else {0})"
    numpy = "sign"
    differentiable = False


class Floor(Elementwise):
    """`y = ⌊x⌋`, the greatest integer that is no greater."""

    name = "floor"
    arity = 1
    code = "floor({0})"
    numpy = "floor"
    differentiable = False


class Sin(Elementwise):
    """`y = sin x`."""

    name = "sin"
    arity = 1
    code = "sin({0})"
    costly = True
    numpy = "sin"

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (build(Multiply(), dy, build(Cos(), node.inputs[0])),)


class Cos(Elementwise):
    """`y = cos x`."""

    name = "cos"
    arity = 1
    code = "cos({0})"
    costly = True
    numpy = "cos"

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (build(Negate(), build(Multiply(), dy, build(Sin(), node.inputs[0]))),)


class Erf(Elementwise):
    """`y = 2/√π · ∫₀ˣ e^(−t²) dt`."""

    name = "erf"
    arity = 1
    code = "erf({0})"
    costly = True

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        (x,) = operands
        return np.asarray(np.vectorize(math.erf, otypes=[np.float64])(x))

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        (x,) = node.inputs
        bell = build(Exp(), build(Negate(), build(Multiply(), x, x)))
        scale = filled(build, 2 / math.sqrt(math.pi), node.type)
        return (build(Multiply(), dy, build(Multiply(), scale, bell)),)


class Power(Elementwise):
    """`y = aᵇ`; not a number for a negative `a` and a broken `b`. The slope in `a` is 0 where `b` is 0."""

    name = "power"
    arity = 2
    code = "{0} ** {1}"
    costly = True
    numpy = "power"
    low = 0.5

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        a, b = node.inputs
        zero, one = filled(build, 0.0, node.type), filled(build, 1.0, node.type)
        steep = build(Multiply(), b, build(Power(), a, build(Subtract(), b, one)))
        slope_a = build(Where(), build(Equal(), b, zero), zero, steep)
        at_zero = build(And(), build(Equal(), a, zero), build(LessEqual(), zero, b))
        slope_b = build(Where(), at_zero, zero, build(Multiply(), node, build(Log(), a)))
        return build(Multiply(), dy, slope_a), build(Multiply(), dy, slope_b)


class StopGradient(Elementwise):
    """`y = x`, whose cotangent goes no further."""

    name = "stop_gradient"
    arity = 1
    code = "{0}"
    differentiable = False

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        return operands[0]
