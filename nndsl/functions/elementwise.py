"""Functions of every unit by itself: arithmetic, comparison, logic and activations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nndsl.functions.catalogue import function

if TYPE_CHECKING:
    from nndsl.building.term import Term

# --- arithmetic ---------------------------------------------------------------------


@function("add", "(x: real[*u], y: real[*u]) -> real[*u]")
def add(x: Term, y: Term) -> Term:
    """x + y. Written `x + y`."""
    return x + y


@function("subtract", "(x: real[*u], y: real[*u]) -> real[*u]")
def subtract(x: Term, y: Term) -> Term:
    """x - y. Written `x - y`."""
    return x - y


@function("multiply", "(x: real[*u], y: real[*u]) -> real[*u]")
def multiply(x: Term, y: Term) -> Term:
    """x · y, unit by unit. Written `x * y`."""
    return x * y


@function("divide", "(x: real[*u], y: real[*u]) -> real[*u]")
def divide(x: Term, y: Term) -> Term:
    """x / y. Written `x / y`."""
    return x / y


@function("power", "(x: real[*u], y: real[*u]) -> real[*u]")
def power(x: Term, y: Term) -> Term:
    """x to the power of y. Written `x ^ y`."""
    return x.power(y)


@function("negate", "(x: real[*u]) -> real[*u]")
def negate(x: Term) -> Term:
    """-x. Written `-x`."""
    return -x


@function("minimum", "(x: real[*u], y: real[*u]) -> real[*u]")
def minimum(x: Term, y: Term) -> Term:
    """The smaller of x and y. (`min(x)` is the smallest unit of x.)"""
    return x.apply("minimum", y)


@function("maximum", "(x: real[*u], y: real[*u]) -> real[*u]")
def maximum(x: Term, y: Term) -> Term:
    """The larger of x and y. (`max(x)` is the largest unit of x.)"""
    return x.apply("maximum", y)


@function("abs", "(x: real[*u]) -> real[*u]")
def absolute(x: Term) -> Term:
    """|x|."""
    return x.apply("absolute")


@function("exp", "(x: real[*u]) -> real[*u]")
def exp(x: Term) -> Term:
    """e to the power of x."""
    return x.apply("exp")


@function("log", "(x: real[*u]) -> real[*u]")
def log(x: Term) -> Term:
    """The natural logarithm of x."""
    return x.apply("log")


@function("sqrt", "(x: real[*u]) -> real[*u]")
def sqrt(x: Term) -> Term:
    """The square root of x."""
    return x.apply("sqrt")


@function("sin", "(x: real[*u]) -> real[*u]")
def sin(x: Term) -> Term:
    """The sine of x, in radians."""
    return x.apply("sin")


@function("cos", "(x: real[*u]) -> real[*u]")
def cos(x: Term) -> Term:
    """The cosine of x, in radians."""
    return x.apply("cos")


@function("erf", "(x: real[*u]) -> real[*u]")
def erf(x: Term) -> Term:
    """The error function, 2/√π ∫₀ˣ exp(-s²) ds."""
    return x.apply("erf")


# --- comparison and logic -------------------------------------------------------------


@function("less", "(x: real[*u], y: real[*u]) -> binary[*u]")
def less(x: Term, y: Term) -> Term:
    """1 where x < y, else 0. Written `x < y`."""
    return x.apply("less", y)


@function("less_equal", "(x: real[*u], y: real[*u]) -> binary[*u]")
def less_equal(x: Term, y: Term) -> Term:
    """1 where x ≤ y, else 0. Written `x <= y`."""
    return x.apply("less_equal", y)


@function("greater", "(x: real[*u], y: real[*u]) -> binary[*u]")
def greater(x: Term, y: Term) -> Term:
    """1 where x > y, else 0. Written `x > y`."""
    return y.apply("less", x)


@function("greater_equal", "(x: real[*u], y: real[*u]) -> binary[*u]")
def greater_equal(x: Term, y: Term) -> Term:
    """1 where x ≥ y, else 0. Written `x >= y`."""
    return y.apply("less_equal", x)


@function("equal", "(x: real[*u], y: real[*u]) -> binary[*u]")
def equal(x: Term, y: Term) -> Term:
    """1 where x = y, else 0. Written `x == y`."""
    return x.apply("equal", y)


@function("not_equal", "(x: real[*u], y: real[*u]) -> binary[*u]")
def not_equal(x: Term, y: Term) -> Term:
    """1 where x ≠ y, else 0. Written `x != y`."""
    return x.apply("equal", y).apply("not")


@function("and", "(x: binary[*u], y: binary[*u]) -> binary[*u]")
def both(x: Term, y: Term) -> Term:
    """1 where x and y are both true. Written `x and y`."""
    return x.truth().apply("and", y.truth())


@function("or", "(x: binary[*u], y: binary[*u]) -> binary[*u]")
def either(x: Term, y: Term) -> Term:
    """1 where x or y is true. Written `x or y`."""
    return x.truth().apply("or", y.truth())


@function("not", "(x: binary[*u]) -> binary[*u]")
def negation(x: Term) -> Term:
    """1 where x is false. Written `not x`."""
    return x.truth().apply("not")


# --- activations ------------------------------------------------------------------------


@function("relu", "(x: real[*u]) -> real[*u]")
def relu(x: Term) -> Term:
    """max(x, 0). The derivative at 0 is taken as 0."""
    return x.apply("relu")


@function("leaky_relu", "(x: real[*u]; slope: number = 0.01) -> real[*u]")
def leaky_relu(x: Term, slope: float) -> Term:
    """x where x > 0, else slope · x."""
    return x.apply("relu") - slope * (-x).apply("relu")


@function("elu", "(x: real[*u]; alpha: number = 1) -> real[*u]")
def elu(x: Term, alpha: float) -> Term:
    """x where x > 0, else alpha · (exp x - 1) (Clevert et al. 2016)."""
    below = -(-x).apply("relu")
    return x.apply("relu") + alpha * (below.apply("exp") - 1)


@function("gelu", "(x: real[*u]) -> real[*u]")
def gelu(x: Term) -> Term:
    """x · Φ(x), with Φ the normal distribution function, exactly (Hendrycks and Gimpel 2016)."""
    return x * (0.5 * (1 + (x * math.sqrt(0.5)).apply("erf")))


@function("silu", "(x: real[*u]) -> real[*u]")
def silu(x: Term) -> Term:
    """x · sigmoid(x), also called swish."""
    return x * x.apply("sigmoid")


@function("softplus", "(x: real[*u]) -> real[*u]")
def softplus(x: Term) -> Term:
    """log(1 + exp x), without overflow."""
    return x.apply("softplus")


@function("tanh", "(x: real[*u]) -> real[*u]")
def tanh(x: Term) -> Term:
    """The hyperbolic tangent, (1 - exp(-2x)) / (1 + exp(-2x))."""
    return x.apply("tanh")


@function("sigmoid", "(x: real[*u]) -> real[*u]")
def sigmoid(x: Term) -> Term:
    """The logistic function, 1 / (1 + exp(-x))."""
    return x.apply("sigmoid")


@function("step", "(x: real[*u]) -> binary[*u]")
def step(x: Term) -> Term:
    """1 where x > 0, else 0: a threshold unit (McCulloch and Pitts 1943). Has no useful derivative."""
    return x.zero().apply("less", x)


@function("sign", "(x: real[*u]) -> bipolar[*u]")
def sign(x: Term) -> Term:
    """+1 where x ≥ 0, else -1: a bipolar threshold unit. Has no useful derivative.

    A Hopfield unit at zero net input keeps its state: `settle` and feedback through `sign` see to that.
    """
    return x.constant(1) - 2 * x.apply("less", x.zero())
