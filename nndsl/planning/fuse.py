"""Decides which nodes are computed together: element-wise steps and reductions over one iteration space.

Every node gets a level: its instruction can run once all lower levels have. A node joins the clusters of
its operands at its own level where the result is one loop nest; otherwise it begins a
cluster one level higher. Clusters of one level never need one another, so the order of levels is a schedule.

Where several threads are to share each loop nest, it must have an axis that they can divide: a sum over
such an axis begins a cluster of its own.

Constants, sizes, positions, repetitions (Expand) and one-hot comparisons cost nothing to repeat:
they belong to no cluster, and each cluster that reads them writes them into its own formulas. Rows of a table
that one step alone reads are looked up there, once the whole table is done.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from nndsl.graph.graph import Graph, Node
from nndsl.operators.broadcasting import Expand
from nndsl.operators.copying import Copy
from nndsl.operators.leaves import Constant, Position, Size
from nndsl.operators.lookup import Gather, OneHot
from nndsl.operators.operator import Elementwise, Kind
from nndsl.operators.reductions import Extremum, Winner

MEMBERS_MOST = 40
"""A cluster's size is bounded so that one kernel compiles in well under a second."""

SEARCH_LONG = 32
"""Among more entries, the place of an extremum is searched for in vectors."""

AxisName = int
Axes = tuple[AxisName, ...]


@dataclass(eq=False)
class Cluster:
    """Nodes that become one fused group. `number` orders clusters as the graph has their first members.

    `space` names the iteration space's axes from the outermost; `axes` gives each member's, and for a
    reduction `reduced` those that it sums over. `inner` are the reduced axes of reductions whose result
    other members use: these must be innermost.
    """

    number: int
    level: int
    space: Axes
    members: list[Node] = field(default_factory=list)
    axes: dict[Node, Axes] = field(default_factory=dict)
    reduced: dict[Node, Axes] = field(default_factory=dict)
    inner: set[frozenset[AxisName]] = field(default_factory=set)

    @property
    def is_costly(self) -> bool:
        """Whether functions are computed that take long unless it is for many entries at once."""
        return any(isinstance(m.operator, Elementwise) and m.operator.costly for m in self.members)

    @property
    def is_slow(self) -> bool:
        """Whether it takes longer to compute an entry again than to read it."""
        return any(isinstance(m.operator, Elementwise) and m.operator.slow for m in self.members)

    @property
    def can_be_shared(self) -> bool:
        """Whether there is an axis along which places have nothing to do with one another."""
        return bool(set(self.space).intersection(*self.axes.values()).difference(*self.reduced.values()))


def free_nodes(graph: Graph) -> frozenset[Node]:
    """The nodes that are written into the formulas of their readers instead of being computed once.

    These are constants, sizes, positions, repetitions and one-hot comparisons, what is computed from
    constants alone, and rows that one step alone looks up.
    """
    free = {node for node in graph.nodes if _is_read_in_place(graph, node)}
    constant: set[Node] = set()
    for node in graph.nodes:
        written = isinstance(node.operator, Constant | Size | Position | Expand | OneHot)
        if written or (_is_formula(node) and constant.issuperset(node.inputs)):
            free.add(node)
        if node in free and not isinstance(node.operator, Position) and constant.issuperset(node.inputs):
            constant.add(node)
    return frozenset(free)


def _is_read_in_place(graph: Graph, node: Node) -> bool:
    """Whether what reads rows of a table can look them up itself."""
    if node.operator != Gather(0) or node in graph.outputs.values():
        return False
    return len(graph.users[node]) == 1 and is_fusible(graph.users[node][0])


def _is_formula(node: Node) -> bool:
    return node.operator.kind is Kind.ELEMENTWISE and not isinstance(node.operator, Copy)


def is_fusible(node: Node) -> bool:
    return node.operator.kind in (Kind.ELEMENTWISE, Kind.REDUCTION)


def is_long_search(node: Node) -> bool:
    """Whether a node finds the place of an extremum among many entries.

    It does so in a loop nest of its own: a search reads its entries twice, which must be the same both
    times, to the bit, and should cost nothing.
    """
    if not isinstance(node.operator, Winner):
        return False
    known = node.inputs[0].type.extents[node.operator.axis].known
    return known is None or known > SEARCH_LONG


def kept_axes(node: Node) -> tuple[int, ...]:
    """The places in an Expand's result of its operand's dimensions."""
    assert isinstance(node.operator, Expand)
    return tuple(axis for axis in range(node.type.rank) if axis not in node.operator.new)


