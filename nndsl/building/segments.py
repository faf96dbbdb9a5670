"""Reductions over a data graph: over the edges into each node, over the nodes or edges of each graph."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

from nndsl.building.data_graphs import end_of, nodes_of, owner
from nndsl.building.layout import BATCH_DIMENSION, Layout, dimension_of, graph_axes
from nndsl.building.term import Term
from nndsl.graph.builder import Builder
from nndsl.graph.graph import Node
from nndsl.operators.lookup import Gather, ScatterAdd, ScatterMax
from nndsl.semantics.model import Reduce
from nndsl.types import Axis

LOWEST = -1e30
"""What counts nowhere in a softmax: its exponential is 0, and a maximum over nothing can be subtracted."""


@dataclass(frozen=True, slots=True)
class Segments:
    """A division of the nodes or edges along an axis: those of one graph, or the edges into one node.

    `places` is the segment of each, and `target` the axis that runs over the segments; None where they
    are the graphs of the batch.
    """

    axis: Axis
    places: Node
    target: Axis | None = None

    @classmethod
    def by_graph(cls, build: Builder, axis: Axis) -> Segments:
        return cls(axis, owner(build, axis))

    @classmethod
    def by_target(cls, build: Builder, edges: Axis) -> Segments:
        return cls(edges, end_of(build, edges, "target"), nodes_of(edges))

    def sum(self, x: Term) -> Term:
        """The sum over each segment; 0 over none."""
        return self._combined(ScatterAdd, x)

    def max(self, x: Term) -> Term:
        """The greatest of each segment; minus infinity of none."""
        return self._combined(ScatterMax, x)

    def spread(self, y: Term) -> Term:
        """For each node or edge the value of its segment."""
        rest = y.layout.space[0 if self.target is None else 1 :]
        layout = replace(y.layout, batch=False, space=(self.axis, *rest))
        return replace(y, node=y.build(Gather(), y.node, self.places), layout=layout)

    def _combined(self, operator: type[ScatterAdd] | type[ScatterMax], x: Term) -> Term:
        rest = tuple(axis for axis in x.layout.space if axis != self.axis)
        x = x.real().stretched(replace(x.layout, space=(self.axis, *rest)))
        front = () if self.target is None else (self.target,)
        dimension = BATCH_DIMENSION if self.target is None else dimension_of(self.target)
        layout = Layout(self.target is None, (*front, *rest), x.units)
        return replace(x, node=x.build(operator(dimension), self.places, x.node), layout=layout)


def segments_of(reduce: Reduce, x: Term) -> Segments | None:
    """What a reduction of x divides a data graph into, if it runs over one. Where x has another axis of a
    data graph beside it, there is nothing to divide (see `same_graph`)."""
    running = graph_axes(reduce.axes)
    if not running or len(graph_axes(x.layout.space)) > 1:
        return None
    (axis,) = running
    return Segments.by_target(x.build, axis) if reduce.neighbours else Segments.by_graph(x.build, axis)


def same_graph(reduce: Reduce, x: Term, space: tuple[Axis, ...]) -> Term | None:
    """Where what is run over is of the same graph as what is not: only such pairs belong together.

    None where a reduction does not run over one of several axes of a data graph.
    """
    running, others = graph_axes(reduce.axes), graph_axes(a for a in space if a not in reduce.axes)
    if not running or not others:
        return None
    return x.graph_of(running[0]).apply("equal", x.graph_of(others[0]))


def over_segments(operation: str, x: Term, segments: Segments, condition: Term | None) -> Term:
    """An operation over each segment, those entries alone for which the condition holds."""
    match operation:
        case "sum":
            return segments.sum(x.where(condition, 0.0))
        case "mean":
            return segments.sum(x.where(condition, 0.0)) / _number(x, segments, condition)
        case "max":
            return segments.max(x.where(condition, -inf))
        case "min":
            return -segments.max((-x).where(condition, -inf))
        case "softmax":
            return _softmax(x, segments, condition)
        case _:
            raise AssertionError(f"not refused: {operation}")


def _number(x: Term, segments: Segments, condition: Term | None) -> Term:
    """How many entries a mean runs over; where there are none 1, so that their mean is 0."""
    ones = x.constant(1).stretched(Layout(space=(segments.axis,))) if condition is None else condition.real()
    return segments.sum(ones).apply("maximum", x.constant(1))


def _softmax(x: Term, segments: Segments, condition: Term | None) -> Term:
    """exp x / Σ exp x; zero where the condition does not hold, also where it never does."""
    largest = segments.max(x.where(condition, LOWEST)).apply("stop_gradient")
    shares = (x - segments.spread(largest)).where(condition, LOWEST).apply("exp")
    total = segments.spread(segments.sum(shares))
    if condition is not None:
        total = total + total.apply("equal", total.zero()).real()
    return shares / total
