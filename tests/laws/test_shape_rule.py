"""The shape rule says what the reference gives, and refuses what it cannot mean."""

import numpy as np
import pytest
from instances import applied, feeds, mistakes, samples

from nndsl.graph.interpret import interpret
from nndsl.graph.types import Element
from nndsl.operators.operator import Sample, ShapeError
from nndsl.operators.registry import operators

KINDS = {Element.REAL: np.floating, Element.INDEX: np.integer, Element.TRUTH: np.bool_}


@pytest.mark.parametrize("sample", samples())
def test_the_reference_gives_what_the_shape_rule_says(sample: Sample) -> None:
    graph = applied(sample)
    y = interpret(graph, feeds(sample, graph))["y"]
    type = graph.outputs["y"].type
    assert y.shape == type.shape({})
    assert np.issubdtype(y.dtype, KINDS[type.element])


@pytest.mark.parametrize("sample", mistakes())
def test_mistakes_are_refused(sample: Sample) -> None:
    with pytest.raises(ShapeError):
        sample.operator.infer(*sample.operands)


@pytest.mark.parametrize("name", operators())
def test_every_operator_is_documented_and_has_samples_and_mistakes(name: str) -> None:
    cls = operators()[name]
    assert cls.__doc__
    assert cls.name == name
    assert list(cls.samples())
    assert list(cls.mistakes())


@pytest.mark.parametrize("sample", samples())
def test_the_reference_leaves_its_operands_alone(sample: Sample) -> None:
    graph = applied(sample)
    given = feeds(sample, graph)
    before = {key: value.copy() for key, value in given.items()}
    interpret(graph, given)
    for key, value in given.items():
        np.testing.assert_array_equal(value, before[key])