def reduced_axes(node: Node) -> tuple[int, ...]:
    """The axes of its operand that a reduction makes disappear."""
    constants = node.operator.constants()
    axes: tuple[int, ...] = constants["axes"] if "axes" in constants else (constants["axis"],)
    return axes


def own_space(node: Node) -> tuple[int, tuple[int, ...]]:
    """The rank of the space that a node's operands live in, and the positions there of its own dimensions."""
    if node.operator.kind is Kind.REDUCTION:
        rank = node.inputs[0].type.rank
        return rank, tuple(axis for axis in range(rank) if axis not in reduced_axes(node))
    return node.type.rank, tuple(range(node.type.rank))


Reads = list[tuple[Node, tuple[int, ...]]]


def sources(node: Node, free: frozenset[Node]) -> tuple[Reads, list[Node]]:
    """The nodes that a node's formula reads in the end, through free nodes, with the places of their
    dimensions in the node's own space; and the tables of which it may read any row."""
    found: Reads = []
    tables: list[Node] = []
    rank, _ = own_space(node)
    pending = [(operand, tuple(range(rank))) for operand in reversed(node.inputs)]
    while pending:
        operand, places = pending.pop()
        if operand not in free:
            found.append((operand, places))
        elif isinstance(operand.operator, Expand):
            pending.append((operand.inputs[0], tuple(places[axis] for axis in kept_axes(operand))))
        elif isinstance(operand.operator, OneHot):
            pending.append((operand.inputs[0], places[:-1]))
        elif isinstance(operand.operator, Gather):
            table, rows = operand.inputs
            tables.append(table)
            pending.append((rows, places[: rows.type.rank]))
    return found, tables


class _Merge:
    """The attempt to put a node and some clusters into one loop nest."""

    def __init__(self, number: int, node: Node, reads: Reads, clusters: Iterable[Cluster]) -> None:
        self.number, self.node = number, node
        self.reads = reads
        self.clusters = sorted(set(clusters), key=lambda cluster: cluster.number)
        self.rank, self.result = own_space(node)

    def to_share(self, fresh: int) -> Cluster | None:
        """As `attempt`, but also None where one of what is merged could be shared, and all together not."""
        merged = self.attempt(fresh)
        if merged is None or merged.can_be_shared or not self.clusters:
            return merged
        alone = _Merge(self.number, self.node, self.reads, ()).attempt(fresh)
        parts = [alone, *self.clusters]
        return None if any(part is not None and part.can_be_shared for part in parts) else merged

    def attempt(self, fresh: int) -> Cluster | None:
        """The merged cluster, or None where it would not be one loop nest. New axes are named from
        `fresh`.
        """
        if 1 + sum(len(c.members) for c in self.clusters) > MEMBERS_MOST:
            return None
        if self.clusters and is_long_search(self.node):
            return None
        own = self._unify(fresh)
        if own is None:
            return None
        spaces = [tuple(self.renamed[a] for a in c.space) for c in self.clusters]
        space = max([own, *spaces], key=len)
        if any(not _is_subsequence(candidate, space) for candidate in [own, *spaces]):
            return None
        if any(cluster.is_costly and 0 < len(cluster.space) < len(space) for cluster in self.clusters):
            return None  # in the outer loops of a deeper nest it would be computed entry by entry
        repeated = (c for c, axes in zip(self.clusters, spaces, strict=True) if axes[:1] != space[:1])
        if any(cluster.is_slow and cluster.space for cluster in repeated):
            return None  # along the outer axes it would be computed again and again
        if isinstance(self.node.operator, Extremum) and len(own) < len(space):
            return None  # and so would this, each entry waiting for the one before it
        cluster = self._union(space, own)
        innermost = [frozenset(space[len(space) - count :]) for count in range(len(space) + 1)]
        return cluster if all(reduced in innermost for reduced in cluster.inner) else None

    def _unify(self, fresh: int) -> Axes | None:
        """Names for the node's own space: equal places are equal axes in all clusters."""
        self.renamed: dict[AxisName, AxisName] = {a: a for c in self.clusters for a in c.space}
        own: dict[int, AxisName] = {}
        for read, places in self.reads:
            cluster = next((c for c in self.clusters if read in c.axes), None)
            if cluster is None:
                continue
            for place, axis in zip(places, cluster.axes[read], strict=True):
                axis = self.renamed[axis]
                if own.setdefault(place, axis) != axis:
                    kept = own[place]
                    self.renamed = {a: kept if b == axis else b for a, b in self.renamed.items()}
                    own = {p: kept if b == axis else b for p, b in own.items()}
        named = tuple(own.get(place, fresh + place) for place in range(self.rank))
        distinct = all(len({self.renamed[a] for a in c.space}) == len(c.space) for c in self.clusters)
        return named if distinct and len(set(named)) == len(named) else None

    def _union(self, space: Axes, own: Axes) -> Cluster:
        number = min((cluster.number for cluster in self.clusters), default=self.number)
        merged = Cluster(number, 0, space)
        for cluster in self.clusters:
            merged.members += cluster.members
            for table, into in ((cluster.axes, merged.axes), (cluster.reduced, merged.reduced)):
                for member, axes in table.items():
                    into[member] = tuple(self.renamed[a] for a in axes)
            merged.inner |= {frozenset(self.renamed[a] for a in axes) for axes in cluster.inner}
        for read, _ in self.reads:
            if read in merged.reduced:
                merged.inner.add(frozenset(merged.reduced[read]))
        merged.members.append(self.node)
        merged.axes[self.node] = tuple(own[place] for place in self.result)
        if len(self.result) < self.rank:
            merged.reduced[self.node] = tuple(a for a in own if a not in merged.axes[self.node])
        return merged


