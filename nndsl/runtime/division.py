"""How threads divide a graph's work: a share of the batch for each, or all together, call by call."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from nndsl.analyses.cost import total_operations
from nndsl.graph.graph import Graph
from nndsl.planning.divide import NotDivisible, divide
from nndsl.runtime.memory import cores


class Division(NamedTuple):
    """The graph of each share of the batch, the number of shares, and that of the threads that run each."""

    graph: Graph
    shares: int
    team: int


def threads_for(graph: Graph, sizes: Mapping[str, int], wanted: int | None, worth: int) -> int:
    """How many threads run a graph: as many as are wanted, or as have operations `worth` one.

    There is at most one a core: more would only make shares smaller.
    """
    return min(cores(), wanted or max(1, total_operations(graph, sizes) // worth))


def in_shares(graph: Graph, threads: int, kept: Collection[str] = ()) -> Division:
    """A share for each thread; all together where the graph needs the whole batch at once.

    Each thread has all of the outputs in `kept`.
    """
    try:
        return Division(divide(graph, threads, kept), threads, 1)
    except NotDivisible:
        return Division(graph, 1, threads)
