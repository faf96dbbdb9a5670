"""Printing and parsing round-trip; building and compiling twice gives the same text."""

import pytest
from instances import applied, differentiable, samples, wanted, weighted

from nndsl.differentiation.reverse import differentiate
from nndsl.graph.text import parse_graph, print_graph
from nndsl.graph.verify import verify
from nndsl.operators.operator import Sample
from nndsl.passes.pipeline import optimize


@pytest.mark.parametrize("sample", samples())
def test_parsing_undoes_printing(sample: Sample) -> None:
    graph = applied(sample)
    text = print_graph(graph)
    parsed = verify(parse_graph(text))
    assert print_graph(parsed) == text
    assert parsed.outputs["y"].operator == sample.operator


@pytest.mark.parametrize("sample", differentiable())
def test_building_twice_gives_the_same_text(sample: Sample) -> None:
    once, twice = (
        print_graph(optimize(differentiate(weighted(sample), "loss", wanted(sample)))) for _ in range(2)
    )
    assert once == twice
