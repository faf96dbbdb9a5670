"""What the laws are held against: every sample of every operator, with operands to feed it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from nndsl.graph.builder import Builder
from nndsl.graph.graph import Graph
from nndsl.graph.types import Element, TensorType
from nndsl.operators.arithmetic import Multiply
from nndsl.operators.broadcasting import Sum
from nndsl.operators.leaves import Fed, Input
from nndsl.operators.operator import Elementwise, Kind, Sample
from nndsl.operators.registry import operators


def samples() -> list:
    """Parameters for pytest: each sample under its operator's name. Loops have laws of their own."""
    return [
        pytest.param(sample, id=f"{name}-{place}")
        for name, cls in operators().items()
        if cls.kind is not Kind.LOOP
        for place, sample in enumerate(cls.samples())
    ]


def mistakes() -> list:
    return [
        pytest.param(sample, id=f"{name}-{place}")
        for name, cls in operators().items()
        for place, sample in enumerate(cls.mistakes())
    ]


def differentiable() -> list:
    """The samples of operators that have a gradient."""
    return [parameter for parameter in samples() if _has_gradient(parameter.values[0])]


def _has_gradient(sample: Sample) -> bool:
    operator = sample.operator
    real_result = operator.infer(*sample.operands).element == Element.REAL
    return operator.differentiable and operator.kind is not Kind.LEAF and real_result


def wanted(sample: Sample) -> list[str]:
    """The inputs that a gradient can be taken with respect to."""
    return [f"x{i}" for i, type in enumerate(sample.operands) if type.element == Element.REAL]


def applied(sample: Sample) -> Graph:
    """The graph with the operator applied to inputs `x0`, `x1`, …; the output is `y`."""
    build = Builder()
    inputs = [build(Input(f"x{i}", type), name=f"x{i}") for i, type in enumerate(sample.operands)]
    return build.graph({"y": build(sample.operator, *inputs)})


def weighted(sample: Sample) -> Graph:
    """The same with a scalar output `loss`, the entries of `y` weighted by an input `w` and summed."""
    build = Builder()
    inputs = [build(Input(f"x{i}", type), name=f"x{i}") for i, type in enumerate(sample.operands)]
    y = build(sample.operator, *inputs)
    w = build(Input("w", y.type), name="w")
    loss = build(Sum(tuple(range(y.type.rank))), build(Multiply(), w, y))
    return build.graph({"loss": loss, **{node.name: node for node in inputs}})


def drawn(type: TensorType, rng: np.random.Generator, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    shape = type.shape({})
    match type.element:
        case Element.REAL:
            return rng.uniform(low, high, shape)
        case Element.INDEX:
            return rng.integers(int(low), int(high), shape, endpoint=True)
        case Element.TRUTH:
            return rng.random(shape) < 0.5


def feeds(sample: Sample, graph: Graph, seed: int = 1) -> dict[str, np.ndarray]:
    """Numbers for all that a graph over the sample is fed with."""
    rng = np.random.default_rng(seed)
    fed = [node for node in graph if isinstance(node.operator, Fed)]
    given = {node.operator.key: drawn(node.type, rng, sample.low, sample.high) for node in fed}
    for place in sample.symmetric:
        given[f"x{place}"] = (given[f"x{place}"] + given[f"x{place}"].T) / 2
    return given


def formulas() -> Iterator[type[Elementwise]]:
    """The operators that generated code writes as a formula."""
    return (cls for cls in operators().values() if issubclass(cls, Elementwise))
