"""Leaves a symmetric matrix as it is where it is transposed."""

from __future__ import annotations

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.operators.arithmetic import Add, Multiply
from nndsl.operators.broadcasting import Expand
from nndsl.operators.leaves import Position
from nndsl.operators.lookup import OneHot
from nndsl.operators.movement import Transpose
from nndsl.operators.operator import Kind


def untranspose(graph: Graph) -> Graph:
    """The graph without transpositions of matrices that are symmetric by the way they are made.

    These are a number repeated, the identity, A + Aᵀ and A ⊙ Aᵀ for a matrix A, and what is computed entry
    by entry from such matrices.
    """
    symmetric: set[Node] = set()

    def untransposed(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node:
        if _is_turned(node) and inputs[0] in symmetric:
            return inputs[0]
        kept = build.keep(node, inputs)
        if _is_symmetric(kept, symmetric):
            symmetric.add(kept)
        return kept

    return rewrite(graph, untransposed)


def _is_turned(node: Node) -> bool:
    return isinstance(node.operator, Transpose) and node.operator.permutation == (1, 0)


def _is_symmetric(node: Node, known: set[Node]) -> bool:
    if node.type.rank != 2 or node.type.extents[0] != node.type.extents[1]:
        return False
    match node.operator:
        case Expand(new=(0, 1)):
            return True
        case OneHot():
            return isinstance(node.inputs[0].operator, Position)
        case Add() | Multiply() if _are_mirrored(*node.inputs):
            return True
        case operator:
            return operator.kind is Kind.ELEMENTWISE and known.issuperset(node.inputs)


def _are_mirrored(a: Node, b: Node) -> bool:
    """Whether one matrix is the other, transposed."""
    return any(_is_turned(x) and x.inputs[0] is y for x, y in ((a, b), (b, a)))
