"""Formulas over graph values: what the bodies of the catalogue's functions compute with.

A term is a value of the graph that knows how its dimensions are to be read. Arithmetic of two terms
takes the union of their index spaces, stretches scalars, and puts every repetition into the
graph as an `expand`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod

from nndsl.building.data_graphs import owner
from nndsl.building.layout import (
    BATCH_DIMENSION,
    Key,
    Layout,
    dimension_of,
    graph_axes,
    unit_dimensions,
)
from nndsl.graph.builder import Builder
from nndsl.graph.graph import Node
from nndsl.graph.types import Element, TensorType
from nndsl.operators.broadcasting import Expand, Sum, filled
from nndsl.operators.comparisons import ToReal, Where
from nndsl.operators.contraction import Contract
from nndsl.operators.leaves import Constant, Input, Position, Size
from nndsl.operators.lookup import Gather, OneHot
from nndsl.operators.movement import Reshape, Transpose
from nndsl.operators.operator import Elementwise, Operator
from nndsl.operators.reductions import ArgMax, ArgMin, Max, Min
from nndsl.operators.registry import operators
from nndsl.types import Axis, Extent, IndexSet, SetKind, length_key


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A value of the graph being built; `layout` says what its dimensions mean."""

    build: Builder
    node: Node
    layout: Layout

    @property
    def units(self) -> tuple[int, ...]:
        return self.layout.units

    def made(self, operator: Operator, layout: Layout, *others: Term) -> Term:
        """An operator of this term's node and others', read as `layout` says."""
        node = self.build(operator, self.node, *(other.node for other in others))
        return replace(self, node=node, layout=layout)

    # --- element by element -----------------------------------------------------------

    def apply(self, operator: str, *others: Term) -> Term:
        """An element-wise operator, by its name, of this term and others, stretched to one shape."""
        cls = operators()[operator]
        assert issubclass(cls, Elementwise)
        layout = self.layout
        for other in others:
            layout = layout.union(other.layout)
        operands = [operand.element(cls.takes) for operand in (self, *others)]
        if len({operand.node.type.element for operand in operands}) > 1:
            operands = [operand.real() for operand in operands]
        first, *rest = (operand.stretched(layout) for operand in operands)
        return first.made(cls(), layout, *rest)

    def __add__(self, other: Term | float) -> Term:
        return self.apply("add", self.term(other))

    def __radd__(self, other: float) -> Term:
        return self.term(other) + self

    def __sub__(self, other: Term | float) -> Term:
        return self.apply("subtract", self.term(other))

    def __rsub__(self, other: float) -> Term:
        return self.term(other) - self

    def __mul__(self, other: Term | float) -> Term:
        return self.apply("multiply", self.term(other))

    def __rmul__(self, other: float) -> Term:
        return self.term(other) * self

    def __truediv__(self, other: Term | float) -> Term:
        return self.apply("divide", self.term(other))

    def __rtruediv__(self, other: float) -> Term:
        return self.term(other) / self

    def __neg__(self) -> Term:
        return self.apply("negate")

    def square(self) -> Term:
        """x²."""
        return self * self

    def power(self, exponent: Term) -> Term:
        """x to the power of a term; squares and cubes by multiplication."""
        match exponent.node.operator:
            case Constant(value=2.0):
                return self.square()
            case Constant(value=3.0):
                return self.square() * self
            case _:
                return self.apply("power", exponent)

    # --- numbers, truths and indices ----------------------------------------------------

    def element(self, takes: Sequence[Element]) -> Term:
        """The same numbers as an element that an operator takes."""
        if self.node.type.element in takes:
            return self
        return self.real() if Element.REAL in takes else self.truth()

    def real(self) -> Term:
        """A truth as 0 or 1, an index as a number."""
        return self if self.node.type.element is Element.REAL else self.made(ToReal(), self.layout)

    def truth(self) -> Term:
        """Whether a number is not zero."""
        if self.node.type.element is Element.TRUTH:
            return self
        return self.apply("equal", self.zero()).apply("not")

    def term(self, value: Term | float) -> Term:
        """A number as a term."""
        return value if isinstance(value, Term) else self.constant(value)

    def constant(self, value: float) -> Term:
        return replace(self, node=self.build(Constant(float(value))), layout=Layout())

    def zero(self) -> Term:
        return self.constant(0.0)

    def size(self, *extents: Extent) -> Term:
        """The product of some sizes, as a number; a constant where all are known."""
        if all(extent.known is not None for extent in extents):
            return self.constant(prod(map(known, extents)))
        return replace(self, node=self.build(Size(extents)), layout=Layout())

    def position(self, axis: Axis) -> Term:
        """The place along an axis of an index space, from zero, as an index."""
        return replace(self, node=self.build(Position(dimension_of(axis))), layout=Layout(space=(axis,)))

    # --- what belongs to an example ------------------------------------------------------

    def length(self, axis: Axis) -> Term:
        """How many places along a sequence each example has of its own; what lies beyond is padding."""
        leaf = Input(length_key(axis.set.name), TensorType((BATCH_DIMENSION,), Element.INDEX))
        with self.build.at(None, None):
            length = replace(self, node=self.build.leaf(leaf), layout=Layout(batch=True))
        for add, divide in axis.extent.steps:
            length = length.real() + add
            if divide != 1:  # half a place more, lest the quotient falls short of a whole number
                length = ((length + 0.5) / divide).apply("floor")
        return length

    def valid(self, axes: Iterable[Axis]) -> Term | None:
        """Which places of an index space are no padding, nor nodes or edges of different graphs together:
        a truth for each, None where all are."""
        axes = tuple(axes)
        found: Term | None = None
        running = graph_axes(axes)
        for other in running[1:]:
            same = self.graph_of(running[0]).apply("equal", self.graph_of(other))
            found = same if found is None else found.apply("and", same)
        for axis in axes:
            if axis.set.kind is SetKind.SEQUENCE:
                inside = self.position(axis).apply("less", self.length(axis))
                found = inside if found is None else found.apply("and", inside)
        return found

    def graph_of(self, axis: Axis) -> Term:
        """The number in the batch of the graph that each node or edge belongs to."""
        return replace(self, node=owner(self.build, axis), layout=Layout(space=(axis,)))

    def where(self, condition: Term | None, otherwise: float) -> Term:
        """This where the condition holds, else a number."""
        if condition is None:
            return self
        x = self.stretched(self.layout.union(replace(condition.layout, units=())))
        held = condition.stretched(x.layout)
        other = filled(self.build, otherwise, x.node.type)
        return replace(x, node=self.build(Where(), held.node, x.node, other))

    def unit_number(self, units: int) -> Term:
        """The number of each unit of a row of units, from zero."""
        (dimension,) = unit_dimensions((units,))
        return replace(self, node=self.build(Position(dimension)), layout=Layout(units=(units,))).real()

    # --- over the units -----------------------------------------------------------------

    def reduced(self, operator: type[Sum] | type[Max] | type[Min], axes: tuple[int, ...]) -> Term:
        """A reduction over some dimensions, which are gone afterwards."""
        return self.real().made(operator(axes), self.layout.without(axes)) if axes else self.real()

    def log_sum_exp(self, axes: tuple[int, ...]) -> Term:
        """log Σ exp x over some dimensions, without overflow."""
        largest = self.reduced(Max, axes).apply("stop_gradient")
        return largest + (self - largest).apply("exp").reduced(Sum, axes).apply("log")

    def sum_units(self) -> Term:
        """Σ x over all units: one number."""
        return self.reduced(Sum, self.layout.unit_axes)

    def mean_units(self) -> Term:
        """The average over all units: one number."""
        return self.sum_units() if self.layout.scalar else self.sum_units() * (1 / prod(self.units))

    def max_units(self) -> Term:
        """The largest unit."""
        return self.reduced(Max, self.layout.unit_axes)

    def min_units(self) -> Term:
        """The smallest unit."""
        return self.reduced(Min, self.layout.unit_axes)

    def argmax_units(self) -> Term:
        """The number of the largest unit, units counted row by row; the first of equal ones."""
        row = self.unit_row()
        return row.made(ArgMax(row.layout.unit_axes[0]), row.layout.without(row.layout.unit_axes))

    def argmin_units(self) -> Term:
        """The number of the smallest unit, units counted row by row; the first of equal ones."""
        row = self.unit_row()
        return row.made(ArgMin(row.layout.unit_axes[0]), row.layout.without(row.layout.unit_axes))

    def log_sum_exp_units(self) -> Term:
        """log Σ exp x over all units, without overflow."""
        return self.log_sum_exp(self.layout.unit_axes)

    def one_hot(self, units: tuple[int, ...]) -> Term:
        """An index as units of which one is 1."""
        (dimension,) = unit_dimensions((prod(units),))
        row = self.made(OneHot(dimension), replace(self.layout, units=(prod(units),)))
        return row.with_units(units)

    # --- over examples --------------------------------------------------------------------

    def mean_examples(self) -> Term:
        """The average over the batch and the index space, for each unit; padding does not count."""
        if not self.layout.place_axes:
            return self
        x = self.where(self.valid(self.layout.space), 0.0)
        return x.reduced(Sum, x.layout.place_axes) / self.count_examples()

    def count_examples(self) -> Term:
        """How many places the batch and the index space have together, at least one; padding does not
        count.
        """
        valid = self.valid(self.layout.space)
        if valid is None:
            return self.size(*(self.layout.dimensions[axis].extent for axis in self.layout.place_axes))
        whole = valid.stretched(replace(self.layout.union(valid.layout), units=())).real()
        return whole.reduced(Sum, whole.layout.place_axes).apply("maximum", self.constant(1))

    # --- rearrangement ----------------------------------------------------------------------

    def contract(self, other: Term, summed: tuple[Key, ...], result: Layout) -> Term:
        """Σ x · y over some dimensions that both have; dimensions of one alone are kept."""
        x, y = (term.real().at_nodes(result) for term in (self, other))
        letters = {key: chr(ord("a") + place) for place, key in enumerate((*summed, *result.keys))}
        equation = ("".join(letters[key] for key in layout.keys) for layout in (x.layout, y.layout, result))
        return x.made(Contract.of(*equation), result, y)

    def dot(self, other: Term) -> Term:
        """Σ_k x_k · y_k along the last unit axis."""
        whole = self.layout.union(other.layout)
        return self.contract(other, (len(whole.units) - 1,), replace(whole, units=whole.units[:-1]))

    def unit_row(self) -> Term:
        """All unit axes as one."""
        return self.with_units((prod(self.units),))

    def with_units(self, units: tuple[int, ...]) -> Term:
        """The same numbers along other unit axes."""
        if units == self.units:
            return self
        layout = replace(self.layout, units=units)
        return self.made(Reshape(layout.dimensions), layout)

    def flatten(self) -> Term:
        """All units and the grid as one unit axis: row by row, and at each place the units."""
        outer = tuple(axis for axis in self.layout.space if axis.set.kind is not SetKind.GRID)
        grid = self.layout.grid
        ordered = self.stretched(replace(self.layout, space=(*outer, *grid)))
        count = prod(known(axis.extent) for axis in grid) * prod(self.units)
        layout = Layout(self.layout.batch, outer, (count,))
        return ordered.made(Reshape(layout.dimensions), layout)

    def across(self, name: str) -> Term:
        """The first unit axis as an index set of this name: a value for each of its places."""
        count, *units = self.units
        axis = Axis(IndexSet(name, SetKind.NODES), Extent.of(count))
        layout = replace(self.layout, space=(*self.layout.space, axis), units=tuple(units))
        return replace(self, layout=layout)

    def transposed(self) -> Term:
        """A matrix with its two axes exchanged."""
        rows, columns = self.units
        return self.made(Transpose((1, 0)), replace(self.layout, units=(columns, rows)))

    def stretched(self, layout: Layout) -> Term:
        """Repeated along everything that `layout` has more, in its order of dimensions."""
        if layout == self.layout:
            return self
        if self.layout.batch and not layout.batch:
            return self.at_nodes(layout).stretched(layout)
        lone = self.layout.scalar and self.units != layout.units
        term = self.with_units(()) if lone else self
        kept = tuple(key for key in layout.keys if key in term.layout.keys)
        term = term.ordered(kept)
        new = tuple(axis for axis, key in enumerate(layout.keys) if key not in kept)
        if not new:
            return term
        return term.made(Expand(new, tuple(layout.dimensions[axis] for axis in new)), layout)

    def at_nodes(self, layout: Layout) -> Term:
        """A value of whole graphs as one of their nodes or edges, where `layout` is over a data graph."""
        if not self.layout.batch or layout.batch:
            return self
        axis = graph_axes(layout.space)[0]
        rest = tuple(other for other in self.layout.space if other != axis)
        own = replace(self.layout, batch=False, space=(axis, *rest))
        return replace(self, node=self.build(Gather(), self.node, owner(self.build, axis)), layout=own)

    def ordered(self, keys: tuple[Key, ...]) -> Term:
        """The same dimensions in another order of the index space."""
        if keys == self.layout.keys:
            return self
        layout = replace(self.layout, space=tuple(key for key in keys if isinstance(key, Axis)))
        return self.made(Transpose(tuple(self.layout.keys.index(key) for key in keys)), layout)


def known(extent: Extent) -> int:
    """The number of an extent that the checker has made sure of."""
    assert extent.known is not None, extent
    return extent.known
