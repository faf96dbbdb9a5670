"""Library kernels against NumPy: their machine code, and the Python that it is made of."""

from itertools import product

import numpy as np
import pytest
from calling import PRECISIONS, SIZES, native, python

from nndsl.kernels.compile import library_function
from nndsl.kernels.random import philox
from nndsl.kernels.symbols import load_blas
from nndsl.operators import random as reference
from nndsl.planning.plan import Precision

GENERATOR = np.random.default_rng(0)


def un_jitted(name, precision, *arguments):
    python(library_function(name), precision, *arguments)


both_ways = pytest.mark.parametrize("call", [native, un_jitted])
in_both = pytest.mark.parametrize("precision", PRECISIONS)


def reals(precision, *shape) -> np.ndarray:
    return GENERATOR.normal(size=shape).astype(precision.value)


# --- products ---


@in_both
@both_ways
@pytest.mark.parametrize("a_transposed", [0, 1])
@pytest.mark.parametrize("b_transposed", [0, 1])
def test_gemm(precision, call, a_transposed, b_transposed):
    for m, n, k in ((1, 1, 1), (2, 3, 5), (8, 9, 7), (3, 4, 0), (0, 3, 2)):
        a = reals(precision, *((k, m + 2) if a_transposed else (m, k + 2)))
        b = reals(precision, *((n, k + 1) if b_transposed else (k, n + 1)))
        c = reals(precision, m, n + 3)
        wanted = c.copy()
        left = a[:, :m].T if a_transposed else a[:, :k]
        right = b[:, :k].T if b_transposed else b[:, :n]
        wanted[:, :n] = 2 * left @ right - 0.5 * c[:, :n]
        sizes = (m, n, k, a_transposed, b_transposed, a.shape[1], b.shape[1], c.shape[1])
        call("gemm", precision, c, a, b, *sizes, 2.0, -0.5)
        np.testing.assert_allclose(c, wanted, rtol=1e-4, atol=1e-5)


@in_both
@pytest.mark.parametrize("a_transposed", [0, 1])
@pytest.mark.parametrize("b_transposed", [0, 1])
def test_few_columns_with_and_without_blas(precision, a_transposed, b_transposed):
    for load in (lambda: None, load_blas):  # which stays loaded
        load()
        for m, n, k in product((1, 2, 40), (1, 2, 3), (0, 1, 50)):
            a = reals(precision, *((k, m) if a_transposed else (m, k)))
            b = reals(precision, *((n, k) if b_transposed else (k, n)))
            c = np.empty((m, n), precision.value)
            sizes = (m, n, k, a_transposed, b_transposed, a.shape[1], b.shape[1], n)
            native("gemm", precision, c, a, b, *sizes, 1.0, 0.0)
            wanted = (a.T if a_transposed else a) @ (b.T if b_transposed else b)
            np.testing.assert_allclose(c, wanted, rtol=1e-4, atol=1e-5)


@in_both
@pytest.mark.parametrize("a_transposed", [0, 1])
@pytest.mark.parametrize("b_transposed", [0, 1])
@pytest.mark.parametrize("beta", [0.0, 1.0])
def test_gemm_of_all_sizes(precision, a_transposed, b_transposed, beta):
    for m, n, k in product((0, 1, 3, 5, 37, 130), (1, 2, 9, 32, 101), (0, 1, 17, 258, 530)):
        a = reals(precision, *((k, m + 3) if a_transposed else (m, k + 1)))
        b = reals(precision, *((n, k + 2) if b_transposed else (k, n + 1)))
        c = reals(precision, m, n + 2)
        wanted = c.astype(float)
        left = (a[:, :m].T if a_transposed else a[:, :k]).astype(float)
        right = (b[:, :k].T if b_transposed else b[:, :n]).astype(float)
        wanted[:, :n] = left @ right + beta * wanted[:, :n]
        sizes = (m, n, k, a_transposed, b_transposed, a.shape[1], b.shape[1], c.shape[1])
        native("gemm", precision, c, a, b, *sizes, 1.0, beta)
        tolerance = 1e-12 if precision is Precision.FLOAT64 else 2e-4
        np.testing.assert_allclose(c, wanted, rtol=tolerance, atol=tolerance, err_msg=f"{m}x{n}x{k}")


