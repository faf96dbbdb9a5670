"""Expressions on columns: what a `data` statement says on the right of `=`.

Rows stay rows: an operation applies to each row, and a column with fewer axes than the other one is the
same along those that it lacks. Only `window` and `after` move rows, and leave fewer of them:

    window(x, n)    row i is x[i], …, x[i + n - 1]    shapes: (rows, *s) -> (rows - n + 1, n, *s)
    after(x, n)     row i is x[i + n]                 shapes: (rows, *s) -> (rows - n, *s)
    join(a, b)      a and b side by side, flattened   shapes: (rows, *s), (rows, *r) -> (rows, size s + size
    r)

Arithmetic on rows of unequal length works on each of their places; `tokens(text)` makes such rows of texts.
What `next(x)` and `previous(x)` mean depends on the other values over the sequence: see `sequences`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nndsl.data.examples import Array
from nndsl.data.sequences import words
from nndsl.data.table import Column, Ragged, Table
from nndsl.diagnostics.catalogue import data as mistakes
from nndsl.diagnostics.diagnostic import Diagnostic, NNDSLError
from nndsl.semantics import model
from nndsl.source import Span

ARITHMETIC: Mapping[str, Callable[..., Array]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "power": np.power,
    "negate": np.negative,
    "abs": np.abs,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "equal": np.equal,
    "not_equal": np.not_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
}
SIGNS = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "power": "^",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "equal": "==",
    "not_equal": "!=",
}


def evaluate(expression: model.ColumnExpression, table: Table) -> Column:
    """The column that an expression means; a comparison gives truths.

    Raises NNDSLError where a column is unknown, cells are not numbers, or shapes disagree.
    """
    match expression:
        case model.Number(value=value):
            return np.array(value)
        case model.Column(name=name, span=span):
            if name not in table.columns:
                known = tuple(table.columns)
                raise NNDSLError(
                    [mistakes.UnknownColumn(column=name, table=table.name, columns=known, span=span)]
                )
            return table.columns[name]
        case model.Transform(function=function, arguments=arguments, span=span):
            if function in ("next", "previous"):
                raise NNDSLError([mistakes.VariableLength(what=f"'{function}'", span=span)])
            if function == "tokens":
                return words(_texts(arguments[0], table))
            found = [evaluate(argument, table) for argument in arguments]
            if any(isinstance(column, Ragged) for column in found):
                return _place_by_place(function, arguments, found, table, span)
            return _apply(function, [_numbers(argument, table) for argument in arguments], span)


def numbers(cells: Array, column: str, table: str, span: Span | None) -> Array:
    """Cells as numbers. Raises NNDSLError with the first cell that is none."""
    if cells.dtype.kind in "biuf":
        return cells
    try:
        return cells.astype(np.float64)
    except (TypeError, ValueError):
        rows = cells.reshape(len(cells), -1)
        row, cell = next((i, cell) for i, row in enumerate(rows) for cell in row if not _is_number(cell))
        raise NNDSLError([_not_a_number(column, table, row + 1, cell, span)]) from None


def refuse_not_finite(values: Array, name: str, table: str, span: Span | None) -> None:
    """Raises NNDSLError with the first row in which a value is missing or infinite."""
    if values.ndim and values.dtype.kind == "f" and not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values.reshape(len(values), -1)).all(axis=1)))
        found = str(next(value for value in values[row].ravel() if not np.isfinite(value)))
        raise NNDSLError([mistakes.NotFinite(name=name, table=table, row=row + 1, found=found, span=span)])


def _not_a_number(column: str, table: str, row: int, cell: Any, span: Span | None) -> Diagnostic:
    if cell is None or str(cell) == "":
        return mistakes.NotFinite(name=column, table=table, row=row, found="nan", span=span)
    found = str(cell)
    shown = found if len(found) <= 40 else f"{found[:40]}…"
    return mistakes.NotANumber(column=column, table=table, row=row, found=shown, span=span)


def _is_number(cell: Any) -> bool:
    try:
        np.asarray(cell).astype(np.float64)
    except (TypeError, ValueError):
        return False
    return True


def _numbers(expression: model.ColumnExpression, table: Table) -> Array:
    column = evaluate(expression, table)
    assert not isinstance(column, Ragged)
    return _as_numbers(expression, column, table)


def _as_numbers(expression: model.ColumnExpression, cells: Array, table: Table) -> Array:
    name = expression.name if isinstance(expression, model.Column) else "the expression"
    found = numbers(cells, name, table.name, expression.span)
    refuse_not_finite(found, name, table.name, expression.span)
    return found


def _place_by_place(
    function: str,
    arguments: Sequence[model.ColumnExpression],
    found: Sequence[Column],
    table: Table,
    span: Span,
) -> Ragged:
    """An operation on rows of unequal length, and plain numbers."""
    rows = [column for column in found if isinstance(column, Ragged)]
    alike = all(np.array_equal(column.starts, rows[0].starts) for column in rows)
    plain = all(isinstance(column, Ragged) or not column.ndim for column in found)
    if function not in ARITHMETIC or not alike or not plain:
        raise NNDSLError([mistakes.VariableLength(what=f"'{SIGNS.get(function, function)}'", span=span)])
    cells = [column.values if isinstance(column, Ragged) else column for column in found]
    given = [_as_numbers(argument, cell, table) for argument, cell in zip(arguments, cells, strict=True)]
    return Ragged(_elementwise(function, given, span), rows[0].starts)


def _texts(expression: model.ColumnExpression, table: Table) -> Array:
    column = evaluate(expression, table)
    if isinstance(column, Ragged) or column.dtype != object:
        raise NNDSLError([mistakes.TextExpected(found=expression.span.text, span=expression.span)])
    return column.astype(str)


def _apply(function: str, arguments: Sequence[Array], span: Span) -> Array:
    if function == "window":
        length = _length(function, arguments, span)
        windows = np.lib.stride_tricks.sliding_window_view(arguments[0], length, axis=0)
        return np.moveaxis(windows, -1, 1)
    if function == "after":
        return arguments[0][_length(function, arguments, span) :]
    if function == "join":
        return np.concatenate([column.reshape(len(column), -1) for column in arguments], axis=1)
    return _elementwise(function, arguments, span)


def _elementwise(function: str, arguments: Sequence[Array], span: Span) -> Array:
    rows = min((len(column) for column in arguments if column.ndim), default=0)
    axes = max(column.ndim for column in arguments)
    try:
        with np.errstate(all="ignore"):
            return np.asarray(ARITHMETIC[function](*(_aligned(column, rows, axes) for column in arguments)))
    except ValueError:
        shapes = tuple(column.shape[1:] for column in arguments if column.ndim)
        sign = SIGNS.get(function, function)
        raise NNDSLError([mistakes.ShapesDisagree(function=sign, shapes=shapes, span=span)]) from None


def _aligned(column: Array, rows: int, axes: int) -> Array | float:
    """A plain number, or so many rows with so many axes.

    Small integers become float32, which holds them exactly, so that a set of images stays small.
    """
    if not column.ndim:
        return float(column)
    column = column[:rows].reshape(rows, *column.shape[1:], *([1] * (axes - column.ndim)))
    return column.astype(np.float32) if column.dtype.itemsize <= 2 and column.dtype.kind in "iu" else column


def _length(function: str, arguments: Sequence[Array], span: Span) -> int:
    rows = len(arguments[0])
    length = int(arguments[1])
    most = rows if function == "window" else rows - 1
    if not 1 <= length <= most:
        raise NNDSLError(
            [mistakes.WindowTooLong(function=function, length=length, most=most, rows=rows, span=span)]
        )
    return length
