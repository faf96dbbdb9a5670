"""Law: what is lifted out of a loop gives for all steps at once what it gives step by step."""

from itertools import product

import numpy as np
import pytest
from instances import drawn, samples

from nndsl.graph.builder import Builder
from nndsl.graph.interpret import interpret
from nndsl.graph.types import Dimension
from nndsl.operators.broadcasting import at_each
from nndsl.operators.leaves import Input
from nndsl.operators.loop import stacked
from nndsl.operators.operator import Kind, Operator, Sample
from nndsl.types import Extent

TIME = Dimension("time", Extent.of(3))


def liftable() -> list:
    return [p for p in samples() if type(p.values[0].operator).lift is not Operator.lift]


@pytest.mark.parametrize("sample", liftable())
def test_lifted_operators_do_all_steps_at_once(sample: Sample) -> None:
    rng = np.random.default_rng(3)
    operator, count = sample.operator, len(sample.operands)
    for lifted in product((True, False), repeat=count):
        if not any(lifted):
            continue
        types = [stacked(TIME, x) if has else x for x, has in zip(sample.operands, lifted, strict=True)]
        given = {f"x{i}": drawn(type, rng, sample.low, sample.high) for i, type in enumerate(types)}
        build = Builder()
        inputs = tuple(build(Input(f"x{i}", type)) for i, type in enumerate(types))
        if operator.kind is Kind.ELEMENTWISE:
            inputs = tuple(at_each(build, x, has, TIME) for x, has in zip(inputs, lifted, strict=True))
        graph = build.graph({"y": operator.lift(build, inputs, lifted, TIME)})
        assert graph.outputs["y"].type.extents == stacked(TIME, operator.infer(*sample.operands)).extents
        found = interpret(graph, given)["y"]
        for step in range(3):
            values = (given[f"x{i}"][step] if has else given[f"x{i}"] for i, has in enumerate(lifted))
            with np.errstate(all="ignore"):
                expected = operator.evaluate(tuple(values), {})
            np.testing.assert_allclose(found[step], expected, rtol=1e-12)
