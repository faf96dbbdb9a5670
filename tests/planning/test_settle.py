"""What depends on parameters alone is done once; all else in each run."""

from __future__ import annotations

import numpy as np

import nndsl
from nndsl.graph.types import BATCH
from nndsl.passes.pipeline import optimize
from nndsl.planning.plan import Instruction, Plan, Precision, Segment, walk
from nndsl.planning.planner import plan

CONVOLUTION = """
network C {
  input x[2] over 9x9
  layer c[6] = relu(batch_norm(local(x, 3x3)) + bias)
  output y[4] = full(mean(c over window 7x7)) + bias
}
"""
RECURRENT = """
network R {
  input x[3] over t in T
  layer h[5] = tanh(full(x) + full(h[t-1]) + bias)
  output y[2] = full(last(h over T)) + bias
}
"""


def planned(spec: str, sizes: dict[str, int], fixed: bool = True) -> Plan:
    network = nndsl.compile(spec)
    names = [parameter.name for parameter in network.model.parameters] if fixed else []
    external = {"y": "output y"}
    graph = optimize(network.forward_graph)
    graph = type(graph)(graph.nodes, {"y": graph.outputs["y"]})
    return plan(graph, sizes, Precision.FLOAT32, external, fixed=names)


def kernels(steps) -> list[str]:
    return [step.kernel for step in walk(steps) if isinstance(step.kernel, str)]


def test_weights_of_convolutions_are_packed_once() -> None:
    found = planned(CONVOLUTION, {BATCH: 20})
    assert "pack_windows" in kernels(found.once) and "pack_windows" not in kernels(found.instructions)
    assert "convolve" in kernels(found.instructions)


def test_matrices_with_many_rows_are_packed_once() -> None:
    assert "pack" in kernels(planned(CONVOLUTION, {BATCH: 20}).once)
    assert "pack" not in kernels(planned(CONVOLUTION, {BATCH: 2}).once)


def test_a_matrix_of_a_loop_is_packed_once_for_all_runs() -> None:
    found = planned(RECURRENT, {BATCH: 20, "T": 4})
    assert "pack" in kernels(found.once) and "pack" not in kernels(found.instructions)
    assert "packed_gemm" in kernels(found.instructions)


def test_nothing_is_done_once_without_fixed_values() -> None:
    found = planned(CONVOLUTION, {BATCH: 20}, fixed=False)
    assert not found.once and not found.kept
    assert "pack_windows" in kernels(found.instructions)


def test_what_is_kept_lies_outside_of_the_arena() -> None:
    found = planned(CONVOLUTION, {BATCH: 20})
    read = {name for step in walk(found.instructions) for name in step.reads}
    assert found.kept
    for buffer in found.kept:
        assert buffer.segment is Segment.EXTERNAL and buffer.name in read
    written = [set(step.writes) for step in found.instructions if isinstance(step, Instruction)]
    assert all(buffer.name not in names for buffer in found.kept for names in written)
    assert found.arena_bytes < planned(CONVOLUTION, {BATCH: 20}, fixed=False).arena_bytes


def test_normalisation_with_kept_averages_is_right() -> None:
    """Its scale is a formula of parameters alone, which may be computed once."""
    network = nndsl.compile(CONVOLUTION)
    x = np.random.default_rng(0).standard_normal((20, 9, 9, 2)).astype(np.float32)
    first = network.run(x=x)["y"]
    network.parameters["c.bias"][...] += 1
    assert not np.array_equal(network.run(x=x)["y"], first)
    network.parameters["c.bias"][...] -= 1
    np.testing.assert_allclose(network.run(x=x)["y"], first, rtol=1e-5, atol=1e-6)
