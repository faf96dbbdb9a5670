"""Rearranges operands that no kernel takes as they lie: axes move, meanings stay."""

from __future__ import annotations

from nndsl.graph.builder import Builder, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.operators.contraction import Contract
from nndsl.operators.movement import Transpose
from nndsl.operators.reductions import Winner
from nndsl.passes.merge_common import merge_common
from nndsl.planning.contraction import blocks_of, product


def align(graph: Graph) -> Graph:
    """Makes every contraction a matrix product, and every argmax one along the innermost axis.

    What several of them take the same way round is moved once.
    """

    def aligned(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        match node.operator:
            case Contract() as contract if product(node) is None:
                return _as_matrices(build, contract, inputs)
            case Winner(axis=axis) as winner if axis != inputs[0].type.rank - 1:
                rest = [other for other in range(inputs[0].type.rank) if other != axis]
                moved = build(Transpose((*rest, axis)), inputs[0])
                return build(type(winner)(len(rest)), moved, name=node.name)
            case _:
                return None

    return merge_common(rewrite(graph, aligned))


def _as_matrices(build: Builder, contract: Contract, inputs: tuple[Node, ...]) -> Node:
    left, right, result = contract.labels
    blocks = blocks_of(left, right, result)
    new = (
        blocks.batch + blocks.rows + blocks.summed,
        blocks.batch + blocks.summed + blocks.columns,
        blocks.batch + blocks.rows + blocks.columns,
    )
    a = _transposed(build, inputs[0], left, new[0])
    b = _transposed(build, inputs[1], right, new[1])
    return _transposed(build, build(Contract.of(*new), a, b), new[2], result)


def _transposed(build: Builder, node: Node, labels: str, wanted: str) -> Node:
    if labels == wanted:
        return node
    return build(Transpose(tuple(labels.index(x) for x in wanted)), node)
