"""Which matrix products are left to BLAS: known without Numba, so that only those programs prepare for it."""

from __future__ import annotations

LARGE = 2**30
"""Multiplications from which on BLAS is faster."""

COLUMNS_FEW = 4
"""Fewer columns that lie side by side leave most of a vector empty: those are left to BLAS, too."""


def is_left_to_blas(rows: int, columns: int, inner: int, b_transposed: int) -> bool:
    """Whether BLAS multiplies matrices of these sizes."""
    return rows * columns * inner >= LARGE or (columns < COLUMNS_FEW and not b_transposed)
