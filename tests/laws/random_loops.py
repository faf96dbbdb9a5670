"""Random loops over 3x3 matrices: delays, what waits for an earlier step, what does not, in any mixture."""

from __future__ import annotations

from hypothesis import strategies as st

from nndsl.graph.builder import Builder
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import Dimension, real
from nndsl.operators.arithmetic import Add, Multiply, Subtract
from nndsl.operators.broadcasting import Expand, Sum
from nndsl.operators.contraction import Contract
from nndsl.operators.functions import Sigmoid, Tanh
from nndsl.operators.leaves import Input
from nndsl.operators.loop import Carry, Loop, stacked
from nndsl.operators.movement import Reshape, Transpose
from nndsl.operators.reductions import Max
from nndsl.types import Extent

SQUARE = real(3, 3)
OPERANDS = ("h0", "s0", "x", "w")


@st.composite
def loops(draw: st.DrawFn) -> Graph:
    """A loop with two carried values over inputs `h0`, `s0`, `x`, `w`, and a scalar output `loss` of some of
    its results and states."""
    steps = Dimension("time", Extent.of(draw(st.integers(1, 4))))
    depths = {"h": draw(st.integers(1, 3)), "s": draw(st.integers(1, 2))}
    body = _body(draw, depths)
    carries = tuple(Carry(name, depth) for name, depth in depths.items())
    loop = Loop(body, steps, carries, ("x",), ("w",), draw(st.booleans()))
    build = Builder()
    types = [loop.state(carry).type for carry in carries] + [stacked(steps, SQUARE), SQUARE]
    operands = [build(Input(key, type), name=key) for key, type in zip(OPERANDS, types, strict=True)]
    node = build(loop, *operands)
    names = st.sampled_from([name for name, step in body.outputs.items() if step.type.rank == 2])
    taken = [build(loop.result(name), node) for name in draw(st.lists(names, min_size=1, max_size=3))]
    taken += [build(loop.state(carry), node) for carry in carries if draw(st.booleans())]
    total = _summed(build, taken[0])
    for value in taken[1:]:
        total = build(Add(), total, _summed(build, value))
    return build.graph({"loss": total, **{x.name: x for x in operands}})


def _body(draw: st.DrawFn, depths: dict[str, int]) -> Graph:
    build = Builder()
    keys = ["x", "w", *(Carry(name, depth).key(depth) for name, depth in depths.items())]
    if depths["h"] > 1:
        keys.append("h@1")
    pool = [build(Input(key, SQUARE), name=key) for key in keys]
    for _ in range(draw(st.integers(2, 9))):
        pool.append(_grown(draw, build, pool))
    for name in depths:
        build(Tanh(), draw(st.sampled_from(pool[-3:])), name=name)
    return build.graph({node.name: node for node in build.nodes})


def _grown(draw: st.DrawFn, build: Builder, pool: list[Node]) -> Node:
    def pick() -> Node:
        return pool[draw(st.integers(0, len(pool) - 1))]

    match draw(st.integers(0, 6)):
        case 0:
            return build(draw(st.sampled_from([Tanh(), Sigmoid()])), pick())
        case 1:
            return build(draw(st.sampled_from([Add(), Subtract(), Multiply()])), pick(), pick())
        case 2 | 3:
            equation = draw(st.sampled_from(["ab,bc->ac", "ab,cb->ca", "ba,bc->ac"]))
            return build(Tanh(), build(Contract(equation), pick(), pick()))
        case 4:
            return build(Transpose((1, 0)), pick())
        case 5:
            axis = draw(st.integers(0, 1))
            reduced = build(draw(st.sampled_from([Sum((axis,)), Max((axis,))])), pick())
            return build(Tanh(), build(Expand((axis,), (SQUARE.dimensions[axis],)), reduced))
        case _:
            return build(Reshape(SQUARE.dimensions), build(Reshape(real(9).dimensions), pick()))


def _summed(build: Builder, x: Node) -> Node:
    return build(Sum(tuple(range(x.type.rank))), build(Tanh(), x))
