"""Several tensors in one vector: what is updated together lies together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from nndsl.planning.plan import ALIGNMENT_BYTES, SUM, Plan
from nndsl.runtime.memory import Array

ALIGNMENT_ENTRIES = ALIGNMENT_BYTES // 4
"""Each tensor begins at a cache line, whatever the precision."""


@dataclass(frozen=True)
class VectorLayout:
    """Where each tensor lies: its first entry and its shape. Between tensors there may be unused entries."""

    places: Mapping[str, tuple[int, tuple[int, ...]]]
    size: int

    @classmethod
    def of(cls, shapes: Mapping[str, tuple[int, ...]]) -> VectorLayout:
        places: dict[str, tuple[int, tuple[int, ...]]] = {}
        end = 0
        for name, shape in shapes.items():
            places[name] = (end, shape)
            end += -(-prod(shape) // ALIGNMENT_ENTRIES) * ALIGNMENT_ENTRIES
        return cls(places, end)

    def start_within(self, whole: VectorLayout) -> int | None:
        """Where another layout has the same tensors in the same way, its first entry there."""
        starts = {whole.places[name][0] - start for name, (start, _) in self.places.items()}
        return starts.pop() if len(starts) == 1 else None

    def views(self, vector: Array) -> dict[str, Array]:
        """Each tensor, as a part of the vector."""
        return {
            name: vector[start : start + prod(shape)].reshape(shape)
            for name, (start, shape) in self.places.items()
        }


def layout_of_sums(step: Plan) -> VectorLayout:
    """Where a minibatch's sums lie in one vector; gradients as the learned parameters do."""
    sums = {name: step.buffers[name].type for name in step.outputs if name.startswith(SUM)}
    return VectorLayout.of({name.removeprefix(SUM): type.shape({}) for name, type in sums.items()})
