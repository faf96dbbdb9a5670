"""The library kernel for an operator of its own: everything that is not fused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nndsl.graph.graph import Node
from nndsl.operators.contraction import Contract
from nndsl.operators.operator import Operator
from nndsl.planning.contraction import Matrix, product
from nndsl.planning.plan import Address, Argument, Count, Instruction, Real


class NotExecutable(Exception):
    """An operator that no kernel covers yet."""

    def __init__(self, node: Node) -> None:
        super().__init__(f"no kernel computes {node.name}")
        self.node = node


def instructions(node: Node, buffer_of: Mapping[Node, str], accumulate: bool) -> Iterator[Instruction]:
    """The kernel calls that compute a node, or add it to what its buffer holds.

    Raises NotExecutable where no kernel does.
    """
    reads = tuple(buffer_of[operand] for operand in node.inputs)
    for kernel, arguments in _calls(node, node.operator, buffer_of[node], reads, accumulate):
        yield Instruction(
            kernel, arguments, (node.name,), reads, (buffer_of[node],), node.layer, node.span
        )


def _calls(
    node: Node, operator: Operator, result: str, reads: tuple[str, ...], accumulate: bool
) -> Iterator[tuple[str, tuple[Argument, ...]]]:
    match operator:
        case Contract():
            yield _matrix_product(node, result, reads, accumulate)
        case _:
            raise NotExecutable(node)


def _matrix_product(
    node: Node, result: str, reads: tuple[str, ...], accumulate: bool
) -> tuple[str, tuple[Argument, ...]]:
    found = product(node)
    assert found is not None, "contractions have been aligned"
    a, b = reversed(reads) if found.swapped else reads
    arguments: tuple[Argument, ...] = (
        *map(Address, (result, a, b)),
        *(found.m, found.n, found.k),
        *(Count(int(matrix.transposed)) for matrix in (found.a, found.b)),
        *(matrix.leading for matrix in (found.a, found.b, found.c)),
        *(Real(1.0), Real(float(accumulate))),
    )
    if found.batch == Count(1):
        return "gemm", arguments
    steps: Iterator[Matrix] = iter((found.a, found.b, found.c))
    return "batched_gemm", (*arguments, found.batch, *(matrix.batch_stride for matrix in steps))
