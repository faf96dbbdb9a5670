"""Functions of one real number that LLVM turns into vector code.

Called from Python, each is its NumPy meaning. Inside a kernel it is a polynomial or rational
approximation without branches, in the type of its argument. NaN stays NaN, infinities and denormal
numbers come out right. The approximations are those of S. Moshier's Cephes library; errors are a few
units in the last place at most. Sine and cosine are the C library's, and not vectorised.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from nndsl.kernels.native import (
    call_llvm,
    exponent,
    instructions,
    larger,
    magnitude,
    mantissa,
    power_of_two,
    smaller,
    subroutine,
    with_sign_of,
)


@cache
def polynomial(real: Any, *coefficients: float) -> Callable[[Any], Any]:
    """Horner's rule for fixed coefficients, that of the highest power first."""

    def evaluate(x: Any) -> Any:
        value = real(coefficients[0])
        for coefficient in coefficients[1:]:
            value = value * x + real(coefficient)
        return value

    def emit(builder: ir.IRBuilder, x: Any) -> Any:
        value, *others = (x.type(float(real(coefficient))) for coefficient in coefficients)
        for coefficient in others:
            value = call_llvm(builder, "fmuladd", value, x, coefficient)
        return value

    instructions(evaluate, emit)
    return evaluate


@dataclass(frozen=True)
class Constants:
    """What differs between the two precisions."""

    real: Any
    magic: float  # adding it rounds to the nearest integer
    greatest: float  # exp is infinite above it
    least: float  # exp is zero below it
    ln2_high: float  # so few bits of ln 2 that a small integer's multiple is exact
    ln2_low: float  # the rest
    normal: float  # the least normal number
    denormal_bits: int


SINGLE = Constants(np.float32, 1.5 * 2**23, 88.8, -105.0, 0.693359375, -2.12194440e-4, 2.0**-126, 24)
DOUBLE = Constants(
    np.float64, 1.5 * 2**52, 710.0, -746.0, 6.93145751953125e-1, 1.42860682030941723212e-6, 2.0**-1022, 54
)


def native(meaning: Callable[..., Any]) -> Callable[[Callable[[Constants], Any]], Callable[[Constants], Any]]:
    """Say what a function is in kernels: the decorated function makes it for one precision."""

    def declare(make: Callable[[Constants], Any]) -> Callable[[Constants], Any]:
        made = cache(make)
        subroutine(meaning, lambda real: made(SINGLE if real == types.float32 else DOUBLE), "x")
        return made

    return declare


