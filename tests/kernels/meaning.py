"""What a fused group means, in NumPy, one value after another; and groups to try it on."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from nndsl.codegen.group import Compute, Group, Operand, Pattern, Position, Reduce
from nndsl.graph.types import Element
from nndsl.kernels import vector_math

FUNCTIONS = {
    name: getattr(vector_math, name) for name in ("exp", "log", "sqrt", "tanh", "sigmoid", "softplus", "erf")
}


def evaluate(group: Group, sizes, operands, constants=()) -> list[np.ndarray]:
    """The results, before accumulation, in the operands' precision or float64."""
    values = [_spread(x, o.pattern, group.rank) for x, o in zip(operands, group.operands, strict=True)]
    values += [np.full((1,) * group.rank, c) for c in constants]
    for step in group.steps:
        values.append(_step(group, step, values, sizes))
    patterns = [o.pattern for o in group.operands] + [()] * len(constants) + [s.pattern for s in group.steps]
    return [
        np.broadcast_to(values[number], _shape(patterns[number], sizes, group.rank)).reshape(
            [sizes[axis] for axis in patterns[number]]
        )
        for number in group.results
    ]


def _shape(pattern: Pattern, sizes, rank: int) -> tuple[int, ...]:
    return tuple(sizes[axis] if axis in pattern else 1 for axis in range(rank))


def _spread(x: np.ndarray, pattern: Pattern, rank: int) -> np.ndarray:
    return x.reshape([x.shape[pattern.index(axis)] if axis in pattern else 1 for axis in range(rank)])


def _step(group: Group, step, values, sizes) -> np.ndarray:
    match step:
        case Position(axis):
            return _spread(np.arange(sizes[axis]), (axis,), group.rank)
        case Compute(code, inputs, pattern):
            names = [f"x{place}" for place in range(len(inputs))]
            formula = eval(f"lambda {', '.join(names)}: {code.format(*names)}", dict(FUNCTIONS))
            made = np.vectorize(formula, otypes=[_dtype(step.element)])(*(values[n] for n in inputs))
            return np.broadcast_to(made, _shape(pattern, sizes, group.rank))
        case Reduce(operation, number, axes):
            reduced = values[number]
            if operation.startswith("arg"):
                flat = np.moveaxis(reduced, axes, range(-len(axes), 0))
                flat = flat.reshape(*flat.shape[: group.rank - len(axes)], -1)
                places = getattr(np, operation)(flat, axis=-1)
                return np.expand_dims(places, tuple(axes))
            return getattr(np, operation)(reduced, axis=axes, keepdims=True)


def _dtype(element: Element):
    return {Element.REAL: float, Element.INDEX: int, Element.TRUTH: bool}[element]


FORMULAS = {
    1: ("exp(-abs({0}))", "0.5 * {0}", "tanh({0})", "0.0 if {0} < 0 else {0}"),
    2: ("{0} + {1}", "{0} * {1}", "{0} - {1}", "{0} if {0} > {1} else {1}", "{0} / (1 + {1} * {1})"),
    3: ("{0} + {1} * {2}", "{1} if {0} > 0 and {1} < 2 else {2}"),
}


@st.composite
def groups(draw) -> Group:
    """Loop nests of all kinds."""
    rank = draw(st.integers(1, 3))
    axes = st.sets(st.integers(0, rank - 1)).map(lambda found: tuple(sorted(found)))
    operands = tuple(Operand(pattern) for pattern in draw(st.lists(axes, min_size=1, max_size=3)))
    operands += (Operand(tuple(range(rank))),)
    constants = draw(st.integers(0, 1))
    patterns: list[Pattern] = [o.pattern for o in operands] + [()] * constants
    usable = list(range(len(patterns)))
    ends: list[int] = []
    steps: list[Compute | Reduce] = []
    for _ in range(draw(st.integers(1, 6))):
        reducible = [number for number in usable if patterns[number]]
        if reducible and draw(st.booleans()):
            number = draw(st.sampled_from(reducible))
            reduced = tuple(sorted(draw(st.sets(st.sampled_from(patterns[number]), min_size=1))))
            kept = tuple(axis for axis in patterns[number] if axis not in reduced)
            is_inner = not kept or max(kept) < min(reduced)
            operation = draw(st.sampled_from(("sum", "max", "min", "argmax")[: 4 if is_inner else 3]))
            element = Element.INDEX if operation == "argmax" else Element.REAL
            steps.append(Reduce(operation, number, reduced, kept, element))
            (usable if is_inner and element is Element.REAL else ends).append(len(patterns))
            patterns.append(kept)
        else:
            count = draw(st.integers(1, 3))
            inputs = tuple(draw(st.lists(st.sampled_from(usable), min_size=count, max_size=count)))
            wider = draw(st.sampled_from([(), (), draw(axes)]))
            pattern = tuple(sorted({*wider, *(axis for number in inputs for axis in patterns[number])}))
            steps.append(Compute(draw(st.sampled_from(FORMULAS[count])), inputs, pattern))
            usable.append(len(patterns))
            patterns.append(pattern)
    first = len(operands) + constants
    results = tuple(sorted({*ends, len(patterns) - 1, draw(st.integers(first, len(patterns) - 1))}))
    adds = [
        not (isinstance(s := steps[number - first], Reduce) and s.operation != "sum") for number in results
    ]
    accumulate = tuple(can and draw(st.booleans()) for can in adds)
    return Group(rank, operands, constants, tuple(steps), results, accumulate)
