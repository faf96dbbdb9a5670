"""What an expression is built in: the graph so far, and the values and parameters that it can name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from math import isqrt, prod

from nndsl.building.layout import Layout
from nndsl.building.term import Term
from nndsl.graph.builder import Builder
from nndsl.graph.graph import Node
from nndsl.graph.types import Dimension, Element, TensorType
from nndsl.operators.leaves import Constant, Input, ParameterLeaf, Position
from nndsl.operators.lookup import OneHot
from nndsl.operators.random import SEED, STEP, Draw
from nndsl.semantics.model import EnergyModel, Parameter, Value, ValueKind
from nndsl.types import Domain, Extent, SetKind, Type


@dataclass
class Scope:
    """`values` and `parameters` hold what has been built, by name; each is built once.

    `starts` are what values are before the first step, by name, where a spec says so. `elements` are the unit
    numbers that the rule of a `wired` connection speaks of. `states` are what parameters that follow the
    network's values become after a step, by name. `energies` are those that can be asked, by name. `training`
    tells whether the graph is for learning, `single` whether it is for one example, without a dimension for
    the batch, and `carries` whether sequences are windows of longer ones, from which loops leave what is
    `carried` on (see `carrying`).
    """

    build: Builder
    values: dict[str, Term] = field(default_factory=dict)
    parameters: dict[str, Term] = field(default_factory=dict)
    starts: dict[str, Term] = field(default_factory=dict)
    elements: dict[str, Term] = field(default_factory=dict)
    states: dict[str, Term] = field(default_factory=dict)
    carried: dict[str, Node] = field(default_factory=dict)
    energies: Mapping[str, EnergyModel] = field(default_factory=dict)
    training: bool = False
    carries: bool = False
    single: bool = False
    _streams: Iterator[int] = field(default_factory=count)

    def constant(self, value: float) -> Term:
        """A number."""
        return Term(self.build, self.build(Constant(float(value))), Layout())

    def value(self, value: Value) -> Term:
        """A layer that has been built, or data."""
        if value.name not in self.values:
            self.values[value.name] = self._fed(value)
        return self.values[value.name]

    def _fed(self, value: Value) -> Term:
        """Data: `onehot` values are fed as indices, without their unit axis; all others as reals."""
        term = self._leaf(value)
        with self.build.at(value.name, value.span):
            if value.type.domain is Domain.ONEHOT:
                return term.one_hot(value.type.units)
            real = term.node.type.element is Element.REAL
            return term.where(term.apply("equal", term), 0.0) if real and can_be_missing(value) else term

    def layout(self, type: Type) -> Layout:
        """The layout of a value that differs from example to example."""
        layout = Layout.of(type)
        return replace(layout, batch=layout.batch and not self.single)

    def _leaf(self, value: Value) -> Term:
        index = value.type.domain in (Domain.ONEHOT, Domain.INDEX)
        layout = replace(self.layout(value.type), units=() if index else value.type.units)
        type = TensorType(layout.dimensions, Element.INDEX if index else Element.REAL)
        with self.build.at(value.name, value.span):
            return Term(self.build, self.build.leaf(Input(value.name, type)), layout)

    def present(self, value: Value) -> Term | None:
        """Where a target is not missing: the data have a number there, of all units, or a class from 0 on.

        None where none can be missing.
        """
        if not can_be_missing(value):
            return None
        term = self._leaf(value)
        with self.build.at(value.name, value.span):
            if term.node.type.element is Element.REAL:
                return term.apply("equal", term).real().min_units().truth()
            first = replace(term, node=self.build(Constant(0, Element.INDEX)), layout=Layout())
            return first.apply("less_equal", term)

    def drawn(self, operator: type[Draw], layout: Layout) -> Term:
        """Random numbers of a layout, other ones than at every other place of the network."""
        node = self.build(operator(self.stream(), layout.dimensions), *self.run())
        return Term(self.build, node, layout)

    def drawing(self, first: int) -> Scope:
        """The same scope with random numbers of its own, the same wherever it is made."""
        return replace(self, _streams=count(first))

    def stream(self) -> int:
        """A number for random numbers that are drawn at this place of the network alone."""
        return next(self._streams)

    def run(self) -> list[Node]:
        """The run's seed and the step, which random operators count by."""
        with self.build.at(None, None):
            return [self.build.leaf(Input(key, TensorType((), Element.INDEX))) for key in (SEED, STEP)]

    def parameter(self, parameter: Parameter) -> Term:
        """A parameter as it is used, its axes as units: one that is symmetric is (W + Wᵀ) / 2, one without
        self-connections is zero on the diagonal, so that its gradient is, too."""
        if parameter.name not in self.parameters:
            term = self.numbers(parameter)
            with self.build.at(parameter.owner, parameter.span):
                if parameter.symmetric or parameter.no_self:
                    term = constrained(term, parameter)
            self.parameters[parameter.name] = term
        return self.parameters[parameter.name]

    def numbers(self, parameter: Parameter) -> Term:
        """The numbers of a parameter as they are kept."""
        dimensions = (
            Dimension(name, Extent.of(size))
            for name, size in zip(parameter.axes, parameter.shape, strict=True)
        )
        leaf = ParameterLeaf(parameter.name, TensorType(tuple(dimensions)))
        with self.build.at(parameter.owner, parameter.span):
            return Term(self.build, self.build.leaf(leaf), Layout(units=parameter.shape))


def constrained(weights: Term, parameter: Parameter) -> Term:
    """Weights between units and themselves, symmetric and without self-connections as the parameter says."""
    side = isqrt(prod(weights.units))
    matrix = weights.with_units((side, side))
    if parameter.symmetric:
        matrix = (matrix + matrix.transposed()) * 0.5
    if parameter.no_self:
        row, column = matrix.node.type.dimensions
        diagonal = matrix.build(OneHot(column), matrix.build(Position(row)))
        matrix = matrix * (1.0 - replace(matrix, node=diagonal))
    return matrix.with_units(weights.units)


def can_be_missing(value: Value) -> bool:
    """Whether a value is a target that data may lack at some places: those of a sequence or a data graph."""
    sets = (axis.set.kind for axis in value.type.space)
    return value.kind is ValueKind.TARGET and any(kind is not SetKind.GRID for kind in sets)
