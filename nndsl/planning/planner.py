"""Graph -> Plan: clusters and single operators in order, kernels chosen, buffers placed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from math import prod

from nndsl.codegen.group import Group
from nndsl.collection import uncollected
from nndsl.graph.builder import Builder, extend, prune, rewrite
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import Dimension, Element, TensorType
from nndsl.operators.attention import AttentionGradient, AttentionPart
from nndsl.operators.contraction import AddContract
from nndsl.operators.copying import Copy
from nndsl.operators.leaves import Fed
from nndsl.operators.lookup import Gather
from nndsl.operators.loop import Loop, LoopResult, LoopState
from nndsl.operators.movement import Reshape
from nndsl.operators.operator import Kind
from nndsl.planning import attention, convolution, grouping, kernels, loops, packing, sweeps
from nndsl.planning.add_products import add_products
from nndsl.planning.align import align
from nndsl.planning.fuse import Cluster, Fusion, free_nodes, is_fusible
from nndsl.planning.memory import Lifetime, place
from nndsl.planning.plan import (
    Address,
    Buffer,
    Count,
    Instruction,
    Part,
    Plan,
    Precision,
    Repeat,
    Segment,
    Step,
    item_bytes,
)
from nndsl.planning.settle import settle
from nndsl.planning.widen import widen
from nndsl.types import Extent


@uncollected()
def plan(
    graph: Graph,
    bounds: Mapping[str, int],
    precision: Precision,
    external: Mapping[str, str] | None = None,
    accumulated: frozenset[str] = frozenset(),
    team: int = 1,
    fixed: Collection[str] = (),
) -> Plan:
    """The plan of a graph for sizes up to the bounds.

    Inputs and parameters are external buffers under their own names. `external` maps outputs
    to names of external buffers that they are written to; other outputs lie in the arena until the end.
    `accumulated` are outputs that are added to what their buffer holds. A `team` of threads is to run
    the plan together. What depends on `fixed` inputs and parameters alone is done once.
    """
    graph = prepared(graph, accumulated)
    return _Planner(graph, dict(bounds), precision, external or {}, accumulated, team, fixed=fixed).plan()


def prepared(graph: Graph, accumulated: frozenset[str] = frozenset()) -> Graph:
    """A graph as it is planned: with operands as kernels take them."""
    return materialize(add_products(widen(align(graph))), accumulated)


def materialize(graph: Graph, accumulated: frozenset[str] = frozenset()) -> Graph:
    """Puts a copy where a buffer is needed and there would be none of its own.

    That is where an operator of its own, or an output, needs a value that is only written into
    formulas; where two outputs, or an output and a leaf, would be one buffer; and where a kernel cannot
    add to an accumulated output.
    """

    def copied(build: Builder, node: Node, inputs: tuple[Node, ...]) -> Node | None:
        written = node in free and not isinstance(node.operator, Gather)
        if is_fusible(node) or written or free.isdisjoint(node.inputs):
            return None
        solid = tuple(
            build(Copy(), new) if old in free else new for old, new in zip(node.inputs, inputs, strict=True)
        )
        return build(node.operator, *solid, name=node.name)

    free = free_nodes(graph)
    graph = rewrite(graph, copied)
    free = free_nodes(graph)
    build, outputs = extend(graph)
    taken: set[Node] = set()
    for name, node in outputs.items():
        base = storage(node)
        adds = is_fusible(base) or isinstance(base.operator, kernels.ACCUMULATE)
        shared = node in free or base in taken or _lies_elsewhere(base)
        if shared or (name in accumulated and not adds):
            with build.at(node.layer, node.span):
                outputs[name] = build(Copy(), node)
        taken.add(storage(outputs[name]))
    return prune(build.graph(outputs))


def _lies_elsewhere(node: Node) -> bool:
    """Whether a node's value has no buffer of its own: it was handed in, or is a part of a loop's memory."""
    return node.operator.kind is Kind.LEAF or isinstance(node.operator, LoopResult)


def storage(node: Node) -> Node:
    """The node whose buffer holds a node's entries: a reshaped value is the value itself, and what a product
    is added to takes up the sum."""
    while isinstance(node.operator, Reshape | AddContract):
        node = node.inputs[0]
    return node


class _Planner:
    def __init__(
        self,
        graph: Graph,
        bounds: dict[str, int],
        precision: Precision,
        external: Mapping[str, str],
        accumulated: frozenset[str] = frozenset(),
        team: int = 1,
        prefix: str = "",
        leaves: Mapping[str, str] | None = None,
        fixed: Collection[str] = (),
    ) -> None:
        """`fixed` are the buffers of leaves that hold the same at each turn of a loop, or in each run. For a
        loop's body, `prefix` begins the names of buffers, and `leaves` are those of leaves.
        """
        self.graph, self.bounds, self.precision = graph, bounds, precision
        self.prefix, self.leaves, self.fixed, self.team = prefix, leaves or {}, frozenset(fixed), team
        self.packed: dict[str, packing.Packed] = {}
        self.layouts: dict[Node, loops.LoopLayout] = {}
        self.accumulated = {storage(graph.outputs[name]) for name in accumulated}
        self.fusion = Fusion(graph, self._changes(external), shared=team > 1)
        self.buffers: dict[str, Buffer] = {}
        self.buffer_of: dict[Node, str] = {}
        self.wanted = {storage(node) for node in graph.outputs.values()}
        self._name_buffers(external)

    def plan(self) -> Plan:
        calls: list[Step] = []
        for unit in self._schedule():
            if isinstance(unit, Cluster):
                results = [member for member in unit.members if self._is_stored(member)]
                calls.append(
                    grouping.instruction(unit, self.fusion.free, results, self.accumulated, self.buffer_of)
                )
            elif isinstance(unit.operator, Loop):
                calls += self._repeat(unit)
            elif isinstance(unit.operator, LoopState):
                calls.append(loops.end(unit, self.layouts[unit.inputs[0]], self.buffer_of[unit]))
            elif isinstance(unit.operator, AttentionGradient):
                users = self.graph.users[unit]
                calls.append(attention.gradient(unit, users, self.buffer_of, self._scratch(unit)))
            elif (found := self._packed(unit)) is not None:
                calls += found
            else:
                memory = self._scratch(unit)
                calls += kernels.instructions(unit, self.buffer_of, unit in self.accumulated, memory)
        once, rest = ([], calls) if self.prefix else self._parted(calls)
        arena_bytes = self._place([*once, *rest])
        outputs = {name: self.buffer_of[node] for name, node in self.graph.outputs.items()}
        sizes = (arena_bytes, self.bounds, self.precision)
        return Plan(tuple(rest), self.buffers, *sizes, outputs, self.team, tuple(once))

    def _parted(self, calls: list[Step]) -> tuple[list[Step], list[Step]]:
        """What is done once, and the rest; what the first leaves for it has memory outside of the arena."""
        if not self.fixed:
            return [], calls
        once, rest, kept = settle(calls, self.fixed, self.buffers, self._whole_of)
        for name in kept:
            self.buffers[name] = replace(self.buffers[name], segment=Segment.EXTERNAL)
        return once, rest

    def _changes(self, external: Mapping[str, str]) -> frozenset[Node]:
        """What is added to the buffer of a leaf: it is written when all else has read the leaf."""
        leaves = {node.operator.key for node in self.graph.nodes if isinstance(node.operator, Fed)}
        found = {storage(self.graph.outputs[output]) for output, name in external.items() if name in leaves}
        return frozenset(node for node in self.graph.nodes if storage(node) in found & self.accumulated)

    def _name_buffers(self, external: Mapping[str, str]) -> None:
        pinned = {storage(self.graph.outputs[output]): name for output, name in external.items()}
        for node in self.graph.nodes:
            base = storage(node)
            if base is not node:
                self.buffer_of[node] = self.buffer_of[base]
            elif isinstance(node.operator, Fed):
                self._add(node, self.leaves.get(node.operator.key, node.operator.key), Segment.EXTERNAL)
            elif isinstance(node.operator, Loop):
                self._lay_out(node)
            elif isinstance(node.operator, LoopResult):
                name = self.prefix + node.name
                self._keep(loops.view(node, name, self.layouts[node.inputs[0]]))
                self.buffer_of[node] = name
            elif node in pinned:
                self._add(node, pinned[node], Segment.EXTERNAL)
            elif isinstance(node.operator, AttentionGradient):
                continue  # what takes its results has their buffers
            elif node not in self.fusion.free and self._is_stored(node):
                self._add(node, self.prefix + node.name, Segment.ARENA)

    def _scratch(self, node: Node) -> tuple[str, ...]:
        """Names the buffers that a node's kernel works in."""
        needed = convolution.scratch(node) | sweeps.scratch(node)
        needed |= attention.scratch(node, self.graph.users[node]) | kernels.scratch(node)
        names = tuple(f"{self.prefix}{node.name} {purpose}" for purpose in needed)
        for name, type in zip(names, needed.values(), strict=True):
            self._keep(Buffer(name, type, Segment.ARENA), self.team)
        return names

    def _packed(self, node: Node) -> list[Step] | None:
        """How a node multiplies by a packed matrix. What stays the same in a loop is packed before it."""
        found = packing.packed(node, self.prefix, self.buffer_of, self.fixed, self.bounds)
        if found is None:
            return None
        for buffer in found.memory:
            self._keep(buffer, self.team)
        if self.prefix and self.fixed.issuperset(found.pack.reads):
            self.packed[found.matrix.name] = found
            self._keep(replace(found.matrix, segment=Segment.EXTERNAL))
            return [found.multiply]
        self._keep(found.matrix)
        return [found.pack, found.multiply]

    def _lay_out(self, node: Node) -> None:
        """Names the buffers of a loop."""
        found = loops.layout(node, self.prefix + node.name, self.graph.users[node], self.buffer_of)
        self.layouts[node] = found
        for buffer in (*found.wholes.values(), *found.moving):
            self._keep(buffer)

    def _repeat(self, node: Node) -> Iterator[Step]:
        """The steps of a loop: what the first turn reads is put into place, then the body is repeated."""
        found, loop = self.layouts[node], node.operator
        assert isinstance(loop, Loop)
        yield from loops.begin(node, found, self.buffer_of)
        name = self.prefix + node.name
        body = prune(Graph(loop.body.nodes, {name: loop.body.outputs[name] for name in found.results}))
        planner = _Planner(
            prepared(body),
            self.bounds,
            self.precision,
            found.results,
            team=self.team,
            prefix=f"{name}/",
            leaves=found.leaves,
            fixed={found.leaves[key] for key in loop.shared},
        )
        inner = planner.plan()
        for packed in planner.packed.values():
            self._keep(packed.matrix)
            yield packed.pack
        width = Dimension("byte", Extent.of(inner.arena_bytes))
        arena = Buffer(f"{name}/", TensorType((width,), Element.TRUTH), Segment.ARENA)
        self._keep(arena)
        for buffer in inner.buffers.values():
            if buffer.segment is Segment.ARENA:
                self.buffers[buffer.name] = replace(buffer, part=buffer.part or Part(arena.name))
        operands = (self.buffer_of[operand] for operand in node.inputs)
        reads = tuple(dict.fromkeys((*operands, *planner.packed)))
        writes = (*(buffer.name for buffer in found.wholes.values()), arena.name)
        count = Count.of((loop.time.extent,))
        turn = (*inner.instructions, *loops.end_turn(node, found))
        yield Repeat(name, turn, count, reads, writes, node.layer, node.span)

    def _keep(self, buffer: Buffer, copies: int = 1) -> None:
        self.buffers[buffer.name] = replace(buffer, size_bytes=copies * self._size_bytes(buffer.type))

    def _size_bytes(self, type: TensorType) -> int:
        return prod(type.shape(self.bounds)) * item_bytes(type.element, self.precision)

    def _add(self, node: Node, name: str, segment: Segment) -> None:
        self._keep(Buffer(name, node.type, segment))
        self.buffer_of[node] = name

    def _is_stored(self, node: Node) -> bool:
        """Whether anything outside a node's own cluster reads it."""
        if node not in self.fusion.cluster or node in self.wanted:
            return True
        own = self.fusion.cluster[node]
        return any(self.fusion.cluster.get(reader) is not own for reader in self.fusion.readers(node))

    def _schedule(self) -> list[Cluster | Node]:
        """Clusters and single operators, by level, then in the graph's order."""
        order: dict[Cluster | Node, tuple[int, int]] = {}
        for number, node in enumerate(self.graph.nodes):
            if node in self.fusion.cluster:
                order[self.fusion.cluster[node]] = (self.fusion.cluster[node].level, number)
            elif self._is_single(node):
                order[node] = (self.fusion.level[node], number)
        return sorted(order, key=lambda unit: order[unit])

    def _is_single(self, node: Node) -> bool:
        """Whether a node is computed by kernels of its own."""
        if node.operator.kind is Kind.LEAF or node in self.fusion.free:
            return False
        return not isinstance(node.operator, Reshape | LoopResult | AttentionPart)

    def _place(self, calls: list[Step]) -> int:
        """Gives the arena's buffers their offsets; returns the arena's size."""
        first: dict[str, int] = {}
        last: dict[str, int] = {}
        for number, call in enumerate(calls):
            scratch = call.scratch if isinstance(call, Instruction) else ()
            for name in map(self._whole_of, (*call.reads, *call.writes, *scratch)):
                first.setdefault(name, number)
                last[name] = number
        for node in self.wanted:
            last[self._whole_of(self.buffer_of[node])] = len(calls)
        lifetimes = {
            name: Lifetime(buffer.size_bytes, first.get(name, 0), last.get(name, len(calls)))
            for name, buffer in self.buffers.items()
            if buffer.segment is Segment.ARENA and buffer.part is None
        }
        for number, call in enumerate(calls):
            self._share(number, call, lifetimes)
        offsets, size = place(lifetimes)
        for name, offset in offsets.items():
            self.buffers[name] = replace(self.buffers[name], offset_bytes=offset)
        return size

    def _whole_of(self, name: str) -> str:
        """The buffer that a buffer is a part of."""
        while (part := self.buffers[name].part) is not None:
            name = part.base
        return name

    def _share(self, number: int, call: Step, lifetimes: dict[str, Lifetime]) -> None:
        """Lets results of a fused group take the places of operands that die there, where the group
        allows it.
        """
        if isinstance(call, Repeat) or not isinstance(call.kernel, Group):
            return
        operands, results = operand_buffers(call.kernel, call), result_buffers(call.kernel, call)
        taken: set[str] = set()
        for result, operand in sorted(call.kernel.in_place()):
            name, given = results[result], operands[operand]
            if not {name, given} <= lifetimes.keys() or name in taken or given in taken:
                continue
            dies = lifetimes[given].last == number and operands.count(given) == 1
            if dies and lifetimes[name].first == number:
                lifetimes[name] = replace(lifetimes[name], reuses=given)
                taken |= {name, given}


def operand_buffers(group: Group, call: Instruction) -> list[str]:
    """The buffers that a fused group reads, in the order of its operands."""
    return [a.buffer for a in call.arguments if isinstance(a, Address)][: len(group.operands)]


def result_buffers(group: Group, call: Instruction) -> list[str]:
    """The buffers that a fused group writes, in the order of its results."""
    return [a.buffer for a in call.arguments if isinstance(a, Address)][len(group.operands) :]