def part(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let the functions of this module call another one, of `x`."""
    subroutine(function, lambda real: function, "x")
    return function


# --- exponentials and logarithms -----------------------------------------------------


def exp(x: Any) -> Any:
    """eˣ"""
    return np.exp(x)


def _exp_of_remainder(c: Constants) -> Callable[[Any], Any]:
    """eˣ for |x| ≤ ½ ln 2."""
    if c is SINGLE:
        p = polynomial(
            c.real,
            1.9875691500e-4,
            1.3981999507e-3,
            8.3334519073e-3,
            4.1665795894e-2,
            1.6666665459e-1,
            5.0000001201e-1,
        )
        one = c.real(1)
        return part(lambda x: p(x) * (x * x) + (x + one))
    p = polynomial(c.real, 1.26177193074810590878e-4, 3.02994407707441961300e-2, 9.99999999999999999910e-1)
    q = polynomial(
        c.real,
        3.00198505138664455042e-6,
        2.52448340349684104192e-3,
        2.27265548208155028766e-1,
        2.00000000000000000005e0,
    )

    def rational(x: Any) -> Any:
        z = x * x
        odd = x * p(z)
        return 1.0 + 2.0 * (odd / (q(z) - odd))

    return part(rational)


@native(exp)
def _exp(c: Constants) -> Any:
    log2e, magic, half = c.real(1 / math.log(2)), c.real(c.magic), c.real(0.5)
    high, low, greatest, least = map(c.real, (c.ln2_high, c.ln2_low, c.greatest, c.least))
    of_remainder = _exp_of_remainder(c)

    def exp(x: Any) -> Any:
        x = greatest if x > greatest else x  # written so that NaN passes
        x = least if x < least else x
        n = (x * log2e + magic) - magic
        r = (x - n * high) - n * low
        shifted = n * half + magic  # 2ⁿ in two factors: overflow and denormal numbers come out right
        first = shifted - magic
        return (of_remainder(r) * power_of_two(shifted)) * power_of_two((n - first) + magic)

    return exp


def log(x: Any) -> Any:
    """ln x: −∞ at 0, NaN below."""
    return np.log(x)


def _log_of_ratio(c: Constants) -> Callable[[Any], Any]:
    """(ln(1 + x) − x + ½ x²) / x³ for √½ ≤ 1 + x < √2."""
    if c is SINGLE:
        return polynomial(
            c.real,
            7.0376836292e-2,
            -1.1514610310e-1,
            1.1676998740e-1,
            -1.2420140846e-1,
            1.4249322787e-1,
            -1.6668057665e-1,
            2.0000714765e-1,
            -2.4999993993e-1,
            3.3333331174e-1,
        )
    p = polynomial(
        c.real,
        1.01875663804580931796e-4,
        4.97494994976747001425e-1,
        4.70579119878881725854e0,
        1.44989225341610930846e1,
        1.79368678507819816313e1,
        7.70838733755885391666e0,
    )
    q = polynomial(
        c.real,
        1.0,
        1.12873587189167450590e1,
        4.52279145837532221105e1,
        8.29875266912776603211e1,
        7.11544750618563894466e1,
        2.31251620126765340583e1,
    )
    return part(lambda x: p(x) / q(x))


@native(log)
def _log(c: Constants) -> Any:
    root, one, zero, half = map(c.real, (math.sqrt(0.5), 1, 0, 0.5))
    high, low = c.real(c.ln2_high), c.real(c.ln2_low)
    normal, scale, bits = c.real(c.normal), c.real(2.0**c.denormal_bits), c.real(c.denormal_bits)
    infinity, nan = c.real(np.inf), c.real(np.nan)
    of_ratio = _log_of_ratio(c)

    def log(x: Any) -> Any:
        tiny = x < normal
        y = x * scale if tiny else x
        m = mantissa(y)
        e = exponent(y) - (bits if tiny else zero)
        small = m < root
        e = e - one if small else e
        t = (m + m if small else m) - one
        z = t * t
        result = ((t * z * of_ratio(t) + e * low) - half * z + t) + e * high
        result = result if x < infinity else x  # +∞ and NaN
        result = result if x > zero else nan
        result = -infinity if x == zero else result
        return x if x != x else result

    return log


def log1p(x: Any) -> Any:
    """ln(1 + x), exact to the last places for small x too."""
    return np.log1p(x)


@native(log1p)
def _log1p(c: Constants) -> Any:
    one, infinity = c.real(1), c.real(np.inf)

    def log1p(x: Any) -> Any:
        u = one + x
        corrected = log(u) * (x / (u - one))  # what u lost in rounding
        result = x if u == one else corrected
        return log(u) if (u == infinity) | (x == -one) else result

    return log1p


def softplus(x: Any) -> Any:
    """ln(1 + eˣ)"""
    return np.logaddexp(x, 0)


@native(softplus)
def _softplus(c: Constants) -> Any:
    zero, half, one, bound = map(c.real, (0, 0.5, 1, math.sqrt(2) - 1))
    high, low = c.real(c.ln2_high), c.real(c.ln2_low)
    of_ratio = _log_of_ratio(c)

    def softplus(x: Any) -> Any:
        e = exp(-magnitude(x))
        upper = e > bound  # ln(1 + e) = ln(½ + ½e) + ln 2
        t = (e - one) * half if upper else e
        z = t * t
        logarithm = (t * z * of_ratio(t) + (low if upper else zero)) - half * z + t
        return larger(x, zero) + (logarithm + (high if upper else zero))

    return softplus


# --- sigmoid functions --------------------------------------------------------------


def sigmoid(x: Any) -> Any:
    """1 / (1 + e⁻ˣ)"""
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


@native(sigmoid)
def _sigmoid(c: Constants) -> Any:
    one, zero = c.real(1), c.real(0)

    def sigmoid(x: Any) -> Any:
        e = exp(-magnitude(x))
        return (e if x < zero else one) / (one + e)

    return sigmoid


def tanh(x: Any) -> Any:
    """(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)"""
    return np.tanh(x)


def _tanh_of_small(c: Constants) -> Callable[[Any], Any]:
    """tanh x for |x| < 0.625."""
    if c is SINGLE:
        series = polynomial(
            c.real,
            -5.70498872745e-3,
            2.06390887954e-2,
            -5.37397155531e-2,
            1.33314422036e-1,
            -3.33332819422e-1,
        )
        return part(lambda x: series(x * x) * (x * x) * x + x)
    p = polynomial(c.real, -9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3)
    q = polynomial(c.real, 1.0, 1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3)
    return part(lambda x: x + x * (x * x) * (p(x * x) / q(x * x)))


@native(tanh)
def _tanh(c: Constants) -> Any:
    one, two, bound = c.real(1), c.real(2), c.real(0.625)
    of_small = _tanh_of_small(c)

    def tanh(x: Any) -> Any:
        size = magnitude(x)
        far = with_sign_of(one - two / (exp(size + size) + one), x)
        return of_small(x) if size < bound else far

    return tanh


# --- the error function --------------------------------------------------------------


def erf(x: Any) -> Any:
    """(2/√π) ∫₀ˣ e^(−t²) dt"""
    return np.vectorize(math.erf, otypes=[np.result_type(x)])(x)[()]


def _erf_single() -> Any:
    real = np.float32
    near = polynomial(
        real,
        7.853861353153693e-5,
        -8.010193625184903e-4,
        5.188327685732524e-3,
        -2.685381193529856e-2,
        1.128358514861418e-1,
        -3.761262582423300e-1,
        1.128379165726710e0,
    )
    middle = polynomial(
        real,
        2.326819970068386e-2,
        -1.387039388740657e-1,
        3.687424674597105e-1,
        -5.824733027278666e-1,
        6.210004621745983e-1,
        -4.944515323274145e-1,
        3.404879937665872e-1,
        -2.741127028184656e-1,
        5.638259427386472e-1,
    )
    far = polynomial(
        real,
        -1.047766399936249e1,
        1.297719955372516e1,
        -7.495518717768503e0,
        2.921019019210786e0,
        -1.015265279202700e0,
        4.218463358204948e-1,
        -2.820767439740514e-1,
        5.641895067754075e-1,
    )
    one, two = real(1), real(2)

    def erf(x: Any) -> Any:
        size = magnitude(x)
        inverse = one / larger(size, one)
        y = inverse * inverse
        tail = exp(-size * size) * inverse * (middle(y) if size < two else far(y))
        return x * near(x * x) if size < one else with_sign_of(one - tail, x)

    return erf


def _erf_double() -> Any:
    real = np.float64
    t = polynomial(
        real,
        9.60497373987051638749e0,
        9.00260197203842689217e1,
        2.23200534594684319226e3,
        7.00332514112805075473e3,
        5.55923013010394962768e4,
    )
    u = polynomial(
        real,
        1.0,
        3.35617141647503099647e1,
        5.21357949780152679795e2,
        4.59432382970980127987e3,
        2.26290000613890934246e4,
        4.92673942608635921086e4,
    )
    p = polynomial(
        real,
        2.46196981473530512524e-10,
        5.64189564831068821977e-1,
        7.46321056442269912687e0,
        4.86371970985681366614e1,
        1.96520832956077098242e2,
        5.26445194995477358631e2,
        9.34528527171957607540e2,
        1.02755188689515710272e3,
        5.57535335369399327526e2,
    )
    q = polynomial(
        real,
        1.0,
        1.32281951154744992508e1,
        8.67072140885989742329e1,
        3.54937778887819891062e2,
        9.75708501743205489753e2,
        1.82390916687909736289e3,
        2.24633760818710981792e3,
        1.65666309194161350182e3,
        5.57535340817727675546e2,
    )

    def erf(x: Any) -> Any:
        z = x * x
        size = smaller(magnitude(x), 8.0)  # erf is 1 there, and NaN passes
        tail = exp(-size * size) * (p(size) / q(size))
        return x * (t(z) / u(z)) if size < 1.0 else with_sign_of(1.0 - tail, x)

    return erf


@native(erf)
def _erf(c: Constants) -> Any:
    return _erf_single() if c is SINGLE else _erf_double()


# --- what machines or the C library have ------------------------------------------------


def _library(meaning: Callable[[Any], Any], function: Callable[[Any], Any]) -> None:
    @native(meaning)
    def make(_constants: Constants) -> Any:
        return lambda x: function(x)


def sqrt(x: Any) -> Any:
    """√x"""
    return np.sqrt(x)


def sin(x: Any) -> Any:
    """sin x"""
    return np.sin(x)


def cos(x: Any) -> Any:
    """cos x"""
    return np.cos(x)


def floor(x: Any) -> Any:
    """The greatest integer that is not above x."""
    return np.floor(x)


_library(sqrt, math.sqrt)
_library(sin, math.sin)
_library(cos, math.cos)
_library(floor, np.floor)
