"""Loop: a graph run once for each step of time, with values carried from step to step.

The value of a `loop` node is a token of no dimensions; `loop_result` and `loop_state` take values out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from nndsl.graph.builder import Builder
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import Dimension, Element, TensorType, real
from nndsl.operators.arithmetic import Add, Multiply
from nndsl.operators.lazy import Array, np
from nndsl.operators.leaves import Fed, Input
from nndsl.operators.operator import Kind, Operator, Sample, require
from nndsl.types import Extent

T = TypeVar("T")

CARRIED = "carried."
"""Inputs and outputs of a graph that begin so are the state of a loop before and after a window of a longer
sequence: `[batch, depth, …]`, the earliest step first."""

TOKEN = TensorType((), Element.LOOP)
"""The type of a loop's own node."""


@dataclass(frozen=True, slots=True)
class Carry:
    """An output of the body that later steps read, up to `depth` steps later."""

    output: str
    depth: int

    def key(self, delay: int) -> str:
        """The key of the body's leaf that holds the output as it was `delay` steps before."""
        return f"{self.output}@{delay}"

    @property
    def delays(self) -> range:
        return range(1, self.depth + 1)


@dataclass(frozen=True)
class Loop(Operator):
    """Runs `body` for each place along `time`, from the first on, or from the last if `reverse`.

    Operands, in order: for each of `carries` its values before the first step that runs, the earliest
    first, `[depth, …]`; for each of `inputs` one value a step, `[time, …]`; each of `shared`, the same at
    every step. The body reads them by `Input` leaves: `NAME@3` is the carried output NAME of three steps
    before; inputs and what is shared are under their names. What a body has no leaf for is not read.
    Everything in `body.outputs` can be asked for.
    """

    name = "loop"
    kind = Kind.LOOP
    body: Graph = field(compare=False)
    time: Dimension
    carries: tuple[Carry, ...] = ()
    inputs: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    reverse: bool = False

    @cached_property
    def _content(self) -> str:
        nodes = [(n.name, n.operator, tuple(x.name for x in n.inputs), str(n.type)) for n in self.body]
        outputs = sorted((name, node.name) for name, node in self.body.outputs.items())
        return repr((nodes, outputs, self.time, self.carries, self.inputs, self.shared, self.reverse))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Loop) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    def __repr__(self) -> str:
        return f"Loop{self._content}"

    @cached_property
    def leaves(self) -> Mapping[str, Node]:
        """The body's leaves that are handed in, by their key."""
        return {node.operator.key: node for node in self.body if isinstance(node.operator, Fed)}

    def parted(self, operands: Sequence[T]) -> tuple[Sequence[T], Sequence[T], Sequence[T]]:
        """The operands that belong to carries, to inputs, and that are shared."""
        stacked = len(self.carries)
        fixed = stacked + len(self.inputs)
        return operands[:stacked], operands[stacked:fixed], operands[fixed:]

    def result(self, output: str) -> LoopResult:
        """The operator that takes an output of all steps."""
        return LoopResult(output, stacked(self.time, self.body.outputs[output].type))

    def state(self, carry: Carry) -> LoopState:
        """The operator that takes what a further step would read."""
        return LoopState(carry.output, stacked(_depth(carry), self.body.outputs[carry.output].type))

    def infer(self, *operands: TensorType) -> TensorType:
        count = len(self.carries) + len(self.inputs) + len(self.shared)
        require(len(operands) == count, "a loop of {} operands, not {}", count, len(operands))
        initial, inputs, shared = self.parted(operands)
        expected: dict[str, TensorType] = {}
        for carry, type in zip(self.carries, initial, strict=True):
            require(carry.output in self.body.outputs, "the body has no {}", carry.output)
            step = self.body.outputs[carry.output].type
            _require_like(stacked(_depth(carry), step), type, carry.output)
            expected |= {carry.key(delay): step for delay in carry.delays}
        for name, type in zip(self.inputs, inputs, strict=True):
            first = type.extents[:1] == (self.time.extent,)
            require(first, "{} is {}, which has no value for each of {}", name, type, self.time)
            expected[name] = TensorType(type.dimensions[1:], type.element)
        expected |= dict(zip(self.shared, shared, strict=True))
        for key, leaf in self.leaves.items():
            require(key in expected, "nothing is handed to {}", key)
            _require_like(leaf.type, expected[key], key)
        return TOKEN

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        """All outputs of all steps, and the last values of what is carried, in one object."""
        from nndsl.graph.interpret import interpret

        initial, inputs, shared = self.parted(operands)
        past = {carry.output: list(start) for carry, start in zip(self.carries, initial, strict=True)}
        found: dict[str, list[Array]] = {name: [] for name in self.body.outputs}
        places = range(self.time.extent.value(sizes))
        for place in reversed(places) if self.reverse else places:
            feeds = dict(zip(self.shared, shared, strict=True))
            feeds |= {name: x[place] for name, x in zip(self.inputs, inputs, strict=True)}
            feeds |= {c.key(delay): past[c.output][-delay] for c in self.carries for delay in c.delays}
            for name, value in interpret(self.body, feeds, sizes).items():
                found[name].append(value)
            for carry in self.carries:
                past[carry.output].append(found[carry.output][-1])
        order = -1 if self.reverse else 1
        results = {name: self._stacked(name, found[name][::order], sizes) for name in found}
        states = {c.output: np.stack(past[c.output][-c.depth :]) for c in self.carries}
        return np.asarray(Ran(results, states))

    def _stacked(self, name: str, values: list[Array], sizes: Mapping[str, int]) -> Array:
        return np.stack(values) if values else np.zeros((0, *self.body.outputs[name].type.shape(sizes)))

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        """Running sums of the rows of a matrix, `s_t = w·s_{t-2} + x_t`, from both ends."""
        for reverse in (False, True):
            body = _running_sum()
            loop = cls(body, Dimension("time", Extent.of(5)), (Carry("s", 2),), ("x",), ("w",), reverse)
            yield Sample(loop, (real(2, 3), real(5, 3), real(3)))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        for sample in cls.samples():
            yield Sample(sample.operator, (real(1, 3), real(5, 3), real(3)))
            yield Sample(sample.operator, (real(2, 3), real(4, 3), real(3)))
            yield Sample(sample.operator, (real(2, 3), real(5, 3), real(4)))
            yield Sample(sample.operator, (real(2, 3), real(5, 3)))


