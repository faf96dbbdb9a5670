"""What bodies of the catalogue draw from and compare, and what they keep from step to step."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from nndsl.building.layout import Layout
from nndsl.building.scope import Scope
from nndsl.building.term import Term
from nndsl.graph.types import Element
from nndsl.operators.leaves import Constant
from nndsl.operators.random import LARGEST_SEED, Normal, Uniform
from nndsl.semantics.model import Connect, Parameter


@dataclass(frozen=True)
class Noise:
    """Random numbers for one place of the network, as many as its value has."""

    scope: Scope
    layout: Layout

    def uniform(self) -> Term:
        """Numbers evenly spread over (0, 1)."""
        return self.scope.drawn(Uniform, self.layout)

    def normal(self) -> Term:
        """Standard normal numbers."""
        return self.scope.drawn(Normal, self.layout)


@dataclass(frozen=True)
class Distribution:
    """What `kl` compares: a distribution of the catalogue, by name, and its parameters."""

    name: str
    parameters: tuple[Term, ...]


@dataclass(frozen=True)
class State:
    """A parameter that is not learned, but follows the network's values from step to step of a training."""

    scope: Scope
    parameter: Parameter

    @property
    def value(self) -> Term:
        """What it is before this place of the network has changed it."""
        found = self.scope.states.get(self.parameter.name)
        return self.scope.parameter(self.parameter) if found is None else found

    def become(self, value: Term) -> None:
        """Changes it, in training."""
        layout = self.scope.parameter(self.parameter).layout
        self.scope.states[self.parameter.name] = value.stretched(layout)


def random_wiring(scope: Scope, connect: Connect) -> Term:
    """Which units a `sparse` connection joins, as a matrix of truths that lies as the weights.

    Each pair is joined with the probability given, drawn once and for all by the seed and the name of the
    weights, so that a second use of the weights is wired alike.
    """
    assert connect.density is not None and connect.seed is not None
    table = (connect.type.unit_count, connect.source.type.unit_count)
    layout = Layout(units=table[::-1] if connect.transposed else table)
    draw = Uniform(crc32(connect.weights.name.encode()), layout.dimensions)
    run = (scope.build(Constant(number, Element.INDEX)) for number in (connect.seed % LARGEST_SEED, 0))
    drawn = Term(scope.build, scope.build(draw, *run), layout)
    return drawn.apply("less", scope.constant(connect.density))
