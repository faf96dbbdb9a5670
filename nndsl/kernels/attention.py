"""Attention without a matrix of all pairs: some queries meet some keys at a time.

The softmax is carried along: with the greatest score so far and the sum of exponentials relative to it, what
has been summed is scaled down where a greater score comes (Milakov and Gimelshein 2018; Rabe and Staats 2021;
Dao et al. 2022). The gradient computes the weights again.

All matrices lie in `[example, place, head, unit]`. A tile of scores has a row for each of `tall` queries and
a column for each of `wide` keys. Beside two tiles, `memory` has three numbers for each of their rows: the
greatest score, the sum of exponentials, and `Σ y·dy`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba.extending import register_jitable

from nndsl.kernels.kernel import kernel
from nndsl.kernels.matrices import multiply
from nndsl.kernels.native import add_unordered, beyond, larger, rounded_product
from nndsl.kernels.vector_math import exp

if TYPE_CHECKING:
    from nndsl.kernels.kernel import Indices, Real, Reals

NOTHING = -1e30
"""The greatest of no scores."""


@register_jitable
def last_key(lengths: Any, example: int, bounded: int, keys: int, last_query: int, causal: int) -> int:
    """How many keys the queries up to the last one of a tile see."""
    present = max(min(lengths[example], keys), 0) if bounded else keys
    return int(min(present, last_query + 1) if causal else present)


@register_jitable
def seen_by(query: int, key: int, width: int, causal: int) -> int:
    """How many of the keys of a tile, from `key` on, a query sees."""
    return int(max(min(query + 1 - key, width), 0) if causal else width)


@register_jitable
def begin(greatest: Any, total: Any, height: int) -> None:
    """No scores yet."""
    for row in range(height):
        greatest[row] = NOTHING
        total[row] = 0


@register_jitable
def soften(tile: Any, at: int, seen: int, width: int, greatest: Any, total: Any, row: int) -> Any:
    """Makes a row of scores exponentials, relative to the greatest so far; 0 for keys that are not seen.

    Returns what earlier ones must be multiplied by.
    """
    before = greatest[row]
    now = before
    for i in range(seen):
        now = larger(now, tile[at + i])
    terms = before - before  # 0 in their precision
    for i in range(seen):
        term = exp(tile[at + i] - now)
        tile[at + i] = term
        terms = add_unordered(terms, term)
    for i in range(seen, width):
        tile[at + i] = 0
    factor = exp(before - now)
    greatest[row] = now
    total[row] = total[row] * factor + terms
    return factor


@register_jitable
def scale_row(y: Any, at: int, width: int, factor: Any) -> None:
    for i in range(width):
        y[at + i] *= factor


@register_jitable
def clear(x: Any, count: int) -> None:
    for i in range(count):
        x[i] = 0


@kernel
def attention(
    y: Reals,
    q: Reals,
    k: Reals,
    v: Reals,
    lengths: Indices,
    memory: Reals,
    scale: Real,
    causal: int,
    bounded: int,
    tall: int,
    wide: int,
    examples: int,
    queries: int,
    keys: int,
    heads: int,
    inner: int,
    units: int,
) -> None:
    """y[t] ← Σⱼ softmaxⱼ(scale · q[t]·k[j]) v[j] over the keys j that t sees, for each example and head.

    Shapes: q (examples, queries, heads, inner), k (examples, keys, heads, inner), v (examples, keys, heads,
    units), y (examples, queries, heads, units); lengths (examples,) is read where `bounded`.
    """
    step, step_v = heads * inner, heads * units
    greatest, total = beyond(memory, 2 * tall * wide), beyond(memory, 2 * tall * wide + tall)
    for block in range(examples * heads):
        example, head = block // heads, block % heads
        for row_tile in range((queries + tall - 1) // tall):
            query = row_tile * tall
            height = min(tall, queries - query)
            place = example * queries + query
            q_at, y_at = place * step + head * inner, place * step_v + head * units
            last = last_key(lengths, example, bounded, keys, query + height - 1, causal)
            begin(greatest, total, height)
            for tile in range(max((last + wide - 1) // wide, 1)):
                key = tile * wide
                width = min(wide, last - key)
                place = example * keys + key
                k_at, v_at = place * step + head * inner, place * step_v + head * units
                sizes = (height, width, inner, 0, 1, step, step, width)
                multiply(memory, 0, q, q_at, k, k_at, *sizes, scale, 0.0)
                for row in range(height):
                    seen = seen_by(query + row, key, width, causal)
                    factor = soften(memory, row * width, seen, width, greatest, total, row)
                    if key > 0:
                        scale_row(y, y_at + row * step_v, units, factor)
                kept = 1.0 if key > 0 else 0.0
                sizes = (height, units, width, 0, 0, width, step_v, step_v)
                multiply(y, y_at, memory, 0, v, v_at, *sizes, 1.0, kept)
            if last > 0:
                for row in range(height):
                    scale_row(y, y_at + row * step_v, units, 1 / total[row])


@kernel
def attention_gradient(
    dq: Reals,
    dk: Reals,
    dv: Reals,
    q: Reals,
    k: Reals,
    v: Reals,
    lengths: Indices,
    y: Reals,
    dy: Reals,
    memory: Reals,
    scale: Real,
    causal: int,
    bounded: int,
    tall: int,
    wide: int,
    examples: int,
    queries: int,
    keys: int,
    heads: int,
    inner: int,
    units: int,
) -> None:
    """The cotangents of q, k and v, given y and its cotangent: see `operators.attention.AttentionGradient`.

    Shapes as for `attention`; dq, dk, dv, dy as q, k, v, y.
    """
    step, step_v, area = heads * inner, heads * units, tall * wide
    slopes, greatest = beyond(memory, area), beyond(memory, 2 * area)
    total, mean = beyond(memory, 2 * area + tall), beyond(memory, 2 * area + 2 * tall)
    clear(dq, examples * queries * step)
    clear(dk, examples * keys * step)
    clear(dv, examples * keys * step_v)
    for block in range(examples * heads):
        example, head = block // heads, block % heads
        for row_tile in range((queries + tall - 1) // tall):
            query = row_tile * tall
            height = min(tall, queries - query)
            place = example * queries + query
            q_at, y_at = place * step + head * inner, place * step_v + head * units
            last = last_key(lengths, example, bounded, keys, query + height - 1, causal)
            begin(greatest, total, height)
            for row in range(height):
                mean[row] = product_of_rows(y, dy, y_at + row * step_v, units, scale - scale)
            for tile in range((last + wide - 1) // wide):
                key = tile * wide
                width = min(wide, last - key)
                k_at = (example * keys + key) * step + head * inner
                sizes = (height, width, inner, 0, 1, step, step, width)
                multiply(memory, 0, q, q_at, k, k_at, *sizes, scale, 0.0)
                for row in range(height):
                    seen = seen_by(query + row, key, width, causal)
                    soften(memory, row * width, seen, width, greatest, total, row)
            for tile in range((last + wide - 1) // wide):
                key = tile * wide
                width = min(wide, last - key)
                place = example * keys + key
                k_at, v_at = place * step + head * inner, place * step_v + head * units
                if last > wide:  # otherwise there is one tile, and it is still there
                    sizes = (height, width, inner, 0, 1, step, step, width)
                    multiply(memory, 0, q, q_at, k, k_at, *sizes, scale, 0.0)
                    for row in range(height):
                        seen = seen_by(query + row, key, width, causal)
                        exponentials(memory, row * width, seen, width, greatest[row])
                sizes = (height, width, units, 0, 1, step_v, step_v, width)
                multiply(slopes, 0, dy, y_at, v, v_at, *sizes, 1.0, 0.0)
                for row in range(height):
                    seen = seen_by(query + row, key, width, causal)
                    weigh(memory, slopes, row * width, seen, width, 1 / total[row], mean[row])
                sizes = (width, units, height, 1, 0, width, step_v, step_v)
                multiply(dv, v_at, memory, 0, dy, y_at, *sizes, 1.0, 1.0)
                sizes = (height, inner, width, 0, 0, width, step, step)
                multiply(dq, q_at, slopes, 0, k, k_at, *sizes, scale, 1.0)
                sizes = (width, inner, height, 1, 0, width, step, step)
                multiply(dk, k_at, slopes, 0, q, q_at, *sizes, scale, 1.0)


@register_jitable
def product_of_rows(a: Any, b: Any, at: int, width: int, total: Any) -> Any:
    """Rounded as short products of `multiply` are: what it is subtracted from may be almost the same."""
    for i in range(width):
        total = add_unordered(total, rounded_product(a[at + i], b[at + i]))
    return total


@register_jitable
def exponentials(tile: Any, at: int, seen: int, width: int, greatest: Any) -> None:
    """A row of scores, made exponentials again."""
    for i in range(seen):
        tile[at + i] = exp(tile[at + i] - greatest)
    for i in range(seen, width):
        tile[at + i] = 0


@register_jitable
def weigh(a: Any, slopes: Any, at: int, seen: int, width: int, share: Any, mean: Any) -> None:
    """Makes a row of exponentials weights, and cotangents of weights those of scores."""
    for i in range(seen):
        weight = a[at + i] * share
        a[at + i] = weight
        slopes[at + i] = weight * (slopes[at + i] - mean)
    for i in range(seen, width):
        slopes[at + i] = 0
