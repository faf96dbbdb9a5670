"""A network's numbers: parts of one vector, which anybody may change in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from weakref import ref

import numpy as np

from nndsl.planning.plan import Precision
from nndsl.runtime.memory import Array, zeros
from nndsl.runtime.vector import VectorLayout


class Parameters(Mapping[str, Array]):
    """All parameters by name, in the order of `names`. Their entries may be changed in place.

    The arrays that are asked for are lent: as long as anybody holds one, or a part of it, its entries may
    change at any time. `edition` tells whether they may have. `arrays` are the same memory for those who only
    read, and are not lent.
    """

    def __init__(self, layout: VectorLayout, names: Iterable[str], precision: Precision) -> None:
        self.precision = precision
        self._layout = layout
        self._vector = zeros((layout.size,), np.dtype(precision.value))
        views = layout.views(self._vector)
        self.arrays: Mapping[str, Array] = {name: views[name] for name in names}
        self._lent: dict[Any, ref[Array]] = {}
        self._edition = 0

    @property
    def edition(self) -> int:
        """A number that is another one wherever entries may have changed since it was last asked for."""
        if self._lent:
            self._edition += 1
            self._lent = {key: lent for key, lent in self._lent.items() if lent() is not None}
        return self._edition

    def vector(self, layout: VectorLayout) -> Array | None:
        """Some parameters as one vector, where they lie in memory in this way."""
        start = layout.start_within(self._layout)
        return None if start is None else self._lend(layout.size, self._vector[start : start + layout.size])

    def __getitem__(self, name: str) -> Array:
        return self._lend(name, self.arrays[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name}: {array.shape}" for name, array in self.arrays.items())
        return f"<Parameters {shapes}>"

    def _lend(self, key: object, array: Array) -> Array:
        found = self._lent[key]() if key in self._lent else None
        if found is None:
            # A view of an array becomes one of the array's owner, and keeps only that alive. But views of an
            # array whose memory belongs to something else than an array are views of that array.
            found = np.asarray(array.data)
            self._lent[key] = ref(found)
        return found
