"""What an expression is built in: the graph so far, and the values and parameters that it can name."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from nndsl.building.layout import Layout
from nndsl.building.term import Term
from nndsl.graph.builder import Builder
from nndsl.graph.types import Dimension, Element, TensorType
from nndsl.operators.leaves import Constant, Input, ParameterLeaf
from nndsl.semantics.model import Parameter, Value
from nndsl.types import Domain, Extent


@dataclass
class Scope:
    """`values` and `parameters` hold what has been built, by name; each is built once.

    `elements` are the unit numbers that the rule of a `wired` connection speaks of.
    """

    build: Builder
    values: dict[str, Term] = field(default_factory=dict)
    parameters: dict[str, Term] = field(default_factory=dict)
    elements: dict[str, Term] = field(default_factory=dict)

    def constant(self, value: float) -> Term:
        """A number."""
        return Term(self.build, self.build(Constant(float(value))), Layout())

    def value(self, value: Value) -> Term:
        """A layer that has been built, or data."""
        if value.name not in self.values:
            self.values[value.name] = self._fed(value)
        return self.values[value.name]

    def _fed(self, value: Value) -> Term:
        """Data: `onehot` values are fed as indices, without their unit axes; all others as reals."""
        layout = Layout(True, value.type.space, value.type.units)
        with self.build.at(value.name, value.span):
            if value.type.domain not in (Domain.ONEHOT, Domain.INDEX):
                node = self.build(Input(value.name, TensorType(layout.dimensions)), name=value.name)
                return Term(self.build, node, layout)
            index = replace(layout, units=())
            type = TensorType(index.dimensions, Element.INDEX)
            node = self.build(Input(value.name, type), name=value.name)
            term = Term(self.build, node, index)
            return term.one_hot(value.type.units) if value.type.domain is Domain.ONEHOT else term

    def parameter(self, parameter: Parameter) -> Term:
        """A parameter, its axes as units."""
        if parameter.name not in self.parameters:
            dimensions = (
                Dimension(name, Extent.of(size))
                for name, size in zip(parameter.axes, parameter.shape, strict=True)
            )
            leaf = ParameterLeaf(parameter.name, TensorType(tuple(dimensions)))
            with self.build.at(parameter.owner, parameter.span):
                node = self.build(leaf, name=parameter.name)
            self.parameters[parameter.name] = Term(self.build, node, Layout(units=parameter.shape))
        return self.parameters[parameter.name]
