"""The graph of an update: what becomes of all learned numbers after a step, as one vector.

Its leaves are external buffers of the runtime, known by these keys: `learned` and `gradient` (vectors),
`state.NAME` (vectors, zero at first), `step` and `steps` (numbers), and `square`, the
gradient's squared length, where it is clipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nndsl.building.layout import Layout
from nndsl.building.term import Term
from nndsl.functions.catalogue import family
from nndsl.graph.builder import Builder
from nndsl.graph.graph import Graph
from nndsl.graph.types import LEARNED, TensorType
from nndsl.learning.clock import Clock
from nndsl.operators.broadcasting import Sum
from nndsl.operators.leaves import Input, ParameterLeaf
from nndsl.semantics.model import OptimizerSettings, Setting
from nndsl.types import Axis, Extent, IndexSet, SetKind

_VECTOR = Layout(space=(Axis(IndexSet(LEARNED, SetKind.SEQUENCE), Extent(LEARNED)),))


@dataclass(frozen=True, slots=True)
class Updated:
    """The learned numbers after a step, and the optimizer's states, by name."""

    parameter: Term
    states: Mapping[str, Term]


@dataclass
class Terms:
    """What an optimizer's formula is written with: one learned number w, its gradient g, and the step."""

    build: Builder = field(default_factory=Builder)
    states: dict[str, Term] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parameter = self._leaf(LEARNED, _VECTOR, state=True)
        self.gradient = self._leaf("gradient", _VECTOR)
        self.clock = Clock(self._leaf("step", Layout()), self._leaf("steps", Layout()))

    @property
    def step(self) -> Term:
        """The number of the step, from one."""
        return self.clock.step

    def state(self, name: str) -> Term:
        """A number that is kept for each learned number from step to step; zero at first."""
        if name not in self.states:
            self.states[name] = self._leaf(f"state.{name}", _VECTOR, state=True)
        return self.states[name]

    def scheduled(self, rate: Setting) -> Term | float:
        """A rate as it is at this step."""
        return self.clock.at(rate)

    def power(self, base: float, exponent: Term) -> Term:
        """A number to the power of a term."""
        return self.clock.power(base, exponent)

    def updated(self, parameter: Term, **states: Term) -> Updated:
        return Updated(parameter, states)

    def clip(self, norm: float) -> None:
        """Shortens the gradient to this length where it is longer.

        g ← g · min(1, norm / (‖g‖ + 10⁻⁶)), ‖g‖ over all learned parameters together (Pascanu et al. 2013).
        """
        length = self._leaf("square", Layout()).apply("sqrt")
        scale = (norm / (length + 1e-6)).apply("minimum", length.constant(1.0))
        self.gradient = self.gradient * scale

    def _leaf(self, key: str, layout: Layout, *, state: bool = False) -> Term:
        operator = (ParameterLeaf if state else Input)(key, TensorType(layout.dimensions))
        return Term(self.build, self.build(operator, name=key), layout)


def update_graph(optimizer: OptimizerSettings, clip_norm: float | None) -> tuple[Graph, tuple[str, ...]]:
    """The graph of an optimizer's step and the names of its states. Outputs: `learned`, `state.NAME`."""
    terms = Terms()
    if clip_norm is not None:
        terms.clip(clip_norm)
    result: Updated = family("optimizer")[optimizer.name].lower(terms, **dict(optimizer.options))
    outputs = {LEARNED: result.parameter.node}
    outputs |= {f"state.{name}": term.node for name, term in result.states.items()}
    return terms.build.graph(outputs), tuple(result.states)


def square_graph() -> Graph:
    """The squared length of the gradient. Output: `square`."""
    terms = Terms()
    square = terms.gradient.square().reduced(Sum, (0,))
    return terms.build.graph({"square": square.node})
