"""Arrays as they come -> arrays as an input or target takes them: arrangement, domain, number type."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from operator import mul
from typing import Any

import numpy as np

from nndsl.data.columns import numbers, refuse_not_finite
from nndsl.data.examples import Array
from nndsl.diagnostics.catalogue import data as mistakes
from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.semantics.model import Value
from nndsl.source import Span
from nndsl.types import Domain

Classes = tuple[str, ...]
Shape = tuple[int | None, ...]
DType = type | str
"""The type of real numbers: numpy's, or its name, `float32` or `float64`."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an array comes from, for messages: a column of a table, and the place in the spec that binds
    it.
    """

    column: str
    table: str
    span: Span | None = None


def convert(
    value: Value, given: Any, origin: Origin, dtype: DType = np.float32, classes: Classes | None = None
) -> tuple[Array, Classes | None]:
    """The array of an input or target, as `Examples` describes it, and the words of its classes, if any.

    The rows may be arranged in any way that joins or divides neighbouring axes (28x28 and 784), and units
    may stand before a grid instead of after it. Truths become 0 and 1, or -1 and +1 for bipolar. A onehot
    takes class numbers, rows with a single 1, or words, which are numbered as in `classes`, else in
    alphabetical order.

    Raises NNDSLError where sizes differ, values are not finite, or lie outside the domain.
    """
    array = _as_array(given, origin)
    if value.type.domain is Domain.ONEHOT:
        return _class_numbers(value, array, origin, classes)
    array = _arranged(value, array, _space(value) + value.type.units, origin)
    return _in_domain(value, array, origin, dtype), None


def _as_array(given: Any, origin: Origin) -> Array:
    try:
        array: Array = np.asarray(given)
    except ValueError:  # lists of different lengths
        raise NNDSLError([mistakes.VariableLength(what=f"'{origin.column}'", span=origin.span)]) from None
    return array.reshape(1) if not array.ndim else array


def _space(value: Value) -> Shape:
    return tuple(axis.extent.known for axis in value.type.space)


# --- arrangement -------------------------------------------------------------------


def _arranged(value: Value, array: Array, shape: Shape, origin: Origin) -> Array:
    arranged = _arrange(array, shape, len(value.type.space))
    if arranged is None:
        rows = array.shape[1:]
        alone = _fits(array.shape, shape)
        raise NNDSLError([_wrong_shape(value, shape, rows, alone, origin)])
    return arranged


def _wrong_shape(value: Value, shape: Shape, rows: Shape, alone: bool, origin: Origin) -> mistakes.WrongShape:
    found = tuple(size or 0 for size in rows)
    return mistakes.WrongShape(
        name=value.name,
        type=str(value.type),
        expected=shape,
        found=found,
        alone=alone,
        declared=value.span,
        span=origin.span,
    )


def _arrange(array: Array, shape: Shape, space: int) -> Array | None:
    """The array with rows of this shape, whose first `space` sizes are those of the index space."""
    rows = array.shape[1:]
    if _fits(rows, shape):
        return array
    if shape and shape[-1] == 1 and _fits(rows, shape[:-1]):
        return array[..., None]
    units = len(shape) - space
    if _fits(rows, shape[space:] + shape[:space]):
        return np.moveaxis(array, range(1, 1 + units), range(-units, 0))
    if _joins_neighbours(rows, shape):
        return array.reshape(len(array), *(size or 0 for size in shape))
    return None


def has_sequence_axis(value: Value, array: Array) -> bool:
    """Whether the rows of an array can be sequences of a value, and are not each one place of it."""
    shapes = [_space(value) + value.type.units]
    if value.type.domain is Domain.ONEHOT:
        shapes.append(_space(value) + value.type.units[:-1])
    return any(_arrange(array, shape, len(value.type.space)) is not None for shape in shapes)


def _fits(found: Shape, expected: Shape) -> bool:
    return len(found) == len(expected) and all(
        size is None or size == other for size, other in zip(expected, found, strict=True)
    )


def _joins_neighbours(found: tuple[int, ...], expected: Shape) -> bool:
    """Whether one shape becomes the other by joining axes that stand side by side."""
    sizes = tuple(size for size in expected if size is not None)
    if len(sizes) < len(expected):
        return False
    products, wanted = set(accumulate(found, mul, initial=1)), set(accumulate(sizes, mul, initial=1))
    return max(products) == max(wanted) and (products <= wanted or wanted <= products)


# --- domain ------------------------------------------------------------------------


def _in_domain(value: Value, array: Array, origin: Origin, dtype: DType) -> Array:
    truths = array.dtype.kind == "b"
    found = numbers(array, origin.column, origin.table, origin.span)
    match value.type.domain:
        case Domain.BIPOLAR if truths:
            return np.ascontiguousarray(np.where(found, 1, -1), dtype)
        case Domain.BINARY if not truths:
            _refuse_outside(value, found, 0, 1, "values from 0 to 1", origin)
        case Domain.BIPOLAR:
            _refuse_outside(value, found, -1, 1, "values from -1 to 1", origin)
            _refuse_bits(value, found, origin)
        case Domain.INDEX:
            _refuse_outside(value, found, 0, 2**31 - 1, "whole numbers from 0", origin)
            return np.ascontiguousarray(found, np.int32)
    with np.errstate(over="ignore"):
        converted: Array = np.ascontiguousarray(found, dtype)
    refuse_not_finite(converted, origin.column, origin.table, origin.span)
    return converted


def _refuse_outside(
    value: Value, found: Array, low: int, high: int, admitted: str, origin: Origin, hint: str | None = None
) -> None:
    """Raises NNDSLError with the first row that holds a number outside low to high."""
    refuse_not_finite(found, origin.column, origin.table, origin.span)
    inside = (found >= low) & (found <= high)
    if not inside.all():
        row = int(np.argmin(inside.reshape(len(found), -1).all(axis=1)))
        outside = found[row][~inside[row]].ravel()[0] if found.ndim > 1 else found[row]
        raise NNDSLError([_out_of_domain(value, admitted, row, f"{outside:g}", origin, hint)])


def _refuse_bits(value: Value, found: Array, origin: Origin) -> None:
    """Raises NNDSLError where all that is found are the digits 0 and 1: such a 0 is meant to be a −1."""
    if found.size > 1 and (found == 0).any() and ((found == 0) | (found == 1)).all():
        column = origin.column or value.name
        raise NNDSLError(
            [mistakes.Bits(name=value.name, column=column, declared=value.span, span=origin.span)]
        )


def _out_of_domain(
    value: Value, admitted: str, row: int, found: str, origin: Origin, hint: str | None = None
) -> mistakes.OutOfDomain:
    return mistakes.OutOfDomain(
        name=value.name,
        type=str(value.type),
        admitted=admitted,
        row=row + 1,
        found=found,
        hint=hint,
        declared=value.span,
        span=origin.span,
    )


# --- classes -----------------------------------------------------------------------


def _class_numbers(
    value: Value, array: Array, origin: Origin, classes: Classes | None
) -> tuple[Array, Classes | None]:
    *groups, size = value.type.units
    shape = _space(value) + tuple(groups)
    one_hot = _arrange(array, (*shape, size), len(value.type.space)) if size > 1 else None
    if one_hot is not None and array.dtype.kind in "biuf":
        return _from_one_hot(value, one_hot, origin), None
    array = _arranged(value, array, shape, origin)
    if array.dtype.kind in "OUS":
        return _from_words(value, array, origin, classes)
    hint = _hint_for_classes(value, array, size, origin)
    _refuse_outside(value, array, 0, size - 1, f"classes from 0 to {size - 1}", origin, hint)
    whole = array == np.floor(array)
    if not whole.all():
        row = int(np.argmin(whole.reshape(len(array), -1).all(axis=1)))
        raise NNDSLError([_out_of_domain(value, "whole numbers", row, f"{array[row].ravel()[0]:g}", origin)])
    return np.ascontiguousarray(array, np.int32), None


def _hint_for_classes(value: Value, array: Array, size: int, origin: Origin) -> str | None:
    if array.size and array.min() >= 1 and array.max() == size:
        return f"classes are counted from 0: try '{value.name} = {origin.column} - 1'"
    if array.size and array.min() >= 0 and size <= array.max() < 10 * size:
        return f"try '{value.name}[{int(array.max()) + 1}] onehot'"
    return None


def _from_one_hot(value: Value, array: Array, origin: Origin) -> Array:
    single = ((array == 0) | (array == 1)).all(axis=-1) & (array.sum(axis=-1) == 1)
    if not single.all():
        row = int(np.argmin(single.reshape(len(array), -1).all(axis=1)))
        raise NNDSLError([_out_of_domain(value, "a single 1 among zeros", row, "another pattern", origin)])
    return np.ascontiguousarray(array.argmax(axis=-1), np.int32)


def _from_words(value: Value, array: Array, origin: Origin, classes: Classes | None) -> tuple[Array, Classes]:
    words = array.astype(str)
    missing = words == ""
    if missing.any():
        row = int(np.argmax(missing.reshape(len(array), -1).any(axis=1))) + 1
        raise NNDSLError(
            [
                mistakes.NotFinite(
                    name=origin.column, table=origin.table, row=row, found="nan", span=origin.span
                )
            ]
        )
    found, numbered = np.unique(words, return_inverse=True)
    known = tuple(found.tolist()) if classes is None else classes
    size = value.type.units[-1]
    if len(known) > size:
        raise NNDSLError(
            [
                mistakes.TooManyClasses(
                    name=value.name, size=size, classes=known, declared=value.span, span=origin.span
                )
            ]
        )
    unknown = [word for word in found.tolist() if word not in known]
    if unknown:
        row = int(np.argmax((words == unknown[0]).reshape(len(array), -1).any(axis=1)))
        admitted = f"one of {', '.join(known)}"
        raise NNDSLError([_out_of_domain(value, admitted, row, f"'{unknown[0]}'", origin)])
    places = np.array([known.index(word) for word in found.tolist()], np.int32)
    return np.ascontiguousarray(places[numbered].reshape(array.shape)), known
