"""Sweeps through units that are all coupled with each other: recall, Gibbs sampling, mean field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Literal, get_args

from nndsl.graph.types import Element, TensorType, index, real
from nndsl.operators.lazy import Array, np
from nndsl.operators.operator import Kind, Operator, Sample, require
from nndsl.operators.random import LOW, philox, unit

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node

Mode = Literal["sample", "mean", "settle"]
Order = Literal["random", "sequential", "synchronous"]
States = Literal["binary", "bipolar"]

ORDERS = 2**30
"""The sweep's word of a counter has this bit where it numbers what a random order is made of."""

ZERO = 4
"""A net input of less than so many units of rounding of its terms is zero."""


@dataclass(frozen=True)
class Sweeps(Operator):
    """Unit after unit takes a new state, `sweeps` times through all units.

    With the net input `net_i = field_i + Σ_{j≠i} coupling_ij s_j`, where states are 0 or 1 if `domain` is
    binary, −1 or +1 if it is bipolar, a unit becomes

    - `sample`: the upper state with the probability σ(net) (binary), σ(2·net) (bipolar);
    - `mean`: the mean of that, σ(net) or tanh(net);
    - `settle`: the state of the sign of net. At zero it stays; so it does where net is less than the
      rounding of its own terms, 4ε(|field_i| + Σ_j |coupling_ij|), as the sign is not known then.

    `order` is `sequential` (as the units are numbered), `random` (in each sweep another one, the same for all
    examples: the conditionals hold whatever the order) or `synchronous` (all at once, from the states
    before the sweep).

    Operands: the states before and the field, `real[batch, n]`; the coupling, `real[n, n]`, which must be
    symmetric and whose diagonal is not read; the run's seed and the step, `index[]`. The result is the
    states after, `real[batch, n]`. The words of `nndsl.operators.random` are those of the counters

        (example · ⌈n/4⌉ + unit // 4, sweep, step, stream)    for a draw: word unit % 4, used as by `Uniform`
        (unit // 4, 2³⁰ + sweep, step, stream)                for an order: Fisher and Yates' shuffle swaps
                                                              place i, from the last on, with word·(i+1) / 2³²

    where sweeps are counted from `begin` on. So more sweeps go on where fewer end, and no state depends on
    which examples are computed together.
    Source: Hopfield (1982); Geman and Geman (1984).
    """

    name = "sweeps"
    kind = Kind.RANDOM
    differentiable = False
    mode: Mode
    domain: States
    order: Order
    sweeps: int
    stream: int
    begin: int = 0

    @property
    def states(self) -> tuple[int, int]:
        """The two states of a unit."""
        return (-1, 1) if self.domain == "bipolar" else (0, 1)

    def operations(self, operands: Sequence[tuple[int, ...]]) -> int:
        """What it costs for operands of these shapes, if it goes on to the last sweep."""
        batch, n = operands[0]
        return 2 * batch * n * n * self.sweeps

    def infer(self, *operands: TensorType) -> TensorType:
        require(len(operands) == 5, "sweeps take 5 operands, not {}", len(operands))
        state, field, coupling, *run = operands
        require(state.rank == 2 and state.same_shape(field), "states {} in a field {}", state, field)
        square = coupling.extents == (state.extents[1],) * 2
        require(square, "states {} coupled by {}", state, coupling)
        require(all(x.element is Element.REAL for x in operands[:3]), "sweeps over {}", operands)
        scalars = all(x.rank == 0 and x.element is Element.INDEX for x in run)
        require(scalars, "a seed and a step, not {}", run)
        return state

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        state, field, coupling = (np.array(x, np.float64) for x in operands[:3])
        run = int(operands[3]), int(operands[4])
        np.fill_diagonal(coupling, 0)
        least = ZERO * np.finfo(np.float64).eps * (np.abs(field) + np.abs(coupling).sum(1))
        for sweep in range(self.begin, self.begin + self.sweeps):
            drawn = self._uniform(run, sweep, *state.shape) if self.mode == "sample" else None
            for units in self._turns(run, sweep, state.shape[1]):
                net = field[:, units] + state @ coupling[:, units]
                draws = None if drawn is None else drawn[:, units]
                state[:, units] = self._become(state[:, units], net, least[:, units], draws)
        return state

    def _become(self, state: Array, net: Array, least: Array, drawn: Array | None) -> Array:
        """The new states of units with these net inputs."""
        low, high = self.states
        if self.mode == "settle":
            return np.where(np.abs(net) <= least, state, np.where(net > 0, high, low))
        above = 1 / (1 + np.exp((low - high) * net))
        return np.asarray(low + (high - low) * (above if drawn is None else drawn < above))

    def _turns(self, run: tuple[int, int], sweep: int, count: int) -> Iterator[Array]:
        """The units that are changed at once, one group after another."""
        if self.order == "synchronous":
            return iter((np.arange(count),))
        order = np.arange(count)
        if self.order == "random":
            words = self._words(run, ORDERS + sweep, 1, count)[0]
            for last in range(count - 1, 0, -1):
                other = int(words[last]) * (last + 1) >> 32
                order[[last, other]] = order[[other, last]]
        return iter(order[:, None])

    def _uniform(self, run: tuple[int, int], sweep: int, examples: int, count: int) -> Array:
        return unit(self._words(run, sweep, examples, count))

    def _words(self, run: tuple[int, int], sweep: int, examples: int, count: int) -> Array:
        """The words of a sweep: `[examples, count]`."""
        blocks = -(-count // 4)
        numbers = np.arange(examples * blocks, dtype=np.uint64)
        rest = (np.full_like(numbers, word) for word in (sweep, run[1] & LOW, self.stream))
        words = philox((numbers, *rest), (run[0] & LOW, run[0] >> 32 & LOW))
        return np.stack(words, axis=1).reshape(examples, 4 * blocks)[:, :count]

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return (None,) * 5

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        operands = (real(3, 5), real(3, 5), real(5, 5), index(), index())
        for mode, domain, order in product(get_args(Mode), get_args(States), get_args(Order)):
            yield Sample(cls(mode, domain, order, 3, 7), operands, symmetric=(2,))
        yield Sample(cls("settle", "bipolar", "random", 0, 7), operands, symmetric=(2,))
        yield Sample(cls("sample", "bipolar", "random", 2, 7, begin=4), operands, symmetric=(2,))
        yield Sample(
            cls("sample", "binary", "random", 2, 7),
            (real(0, 4), real(0, 4), real(4, 4), index(), index()),
            symmetric=(2,),
        )

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        sweeps = cls("sample", "binary", "random", 1, 0)
        yield Sample(sweeps, (real(3, 5), real(3, 5), real(5, 5)))
        yield Sample(sweeps, (real(3, 5), real(5), real(5, 5), index(), index()))
        yield Sample(sweeps, (real(3, 5), real(3, 5), real(5, 4), index(), index()))
        yield Sample(sweeps, (real(3, 5), real(3, 5), real(5, 5), index(), real()))
        yield Sample(sweeps, (index(3, 5), real(3, 5), real(5, 5), index(), index()))
