"""What of a graph is needed for the current row of its results, and what of that has to be kept."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from nndsl.decoding.rows import Look, NotByRows, ReadsAhead, View, current, reads, times
from nndsl.graph.graph import Graph, Node
from nndsl.operators.broadcasting import Expand
from nndsl.operators.leaves import Constant, Input, ParameterLeaf, Position, Size
from nndsl.operators.loop import Loop
from nndsl.operators.movement import Pad, Slice
from nndsl.operators.operator import Elementwise
from nndsl.types import Extent, length_key

_CHEAP = Constant | Position | Size | Expand | Elementwise
"""What costs less to compute again at each step than to hand in, if it is made of numbers alone."""


class Way(Enum):
    """How a step comes by a view of a value."""

    COMPUTED = "from its operands"
    FIXED = "handed in, as it was computed before the first step"
    GROWING = "from its rows so far, which are all kept"
    DELAYED = "from its last rows, which are kept"


class Demand:
    """`views` are those that a step needs of each node. `steps` are its nodes in their order."""

    def __init__(self, graph: Graph, into: str, time: str, results: Iterable[Node]) -> None:
        """Raises ReadsAhead where a row depends on later ones, NotByRows where it cannot be told."""
        self.into, self.time = into, time
        self.moving: set[Node] = set()
        self._read: set[Node] = set()  # what depends on the symbols
        self._numbers: set[Node] = set()
        for node in graph:
            self._sort(node)
        self.views: dict[Node, dict[View, None]] = {}
        for node in results:
            self._ask(node, current(node.type, time), node)
        for node in reversed(graph.nodes):
            pending = list(self.views.get(node, ()))
            while pending:
                pending += self._need(node, pending.pop())
        self.steps = tuple(node for node in graph if node in self.views)

    def way(self, node: Node, view: View) -> Way:
        """How a view of a value is come by."""
        if node not in self.moving:
            again = node in self._numbers or isinstance(node.operator, ParameterLeaf | Expand)
            return Way.COMPUTED if again else Way.FIXED
        looks = [view[axis] for axis in times(node.type, self.time)]
        if node in self._read and not isinstance(node.operator, Slice | Pad):
            if looks == [Look.ALL] and Extent(self.time) in node.type.extents:
                return Way.GROWING
            if any(look not in (0, Look.ALL) for look in looks):
                return Way.DELAYED
        return Way.COMPUTED

    def depth(self, node: Node) -> int:
        """How many of the last rows of a value are kept."""
        delayed = (view for view in self.views[node] if self.way(node, view) is Way.DELAYED)
        return max((-look for view in delayed for look in view if isinstance(look, int)), default=0)

    def _sort(self, node: Node) -> None:
        operator, operands = node.operator, node.inputs
        looping = isinstance(operator, Loop) and operator.time.extent.symbol == self.time
        key = operator.key if isinstance(operator, Input) else None
        if looping or key == self.into or not self._read.isdisjoint(operands):
            self._read.add(node)
        sized = isinstance(operator, Size) and any(e.symbol == self.time for e in operator.extents)
        grows = sized or key == length_key(self.time) or bool(times(node.type, self.time))
        if grows or node in self._read or not self.moving.isdisjoint(operands):
            self.moving.add(node)
        elif isinstance(operator, _CHEAP) and self._numbers.issuperset(operands):
            self._numbers.add(node)

    def _ask(self, node: Node, view: View, reader: Node) -> None:
        """Puts a view among those that are needed."""
        if self.way(node, view) is Way.DELAYED:
            if len(times(node.type, self.time)) > 1:
                raise NotByRows(node, "a value over the sequence twice, read at another row or as a whole")
            if any(isinstance(look, int) and look > 0 for look in view):
                raise ReadsAhead(reader, node)
        self.views.setdefault(node, {})[view] = None

    def _need(self, node: Node, view: View) -> list[View]:
        """Asks for what a view is computed from. Gives what it needs of the node itself."""
        match self.way(node, view):
            case Way.FIXED:
                return []
            case Way.GROWING | Way.DELAYED:
                row = current(node.type, self.time)
                if row in self.views[node]:
                    return []
                self.views[node][row] = None
                return [row]
        if not node.inputs:
            return []
        for operand, views in zip(node.inputs, reads(node, view, self.time), strict=True):
            for each in views:
                self._ask(operand, each, node)
        return []

    def carries(self, node: Node) -> tuple[Node, ...]:
        """What a loop in time begins with. Raises NotByRows where that grows with the sequence."""
        assert isinstance(node.operator, Loop)
        initial, _, _ = node.operator.parted(node.inputs)
        if not self.moving.isdisjoint(initial):
            raise NotByRows(node, "a loop in time that begins with what grows")
        return tuple(initial)