@pytest.mark.parametrize("transposed", [0, 1])
def test_gemm_of_columns_and_of_large_matrices(transposed):
    for m, n, k in ((700, 1, 300), (1, 700, 300), (1024, 1024, 1024)):
        a, b = reals(Precision.FLOAT32, m, k), reals(Precision.FLOAT32, k, n)
        stored = np.ascontiguousarray(a.T) if transposed else a
        c = np.empty((m, n), np.float32)
        sizes = (m, n, k, transposed, 0, stored.shape[1], n, n)
        native("gemm", Precision.FLOAT32, c, stored, b, *sizes, 1.0, 0.0)
        np.testing.assert_allclose(c, a.astype(float) @ b, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.FLOAT64])
@pytest.mark.parametrize("b_transposed", [0, 1])
def test_gemm_by_panels_of_both_matrices(precision, b_transposed):
    m, n, k = 700, 133, 300  # several panels of each, and rests of all
    a, b, c = reals(precision, k, m + 1), reals(precision, k, n), reals(precision, m, n + 2)
    stored = np.ascontiguousarray(b.T) if b_transposed else b
    wanted = c.copy()
    wanted[:, :n] = 2.0 * (a[:, :m].T.astype(float) @ b) + 0.5 * wanted[:, :n]
    sizes = (m, n, k, 1, b_transposed, m + 1, stored.shape[1], n + 2)
    native("gemm", precision, c, a, stored, *sizes, 2.0, 0.5)
    np.testing.assert_allclose(c, wanted, rtol=1e-4, atol=1e-3)


def test_gemm_keeps_what_is_not_finite():
    for m, n, k, b_transposed in (
        (1, 70, 20, 1),
        (5, 70, 20, 1),
        (40, 70, 20, 1),
        (1, 70, 20, 0),
        (5, 70, 20, 0),
    ):
        a, b = reals(Precision.FLOAT32, m, k), reals(Precision.FLOAT32, k, n)
        a[0, -1], b[-1, -1] = np.nan, np.inf
        stored = np.ascontiguousarray(b.T) if b_transposed else b
        c = np.empty((m, n), np.float32)
        sizes = (m, n, k, 0, b_transposed, k, stored.shape[1], n)
        native("gemm", Precision.FLOAT32, c, a, stored, *sizes, 1.0, 0.0)
        assert np.isnan(c[0]).all()
        assert np.isinf(c[1:, -1]).all()
        assert np.isfinite(c[1:, :-1]).all()


@in_both
@both_ways
def test_gemm_does_not_read_what_it_overwrites(precision, call):
    a, b, c = reals(precision, 3, 4), reals(precision, 4, 2), np.full((3, 2), np.nan, precision.value)
    call("gemm", precision, c, a, b, 3, 2, 4, 0, 0, 4, 2, 2, 1.0, 0.0)
    np.testing.assert_allclose(c, a @ b, rtol=1e-5, atol=1e-6)


@in_both
@both_ways
def test_batched_gemm(precision, call):
    a, b = reals(precision, 5, 3, 4), reals(precision, 5, 4, 2)
    each, total = np.empty((5, 3, 2), precision.value), np.zeros((3, 2), precision.value)
    sizes = (3, 2, 4, 0, 0, 4, 2, 2)
    call("batched_gemm", precision, each, a, b, *sizes, 1.0, 0.0, 5, 12, 8, 6)
    np.testing.assert_allclose(each, a @ b, rtol=1e-5, atol=1e-6)
    call("batched_gemm", precision, total, a, b, *sizes, 1.0, 1.0, 5, 12, 8, 0)
    np.testing.assert_allclose(total, (a @ b).sum(axis=0), rtol=1e-5, atol=1e-5)


@in_both
@both_ways
@pytest.mark.parametrize("transposed", [0, 1])
@pytest.mark.parametrize(("m", "n", "k"), [(1, 1, 1), (7, 40, 5), (13, 33, 9), (0, 3, 2), (2, 3, 0)])
def test_packed_gemm(precision, call, transposed, m, n, k):
    a, b = reals(precision, m, k + 2), reals(precision, *((n, k + 1) if transposed else (k, n + 1)))
    c, packed = reals(precision, m, n + 3), np.full(k * (n + 16), np.nan, precision.value)
    wanted = c.copy()
    wanted[:, :n] = a[:, :k] @ (b[:, :k].T if transposed else b[:, :n])
    call("pack", precision, packed, b, n, k, transposed, b.shape[1])
    call("packed_gemm", precision, c, a, packed, np.zeros(3 * m, np.int32), m, n, k, k + 2, n + 3)
    np.testing.assert_allclose(c, wanted, rtol=1e-4, atol=1e-5)


