"""Random numbers from a counter: the same for a seed, whatever runs first and on however many threads.

The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as
1, 2, 3; SC 2011), which passes TestU01's BigCrush. Entry e of a tensor, in row-major order, is made
of block e // 4, word e % 4:

    key     = (seed mod 2³², seed // 2³²)
    counter = (block mod 2³², block // 2³², step mod 2³², stream)

where `stream` numbers the random operators of a network, and `step` counts the minibatches of a training.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nndsl.graph.types import Dimension, Element, TensorType, index, real
from nndsl.operators.lazy import Array, np
from nndsl.operators.operator import Elementwise, Kind, Operator, Sample, require

if TYPE_CHECKING:
    from nndsl.graph.builder import Builder
    from nndsl.graph.graph import Node

MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
WEYL = 0x9E3779B9, 0xBB67AE85
ROUNDS = 10
LOW = 0xFFFFFFFF

LARGEST_SEED = 2**31
"""Seeds are below this, as an index in memory is."""

SEED, STEP = "network.seed", "network.step"
"""The keys of the leaves that feed the draws; `network` is a keyword, so that no value is called so."""

STEPS = "network.steps"
"""The key of the leaf that feeds how many steps there will be in all; `STEP` counts them from zero."""


@dataclass(frozen=True)
class Draw(Operator):
    """Random reals of some dimensions. Operands: the run's seed and the step, `index[]` each."""

    kind = Kind.RANDOM
    differentiable = False
    stream: int
    dimensions: tuple[Dimension, ...]

    def infer(self, *operands: TensorType) -> TensorType:
        scalars = all(x.rank == 0 and x.element == Element.INDEX for x in operands)
        require(len(operands) == 2 and scalars, "{} takes a seed and a step, not {}", self.name, operands)
        return TensorType(self.dimensions)

    def words(self, operands: tuple[Array, ...], count: int) -> Array:
        """The 32-bit words of the first `count` entries, filled up to a multiple of four."""
        seed, step = (int(x) for x in operands)
        blocks = np.arange((count + 3) // 4, dtype=np.uint64)
        step_word, stream_word = np.full_like(blocks, step & LOW), np.full_like(blocks, self.stream)
        words = philox((blocks & LOW, blocks >> 32, step_word, stream_word), (seed & LOW, seed >> 32 & LOW))
        return np.stack(words, axis=1).reshape(-1)

    def gradient(self, build: Builder, node: Node, dy: Node) -> tuple[Node | None, ...]:
        return None, None

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls(0, real(3, 5).dimensions), (index(), index()), low=0, high=9)
        yield Sample(cls(7, real(8).dimensions), (index(), index()), low=0, high=9)

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls(0, real(3).dimensions), (index(),))
        yield Sample(cls(0, real(3).dimensions), (index(), real()))
        yield Sample(cls(0, real(3).dimensions), (index(2), index()))


@dataclass(frozen=True)
class Uniform(Draw):
    """Evenly spread over the open interval (0, 1): `y = (⌊word / 2⁹⌋ + ½) / 2²³`, exact in float32."""

    name = "uniform"

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        shape = TensorType(self.dimensions).shape(sizes)
        count = int(np.prod(shape))
        return unit(self.words(operands, count))[:count].reshape(shape)


@dataclass(frozen=True)
class Normal(Draw):
    """Standard normal numbers, two from each two words by Box and Muller's method.

    With u, v the uniform numbers of entries 2k and 2k + 1:
    `y[2k] = √(−2 ln u)·cos(2πv)` and `y[2k+1] = √(−2 ln u)·sin(2πv)`; none lies beyond 5.8.
    """

    name = "normal"

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        shape = TensorType(self.dimensions).shape(sizes)
        count = int(np.prod(shape))
        u, v = unit(self.words(operands, count)).reshape(-1, 2).T
        radius, angle = np.sqrt(-2 * np.log(u)), 2 * np.pi * v
        pairs = np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=1)
        return pairs.reshape(-1)[:count].reshape(shape)


def unit(words: Array) -> Array:
    """32-bit words as numbers in (0, 1)."""
    return ((words >> np.uint64(9)).astype(np.float64) + 0.5) * 2.0**-23


def philox(counter: tuple[Array, ...], key: tuple[int, int]) -> tuple[Array, ...]:
    """Philox4x32-10 of four 32-bit words each, held in `uint64`; gives four words."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(ROUNDS):
        p0, p1 = c0 * np.uint64(MULTIPLIERS[0]), c2 * np.uint64(MULTIPLIERS[1])
        c0, c1, c2, c3 = (
            (p1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0),
            p1 & np.uint64(LOW),
            (p0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1),
            p0 & np.uint64(LOW),
        )
        k0, k1 = (k0 + WEYL[0]) & LOW, (k1 + WEYL[1]) & LOW
    return c0, c1, c2, c3


class Turn(Elementwise):
    """`y = step·n + place`: the number of a turn where each step has n turns, for draws to count by."""

    name = "turn"
    arity = 3
    code = "{0} * {1} + {2}"
    takes = (Element.INDEX,)
    differentiable = False

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        step, turns, place = operands
        return np.asarray(step * turns + place)
