"""Derives, from the graph of a network, what is computed when its sequence grows by one place.

Of what runs along the sequence only the current row is computed, by the operator itself with the sequence
one place long. Where a later step reads more than its own row, rows are kept:

- all of them, where they are weighed or summed (the keys and values of attention);
- the last few, where one is read some places later (a delay, a causal window);
- what a loop in time carries.

What does not depend on the sequence, such as an encoder, is computed once, before the first step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nndsl.decoding import causality
from nndsl.decoding.causality import Facts
from nndsl.decoding.demand import Demand, Way
from nndsl.decoding.rows import NotByRows, View, current, reads, seen, times
from nndsl.graph.builder import Builder, prune
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import Dimension, Element, TensorType
from nndsl.operators.broadcasting import Expand, filled, like, restored
from nndsl.operators.comparisons import Equal, LessEqual, ToReal, Where
from nndsl.operators.leaves import Constant, Input, Position, Size
from nndsl.operators.loop import Loop, LoopResult, stacked
from nndsl.operators.movement import Concatenate, Pad, Reshape, Slice
from nndsl.operators.windows import Windows
from nndsl.types import Extent, length_key

ROW = "network.row"
"""The key of the number of the current row; `network.row+1`, `network.row-2` are rows around it."""

FIXED, KEPT = "fixed.", "kept."
"""Stand before the names of what is computed once, and of what is kept from step to step."""


@dataclass(frozen=True)
class Stepwise:
    """A network by steps: `step` computes the current row of each result, and what is kept of it.

    The leaves of `step` are the current row of the growing input under its name; the numbers of `rows`, each
    so far from the current row; `fixed.NAME`, which `once` gives; and what is `kept`, by its type: the output
    `kept.NAME` of a step is the input `kept.NAME` of the next one. It starts as `once` says, else as zeros.
    Of those in `growing` a step changes nothing but the current row, so that it may work in place.
    """

    into: str
    time: str
    once: Graph
    step: Graph
    kept: Mapping[str, TensorType]
    growing: frozenset[str]
    rows: Mapping[str, int]


def stepwise(graph: Graph, into: str, time: str, results: Mapping[str, Node]) -> Stepwise:
    """The steps that give values of a graph, row by row, as its input `into` grows along the set `time`.

    Raises ReadsAhead where a row depends on later ones, NotByRows where its operators do not tell it.
    """
    demand = Demand(graph, into, time, results.values())
    steps = _Steps(demand)
    for node in demand.steps:
        steps.add(node)
    outputs = {name: steps.values[node, current(node.type, time)] for name, node in results.items()}
    return Stepwise(
        into,
        time,
        prune(Graph(graph.nodes, steps.once)),
        prune(steps.build.graph({**outputs, **steps.results})),
        steps.kept,
        frozenset(steps.growing),
        steps.rows,
    )


@dataclass
class _Steps:
    """The graph of a step in the making; `values` and `facts` are of the views that have been built."""

    demand: Demand
    build: Builder = field(default_factory=Builder)
    values: dict[tuple[Node, View], Node] = field(default_factory=dict)
    facts: dict[tuple[Node, View], Facts] = field(default_factory=dict)
    once: dict[str, Node] = field(default_factory=dict)
    results: dict[str, Node] = field(default_factory=dict)
    kept: dict[str, TensorType] = field(default_factory=dict)
    growing: set[str] = field(default_factory=set)
    rows: dict[str, int] = field(default_factory=dict)
    _registers: dict[str, Node] = field(default_factory=dict)

    def add(self, node: Node) -> None:
        """Builds all views of a node that are needed; what is kept comes after the row that it gains."""
        views = self.demand.views[node]
        ways = {view: self.demand.way(node, view) for view in views}
        with self.build.at(node.layer, node.span, node.name):
            for view in sorted(views, key=lambda view: ways[view] in (Way.GROWING, Way.DELAYED)):
                self.facts[node, view] = causality.kept(view)
                match ways[view]:
                    case Way.FIXED:
                        self.values[node, view] = self._fixed(node)
                    case Way.GROWING:
                        self.values[node, view] = self._grown(node, view)
                    case Way.DELAYED:
                        self.values[node, view] = self._delayed(node, view)
                    case Way.COMPUTED:
                        self.values[node, view], self.facts[node, view] = self._computed(node, view)

    # --- leaves -------------------------------------------------------------------------------

    def row(self, shift: int) -> Node:
        """The number of a row, counted from the current one."""
        key = f"{ROW}{shift:+}" if shift else ROW
        self.rows[key] = shift
        with self.build.at(None, None):
            return self.build.leaf(Input(key, TensorType((), Element.INDEX)))

    def _fixed(self, node: Node) -> Node:
        self.once[FIXED + node.name] = node
        return self.build(Input(FIXED + node.name, node.type))

    def _leaf(self, node: Node, view: View) -> Node:
        operator, build = node.operator, self.build
        dimensions = seen(node.type.dimensions, view)
        match operator:
            case Input(key=key) if key == self.demand.into:
                return build(Input(key, TensorType(dimensions, node.type.element)))
            case Input(key=key) if key == length_key(self.demand.time):  # the sequence ends at this row
                return build(Expand((0,), dimensions), self.row(1))
            case Position() if isinstance(view[0], int):
                return build(Expand((0,), dimensions), self.row(view[0]))
            case Size(extents=(Extent(symbol=self.demand.time, steps=()),)):
                return build(ToReal(), self.row(1))
            case Input() | Size() if node in self.demand.moving:
                raise NotByRows(node, f"the whole of '{node.name}', which is not there before the sequence,")
            case _:
                return build(operator)

    # --- what is computed -----------------------------------------------------------------------

    def _computed(self, node: Node, view: View) -> tuple[Node, Facts]:
        if not node.inputs:
            return self._leaf(node, view), causality.leaf(node, view)
        views = reads(node, view, self.demand.time)
        if isinstance(node.operator, Loop):
            return self._one_turn(node, node.operator, views), Facts()
        operands = [
            [self.values[operand, each] for each in several]
            for operand, several in zip(node.inputs, views, strict=True)
        ]
        known = [
            (several[0], self.facts[operand, several[0]] if len(several) == 1 else Facts())
            for operand, several in zip(node.inputs, views, strict=True)
        ]
        return self._made(node, view, operands), causality.combined(node, view, known)

    def _made(self, node: Node, view: View, operands: list[list[Node]]) -> Node:
        """The operator of a node, on the rows that a view sees."""
        build, operator = self.build, node.operator
        first = operands[0][0]
        match operator:
            case Expand(new=new, dimensions=dimensions):
                return build(Expand(new, seen(dimensions, tuple(view[axis] for axis in new))), first)
            case Reshape(dimensions=dimensions):
                return build(Reshape(seen(dimensions, view)), first)
            case LoopResult(output=output, type=type):
                return build(LoopResult(output, TensorType(seen(type.dimensions, view), type.element)), first)
            case Slice(axis=axis) if isinstance(view[axis], int):
                return first
            case Pad(axis=axis) if isinstance(look := view[axis], int):
                return self._begun(operator, look - operator.before, first)
            case Windows(axes=axes) if len(operands[0]) > 1:
                place = next(place for place, axis in enumerate(axes) if isinstance(view[axis], int))
                rows = build(Concatenate(axes[place]), *operands[0])
                dilation = tuple(1 if k == place else d for k, d in enumerate(operator.dilation))
                return build(replace(operator, dilation=dilation), rows)
            case _:
                return build(operator, *(several[0] for several in operands))

    def _begun(self, operator: Pad, shift: int, x: Node) -> Node:
        """A row from before the beginning is what the padding says."""
        if shift >= 0:
            return x
        build = self.build
        inside = build(LessEqual(), build(Constant(0, Element.INDEX)), self.row(shift))
        return build(Where(), like(build, inside, x.type), x, filled(build, operator.value, x.type))

    def _one_turn(self, node: Node, loop: Loop, views: tuple[tuple[View, ...], ...]) -> Node:
        """One step of a loop in time, from the state that is kept."""
        initial = self.demand.carries(node)
        states = []
        for carry, start in zip(loop.carries, initial, strict=True):
            name = f"{KEPT}{node.name}.{carry.output}"
            self.once[name] = start
            states.append(self._keeping(name, start.type))
        others = list(zip(node.inputs, views, strict=True))[len(initial) :]
        turn = replace(loop, time=Dimension(loop.time.name, Extent.of(1)))
        token = self.build(turn, *states, *(self.values[operand, view] for operand, (view,) in others))
        for carry in loop.carries:
            self.results[f"{KEPT}{node.name}.{carry.output}"] = self.build(turn.state(carry), token)
        return token

    # --- what is kept -----------------------------------------------------------------------------

    def _keeping(self, name: str, type: TensorType) -> Node:
        self.kept[name] = type
        return self.build(Input(name, type))

    def _grown(self, node: Node, view: View) -> Node:
        """All rows so far: those that are kept, and the current one in its place."""
        build, name = self.build, KEPT + node.name
        (axis,) = times(node.type, self.demand.time)
        own = node.type.dimensions[axis]
        others = tuple(k for k in range(node.type.rank) if k != axis)
        row = self.values[node, current(node.type, self.demand.time)]
        row = build(Reshape(tuple(node.type.dimensions[k] for k in others)), row)
        row = build(Expand((axis,), (own,)), row)
        here = build(Equal(), build(Position(own)), build(Expand((0,), (own,)), self.row(0)))
        before = self._keeping(name, node.type)
        self.growing.add(name)
        self.results[name] = build(Where(), restored(build, here, others, node.type), row, before)
        return self.results[name]

    def _delayed(self, node: Node, view: View) -> Node:
        """A row of some steps ago. The last ones are kept, the earliest first."""
        build, name, depth = self.build, f"{KEPT}{node.name}.before", self.demand.depth(node)
        row = self.values[node, current(node.type, self.demand.time)]
        if name not in self.kept:
            type = stacked(Dimension("depth", Extent.of(depth)), row.type)
            before = self._keeping(name, type)
            latest = build(Reshape((Dimension("depth", Extent.of(1)), *row.type.dimensions)), row)
            kept = [build(Slice(0, 1, 0), before)] if depth > 1 else []
            self.results[name] = build(Concatenate(0), *kept, latest)
            self._registers[name] = before
        delay = -next(look for look in view if isinstance(look, int))
        taken = build(Slice(0, depth - delay, delay - 1), self._registers[name])
        return build(Reshape(row.type.dimensions), taken)