def _is_subsequence(part: Axes, whole: Axes) -> bool:
    rest = iter(whole)
    return all(axis in rest for axis in part)


class Fusion:
    """The result: a cluster for every fusible node, and a level for every node that is not free."""

    def __init__(self, graph: Graph, last: frozenset[Node] = frozenset(), shared: bool = False) -> None:
        """`last` are results that nothing reads, and that are to be written when all else is done. `shared`:
        several threads are to share each cluster.
        """
        self.graph, self.shared = graph, shared
        self.free = free_nodes(graph)
        self.level: dict[Node, int] = {}
        self.cluster: dict[Node, Cluster] = {}
        self._fresh = 0
        for number, node in enumerate(graph.nodes):
            if node not in self.free and node not in last:
                self._put(number, node)
        done = 1 + max((self._level(node) for node in graph.nodes if node not in self.free | last), default=0)
        for number, node in enumerate(graph.nodes):
            if node in last:
                self._put(number, node, done)

    @property
    def clusters(self) -> list[Cluster]:
        return list(dict.fromkeys(self.cluster[node] for node in self.graph.nodes if node in self.cluster))

    def _put(self, number: int, node: Node, least: int = -1) -> None:
        """Gives a node its level, `least` or higher, and its cluster."""
        if is_fusible(node):
            self._place(number, node, least)
        else:
            self.level[node] = max(self._ready(node), least)

    def _ready(self, node: Node) -> int:
        """The lowest level at which an instruction of its own can run."""
        if node.operator.kind is Kind.LEAF:
            return -1
        return max((self._level(read) + 1 for read in node.inputs), default=0)

    def _level(self, node: Node) -> int:
        return self.cluster[node].level if node in self.cluster else self.level[node]

    def _place(self, number: int, node: Node, least: int) -> None:
        places, tables = sources(node, self.free)
        reads = [read for read, _ in places]
        at = max((least, 0, *(self._level(read) + (read not in self.cluster) for read in reads)))
        at = max((at, *(self._level(table) + 1 for table in tables)))
        producers = {self.cluster[read] for read in reads if read in self.cluster}
        whole = {self.cluster[table] for table in tables if table in self.cluster}
        same = {c for c in producers if c.level == at}
        merged = self._merged(number, node, places, same)
        if merged is None:
            same, at = set(), at + 1
            merged = self._merged(number, node, places, same)
            assert merged is not None, f"{node.name} alone is one loop nest"
        for late in sorted(producers - same - whole, key=lambda cluster: cluster.number):
            if self._only_feeds(late, node):
                more = self._merged(number, node, places, same | {late})
                if more is not None:
                    merged, same = more, same | {late}
        self._fresh += own_space(node)[0]
        merged.level = at
        for member in merged.members:
            self.cluster[member] = merged

    def _merged(self, number: int, node: Node, reads: Reads, clusters: Iterable[Cluster]) -> Cluster | None:
        merge = _Merge(number, node, reads, clusters)
        return merge.to_share(self._fresh) if self.shared else merge.attempt(self._fresh)

    def _only_feeds(self, cluster: Cluster, node: Node) -> bool:
        """Whether a lower cluster may wait for a node: nobody else reads it."""
        allowed = {node, *cluster.members}
        return all(reader in allowed for member in cluster.members for reader in self.readers(member))

    def readers(self, node: Node) -> list[Node]:
        """Who reads a node in the end, through free nodes."""
        found: list[Node] = []
        pending = list(self.graph.users[node])
        while pending:
            user = pending.pop()
            if user in self.free:
                pending.extend(self.graph.users[user])
            else:
                found.append(user)
        return found
