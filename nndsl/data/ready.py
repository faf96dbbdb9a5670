"""Arrays that need no conversion: networks are mostly run on what is as their inputs take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from nndsl.data.examples import Array, Examples
from nndsl.semantics.model import Value
from nndsl.types import Domain, SetKind, length_key

FEW = 4096
"""Of so many numbers the sum of squares is known sooner than the greatest. It is finite only if all are."""


@dataclass(frozen=True, slots=True)
class _Form:
    """What the array of an input looks like.

    `shape` is that of its rows, and `others` are those that differ from it by axes of one entry. The length
    of a sequence is None there, and has a name of its own, `lengths`. Entries may be class numbers, of so
    many `classes`.
    """

    name: str
    shape: tuple[int | None, ...]
    others: tuple[tuple[int | None, ...], ...]
    lengths: str | None
    classes: int | None

    def arranged(self, array: Array) -> Array | None:
        """An array with rows of this shape, if its own are no different."""
        rows = array.shape[1:]
        if rows == self.shape:
            return array
        if rows in self.others:
            return array.reshape(len(array), *(size or 0 for size in self.shape))
        open_rows = (None, *rows[1:]) if self.lengths is not None else rows
        return array if open_rows == self.shape else None


class Ready:
    """Knows the arrays of some inputs that are as `given_examples` would make them."""

    def __init__(self, values: Sequence[Value], dtype: str) -> None:
        forms = [_form(value) for value in values]
        self._forms = [form for form in forms if form is not None]
        self._all = len(self._forms) == len(values)
        self._real = np.dtype(dtype)

    def examples(self, arrays: Mapping[str, Any]) -> Examples | None:
        """The examples, or None where something has to be converted, filled in or refused."""
        if not self._all or arrays.keys() != {form.name for form in self._forms}:
            return None
        found: dict[str, Array] = {}
        count: int | None = None
        for form in self._forms:
            array = arrays[form.name]
            if type(array) is not np.ndarray or not array.size or not array.flags.c_contiguous:
                return None
            array = form.arranged(array) if array.ndim else None
            count = len(array) if array is not None and count is None else count
            if array is None or len(array) != count or not self._admits(form, array):
                return None
            found[form.name] = array if form.classes is None else array.astype(np.int32, copy=False)
            if form.lengths is not None:
                length = array.shape[1]
                if form.lengths in found and found[form.lengths][0] != length:
                    return None
                found[form.lengths] = np.full(count, length, np.int32)
        return None if count is None else Examples(found, count)

    def _admits(self, form: _Form, array: Array) -> bool:
        """Whether an array has the type and the values that an input takes."""
        if not (array.dtype == self._real if form.classes is None else array.dtype.kind == "i"):
            return False
        if form.classes is None and array.size <= FEW and isfinite(np.vdot(array, array)):
            return True
        least, most = np.minimum.reduce(array, axis=None), np.maximum.reduce(array, axis=None)
        if form.classes is None:
            return isfinite(least) and isfinite(most)
        return bool(least >= 0 and most < form.classes)


def _form(value: Value) -> _Form | None:
    """The form of an input of real numbers or classes; None for another."""
    *groups, size = units = value.type.units
    sets = [axis.set for axis in value.type.space]
    along = [found for found in sets if found.kind is SetKind.SEQUENCE]
    if along and (len(along) > 1 or along[0] is not sets[0]):
        return None
    space = tuple(axis.extent.known for axis in value.type.space)
    lengths = length_key(along[0].name) if along else None
    if None in space[1:] or (space[:1] == (None,) and lengths is None):
        return None
    match value.type.domain:
        case Domain.REAL:
            others: tuple[tuple[int | None, ...], ...] = ((*space, *groups),) if size == 1 else ()
            others += ((*units, *space),) if value.type.unit_count == 1 else ()
            return _Form(value.name, (*space, *units), others if lengths is None else (), lengths, None)
        case Domain.ONEHOT if size > 1:
            return _Form(value.name, (*space, *groups), (), lengths, size)
        case _:
            return None
