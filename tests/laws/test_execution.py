"""Law: the executor computes what the interpreter says an operator means, natively."""

from __future__ import annotations

import numpy as np
import pytest
from instances import applied, feeds, samples

from nndsl.graph.builder import Builder
from nndsl.graph.interpret import interpret
from nndsl.graph.types import Element
from nndsl.operators.leaves import Fed, Input
from nndsl.operators.operator import Sample
from nndsl.operators.registry import operators
from nndsl.planning.plan import Precision
from nndsl.runtime.inference import Inference
from nndsl.runtime.memory import dtype


@pytest.mark.parametrize("sample", samples())
def test_native_result_is_the_reference(sample: Sample) -> None:
    if isinstance(sample.operator, Fed):
        pytest.skip("what is fed is not computed")
    graph = applied(sample)
    fed = feeds(sample, graph)
    expected = interpret(graph, fed)["y"]
    types = {node.operator.key: node.type.element for node in graph if isinstance(node.operator, Fed)}
    arrays = {
        key: np.asarray(array, dtype(types[key], Precision.FLOAT64), order="C") for key, array in fed.items()
    }
    found = Inference(graph, Precision.FLOAT64)(arrays, {}, 1)["y"]
    if expected.dtype.kind == "f" and graph.outputs["y"].type.element is Element.REAL:
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-14)
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("sample", list(operators()["max_pool"].samples()))
@pytest.mark.parametrize("precision", Precision)
def test_the_greatest_entry_itself(sample: Sample, precision: Precision) -> None:
    build = Builder()
    x = build(Input("x", sample.operands[0]), name="x")
    graph = build.graph({"y": build(sample.operator, x, x)})
    real = np.dtype(precision.value)
    given = np.random.default_rng(0).integers(-3, 4, x.type.shape({})).astype(real)
    given.flat[::17] = np.nan
    expected = interpret(graph, {"x": given})["y"]
    np.testing.assert_array_equal(Inference(graph, precision)({"x": given}, {}, 1)["y"], expected)
