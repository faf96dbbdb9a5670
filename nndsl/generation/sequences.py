"""Class numbers in, class numbers out: a network's own output fed back, for many examples at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nndsl.data.examples import Array
from nndsl.decoding.generator import LOGITS
from nndsl.decoding.step import Stepwise
from nndsl.generation.search import Hypotheses, follow
from nndsl.graph.types import BATCH, TensorType
from nndsl.passes.pipeline import optimize
from nndsl.planning.plan import Precision
from nndsl.runtime.inference import Inference
from nndsl.runtime.stepping import Stepping

Arrays = Mapping[str, Array]


class Generator:
    """The steps of a network, ready to be run.

    `context` is how many places it may look back on, None for all: a network that attends to more than it
    was trained on makes nothing of them. When so many are full, the older half is forgotten, and the newer
    half read again as a beginning.
    """

    def __init__(self, steps: Stepwise, precision: Precision, context: int | None = None) -> None:
        self.precision = precision
        self._steps = steps
        self._context = context if steps.growing else None
        self._step = optimize(steps.step)
        self._once = Inference(optimize(steps.once), precision)

    def __call__(
        self, parameters: Arrays, inputs: Arrays, hypotheses: Hypotheses, seed: int = 0
    ) -> list[Array]:
        """What follows the symbols given of each example. `inputs` are the other inputs of the network."""
        count, width, places = hypotheses.symbols.shape
        once = self._once(inputs, parameters, count, seed) if self._once.outputs else {}
        types = self._once.outputs
        stepping = Stepping(
            self._steps,
            self._step,
            {name: _repeated(array, types[name], width) for name, array in once.items()},
            parameters,
            rows=count * width,
            places=min(places, self._context or places),
            precision=self.precision,
        )
        reader = _Reader(stepping, hypotheses)
        return follow(hypotheses, reader.logits, stepping.reorder)


class _Reader:
    """Reads the symbols of hypotheses, as far back as there is room."""

    def __init__(self, stepping: Stepping, hypotheses: Hypotheses) -> None:
        self._stepping, self._hypotheses = stepping, hypotheses

    def logits(self, place: int) -> Array:
        """What a network makes of all symbols up to a place: (examples × width, symbols)."""
        if self._stepping.place == self._stepping.places:
            self._stepping.restart()
            for earlier in range(place - self._stepping.places // 2, place):
                self._stepping.advance(self._symbols(earlier))
        return self._stepping.advance(self._symbols(place))[LOGITS][:, 0]

    def _symbols(self, place: int) -> Array:
        return self._hypotheses.symbols[:, :, place].reshape(-1)


def _repeated(array: Array, type: TensorType, width: int) -> Array:
    """What was computed for each example, for each of its hypotheses."""
    axis = next((axis for axis, extent in enumerate(type.extents) if extent.symbol == BATCH), None)
    return array if axis is None else np.repeat(array, width, axis)