@dataclass(frozen=True, slots=True)
class Ran:
    """What the reference of a loop gives: outputs `[time, …]`, and states `[depth, …]`, by name."""

    results: Mapping[str, Array]
    states: Mapping[str, Array]


@dataclass(frozen=True)
class Taken(Operator):
    """A value taken out of a loop."""

    kind = Kind.LOOP
    output: str
    type: TensorType

    def is_of(self, loop: Operator) -> bool:
        """Whether a loop has this to give."""
        raise NotImplementedError

    def infer(self, *operands: TensorType) -> TensorType:
        require(len(operands) == 1 and operands[0] == TOKEN, "{} of {}", self.name, operands)
        return self.type

    @classmethod
    def samples(cls) -> Iterator[Sample]:
        yield Sample(cls("s", real(5, 3)), (TOKEN,))

    @classmethod
    def mistakes(cls) -> Iterator[Sample]:
        yield Sample(cls("s", real(5, 3)), (real(),))
        yield Sample(cls("s", real(5, 3)), (TOKEN, TOKEN))


@dataclass(frozen=True)
class LoopResult(Taken):
    """An output of the body for every step, `[time, …]`, in the order of time in either direction."""

    name = "loop_result"

    def is_of(self, loop: Operator) -> bool:
        if not (isinstance(loop, Loop) and self.output in loop.body.outputs):
            return False
        return like(loop.result(self.output).type, self.type)

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        (ran,) = operands
        return np.asarray(ran.item().results[self.output])


@dataclass(frozen=True)
class LoopState(Taken):
    """The last values of a carried output, `[depth, …]`, the earliest step first: what the loop would go on
    from. Where there were fewer steps than that, it begins with values from before the first."""

    name = "loop_state"

    def is_of(self, loop: Operator) -> bool:
        if not isinstance(loop, Loop):
            return False
        states = (loop.state(carry) for carry in loop.carries if carry.output == self.output)
        return any(like(state.type, self.type) for state in states)

    def evaluate(self, operands: tuple[Array, ...], sizes: Mapping[str, int]) -> Array:
        (ran,) = operands
        return np.asarray(ran.item().states[self.output])


def stacked(dimension: Dimension, type: TensorType) -> TensorType:
    """The type of several values of a type, along a dimension in front."""
    return TensorType((dimension, *type.dimensions), type.element)


def _depth(carry: Carry) -> Dimension:
    return Dimension("depth", Extent.of(carry.depth))


def like(a: TensorType, b: TensorType) -> bool:
    """Whether two types are the same but for the names of their dimensions."""
    return a.same_shape(b) and a.element == b.element


def _require_like(expected: TensorType, found: TensorType, name: str) -> None:
    require(like(expected, found), "{} is {}, not {}", name, found, expected)


def _running_sum() -> Graph:
    build = Builder()
    past, x, w = (build(Input(key, real(3)), name=key) for key in ("s@2", "x", "w"))
    return build.graph({"s": build(Add(), build(Multiply(), w, past), x, name="s")})
