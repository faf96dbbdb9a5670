"""Facts about graphs: what they cost, and how long values live."""

from nndsl.analyses.cost import moved_bytes, operations, total_operations
from nndsl.analyses.liveness import last_uses
from nndsl.graph.builder import Builder
from nndsl.graph.types import Dimension, TensorType, real
from nndsl.operators.contraction import Contract
from nndsl.operators.functions import Tanh
from nndsl.operators.leaves import Input
from nndsl.types import Extent

BATCH = Dimension("batch", Extent("batch"))


def layer():
    build = Builder()
    x = build(Input("x", TensorType((BATCH, *real(64).dimensions))), name="x")
    w = build(Input("w", real(10, 64)), name="w")
    net = build(Contract("bi,oi->bo"), x, w)
    h = build(Tanh(), net)
    return build.graph({"net": net, "h": h})


def test_a_matrix_product_takes_two_operations_a_term() -> None:
    graph = layer()
    assert operations(graph.by_name["contract"], {"batch": 32}) == 2 * 32 * 64 * 10
    assert total_operations(graph, {"batch": 32}) == 2 * 32 * 64 * 10 + 32 * 10


def test_bytes_are_those_of_operands_and_result() -> None:
    assert moved_bytes(layer().by_name["contract"], {"batch": 2}) == 4 * (2 * 64 + 640 + 20)


def test_outputs_live_to_the_end() -> None:
    graph = layer()
    uses = last_uses(graph)
    assert [uses[node] for node in graph] == [2, 2, 4, 4]