# --- movement ---


def layout(x: np.ndarray, y: np.ndarray) -> tuple[int, ...]:
    """Sizes, source strides and target strides of two views of one shape."""
    return (*x.shape, *(s // x.itemsize for s in x.strides), *(s // y.itemsize for s in y.strides))


@both_ways
@pytest.mark.parametrize(
    ("kernel", "dtype"),
    [("strided_copy", "float32"), ("strided_copy_indices", "int32"), ("strided_copy_truths", "bool")],
)
def test_strided_copy(call, kernel, dtype):
    moves = [((), ()), ((9,), (0,)), ((20, 35), (1, 0)), ((3, 4, 5), (2, 0, 1)), ((2, 1, 3, 2), (3, 1, 0, 2))]
    for shape, permutation in moves:
        x = GENERATOR.integers(0, 2, shape).astype(dtype) if shape else np.array(1, dtype)
        moved = x.transpose(permutation)
        y = np.zeros(moved.shape, dtype)
        call(kernel, PRECISIONS[0], y, 0, x, 0, x.ndim, *layout(moved, y))
        np.testing.assert_array_equal(y, moved)


def test_strided_copy_repeats_and_skips():
    x = reals(PRECISIONS[0], 4, 3)
    repeated = np.broadcast_to(x, (2, 4, 3))
    y = np.zeros((2, 4, 7), np.float32)
    native("strided_copy", PRECISIONS[0], y, 0, x, 0, 3, *layout(repeated, y[:, :, 1:4]))
    np.testing.assert_array_equal(y[:, :, :3], repeated)
    upright = np.zeros((3, 4), np.float32)
    native("strided_copy", PRECISIONS[0], upright, 0, x, 0, 2, *layout(x, upright.T))
    np.testing.assert_array_equal(upright, x.T)
    flipped = np.zeros_like(x)
    native("strided_copy", PRECISIONS[0], flipped, 0, x, 2, 2, *layout(x[:, ::-1], flipped))
    np.testing.assert_array_equal(flipped, x[:, ::-1])


@both_ways
@in_both
def test_strided_add_lays_windows_upon_a_grid(precision, call):
    windows, grid = reals(precision, 6, 3), np.zeros(8, precision.value)
    call("strided_add", precision, grid, 0, windows, 0, 2, 6, 3, 3, 1, 1, 1)
    wanted = sum(np.pad(windows[:, w], (w, 2 - w)) for w in range(3))
    np.testing.assert_allclose(grid, wanted, rtol=1e-5, atol=1e-6)


@both_ways
@pytest.mark.parametrize("size", SIZES)
def test_fill(call, size):
    x, k, t = np.ones(size, np.float32), np.ones(size, np.int32), np.ones(size, bool)
    call("fill", PRECISIONS[0], x, size, -2.5)
    call("fill_indices", PRECISIONS[0], k, size, -3)
    call("fill_truths", PRECISIONS[0], t, size, 0)
    assert (x == -2.5).all() and (k == -3).all() and not t.any()


@both_ways
@in_both
def test_gather_and_its_adjoint(precision, call):
    batches, count, before, rows, after = 2, 6, 3, 4, 5
    table = reals(precision, batches, before, rows, after)
    places = np.array([[0, 3, 3, -1, 2, 4], [1, 1, 1, 7, 0, 3]], np.int32)
    sizes = (batches, count, before, rows, after)
    found = np.full((batches, count, before, after), np.nan, precision.value)
    call("gather", precision, found, table, places, *sizes)
    selection = np.equal.outer(places, np.arange(rows)).astype(table.dtype)
    np.testing.assert_array_equal(found, np.einsum("bik,bpkq->bipq", selection, table))
    values, added = reals(precision, *found.shape), np.ones_like(table)
    call("scatter_add", precision, added, places, values, *sizes)
    wanted = 1 + np.einsum("bik,bipq->bpkq", selection, values)
    np.testing.assert_allclose(added, wanted, rtol=1e-5, atol=1e-6)


# --- sparse matrices ---


@both_ways
@in_both
@pytest.mark.parametrize("after", [1, 7, 16, 33, 70])
def test_sparse_products(precision, call, after):
    """Rows without entries, columns outside, and a part of the rows alone."""
    rows, count, columns = 5, 40, 6
    places = GENERATOR.integers(-1, rows - 1, count, endpoint=True).astype(np.int32)
    starts, order, work = (
        np.empty(rows + 1, np.int32),
        np.empty(count, np.int32),
        np.empty(rows + 1, np.int32),
    )
    call("row_starts", precision, starts, places, count, rows)
    call("row_order", precision, order, places, work, count, rows)
    kept = np.where(places < 0, rows, places)
    np.testing.assert_array_equal(order, np.argsort(kept, kind="stable"))
    np.testing.assert_array_equal(starts, np.searchsorted(kept[order], np.arange(rows + 1)))
    named = GENERATOR.integers(-1, columns, count, endpoint=True).astype(np.int32)
    values, x = reals(precision, count), reals(precision, columns, after)
    dense = np.zeros((rows, columns))
    inside = (places >= 0) & (named >= 0) & (named < columns)
    np.add.at(dense, (places[inside], named[inside]), values[inside])
    y = np.full((rows, after), np.nan, precision.value)
    part, sizes = (y[1:], starts[1:].copy()), (count, columns, after)
    call("sparse_product", precision, *part, named[order], x, values[order], rows - 1, *sizes)
    assert np.isnan(y[0]).all()
    np.testing.assert_allclose(y[1:], dense[1:] @ x, rtol=1e-4, atol=1e-5)
    ones, weights = np.full_like(y, np.nan), np.ones_like(values)
    call("sparse_product", precision, y, starts, named[order], x, weights, rows, *sizes)
    call("sum_rows", precision, ones, starts, named[order], x, rows, *sizes)
    np.testing.assert_array_equal(ones, y)


# --- random numbers ---


def test_philox_is_the_operators():
    for block, step, stream, seed in ((0, 0, 0, 0), (2**33 + 5, 2**31 - 1, 7, -9), (12, 3, 4, 5)):
        counter = tuple(np.array([x % 2**32], np.uint64) for x in (block, block >> 32, step, stream))
        wanted = reference.philox(counter, (seed % 2**32, (seed >> 32) % 2**32))
        with np.errstate(over="ignore"):
            assert [int(word) for word in philox(block, step, stream, seed % 2**64)] == [
                int(word[0]) for word in wanted
            ]


def numbers(kernel, precision, call, first, count, seed=5, step=3, stream=7) -> np.ndarray:
    y = np.full(count, np.nan, precision.value)
    call(kernel, precision, y, np.array([seed], np.int32), np.array([step], np.int32), stream, first, count)
    return y


@in_both
@pytest.mark.parametrize("count", SIZES)
def test_uniform_and_normal_are_the_operators(precision, count):
    from nndsl.graph.types import real

    operands = np.array(5), np.array(3)
    dimensions = real(count).dimensions
    uniform = reference.Uniform(7, dimensions).evaluate(operands, {})
    np.testing.assert_array_equal(numbers("uniform", precision, native, 0, count), uniform)
    normal = reference.Normal(7, dimensions).evaluate(operands, {})
    got = numbers("normal", precision, native, 0, count)
    np.testing.assert_allclose(got, normal, rtol=1e-6 if got.dtype == np.float32 else 1e-13, atol=1e-14)


@pytest.mark.parametrize("kernel", ["uniform", "normal"])
def test_threads_get_their_share_of_one_stream(kernel):
    whole = numbers(kernel, PRECISIONS[0], native, 0, 50)
    for first, count in ((0, 3), (3, 1), (4, 9), (13, 37), (50, 0)):
        share = numbers(kernel, PRECISIONS[0], native, first, count)
        np.testing.assert_array_equal(share, whole[first : first + count])


def test_a_negative_seed_is_a_seed():
    from nndsl.graph.types import real

    wanted = reference.Uniform(7, real(9).dimensions).evaluate((np.array(-5), np.array(3)), {})
    np.testing.assert_array_equal(numbers("uniform", PRECISIONS[0], native, 0, 9, seed=-5), wanted)
