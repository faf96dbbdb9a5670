"""Random graphs over 3x3 matrices `x0`, `x1`, with a scalar output `loss`."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from nndsl.graph.builder import Builder
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import TensorType, real
from nndsl.operators.arithmetic import Add, Divide, Maximum, Multiply, Negate, Subtract
from nndsl.operators.broadcasting import Expand, Sum, filled
from nndsl.operators.comparisons import Less, Where
from nndsl.operators.contraction import Contract
from nndsl.operators.functions import Exp, Power, Relu, Sigmoid, Tanh
from nndsl.operators.leaves import Input
from nndsl.operators.movement import Flip, Pad, Reshape, Slice, Transpose
from nndsl.operators.reductions import Max

UNARY = [Negate(), Tanh(), Sigmoid(), Relu()]
BINARY = [Add(), Subtract(), Multiply(), Maximum()]
CONSTANTS = [0.0, -0.0, 1.0, -1.0, 2.0, 3.0]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A graph of matrices of one size, vectors and scalars, with all that the passes look for."""
    build = Builder()
    square = real(3, 3)
    pool: list[Node] = [build(Input(f"x{i}", square), name=f"x{i}") for i in range(2)]

    def pick() -> Node:
        return pool[draw(st.integers(0, len(pool) - 1))]

    for _ in range(draw(st.integers(1, 12))):
        pool.append(_grown(draw, build, pick, square))
    outputs = {f"y{i}": node for i, node in enumerate(pool[-2:])}
    outputs |= {node.name: node for node in pool[:2]}
    outputs["loss"] = build(Sum((0, 1)), build(Tanh(), pool[-1]))
    return build.graph(outputs)


def _grown(draw: st.DrawFn, build: Builder, pick: Callable[[], Node], square: TensorType) -> Node:
    axis = draw(st.integers(0, 1))
    dimension = (square.dimensions[axis],)
    match draw(st.integers(0, 10)):
        case 0:
            return build(draw(st.sampled_from(UNARY)), pick())
        case 1:
            return build(draw(st.sampled_from(BINARY)), pick(), pick())
        case 2:
            return filled(build, draw(st.sampled_from(CONSTANTS)), square)
        case 3:
            return build(Transpose(draw(st.sampled_from([(0, 1), (1, 0)]))), pick())
        case 4:
            reduced = build(draw(st.sampled_from([Sum((axis,)), Max((axis,))])), pick())
            return build(Expand((axis,), dimension), build(Tanh(), reduced))
        case 5:
            equation = draw(st.sampled_from(["ab,bc->ac", "ab,cb->ca", "ba,bc->ac"]))
            return build(Tanh(), build(Contract(equation), pick(), pick()))
        case 6:
            return build(Where(), build(Less(), pick(), pick()), pick(), pick())
        case 7:
            flat = build(Reshape(real(9).dimensions), pick())
            return build(Reshape(square.dimensions), draw(st.sampled_from([flat, build(Flip(0), flat)])))
        case 8:
            padded = build(Pad(axis, 1, 2, draw(st.sampled_from(CONSTANTS))), pick())
            before = draw(st.integers(0, 3))
            return build(Slice(axis, before, 3 - before), padded)
        case 9:
            exponent = filled(build, draw(st.sampled_from([1.0, 2.0, 3.0])), square)
            return build(Tanh(), build(Power(), build(Sigmoid(), pick()), exponent))
        case _:
            positive = build(Exp(), build(Tanh(), pick()))
            return build(Divide(), pick(), positive)
