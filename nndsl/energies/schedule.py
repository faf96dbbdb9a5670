"""Which units are updated at once: the colours of the graph of units that interact."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from itertools import combinations, product

import networkx as nx
import numpy as np

from nndsl.energies.structure import Structure

Classes = tuple[tuple[str, ...], ...]
"""Groups that are updated at once, in the order of the updates."""


def schedule(structure: Structure, groups: Collection[str], last: str = "") -> Classes:
    """Groups by colour: those of one colour do not interact. The colour of the group `last` is the last.

    The units within a group must not interact.
    """
    graph = nx.Graph()
    graph.add_nodes_from(groups)
    graph.add_edges_from(pair for pair in combinations(groups, 2) if structure.interact(*pair))
    colours = coloured(graph)
    order = sorted(set(colours.values()), key=lambda colour: (colour == colours.get(last), colour))
    return tuple(tuple(group for group in groups if colours[group] == colour) for colour in order)


def colour_count(structure: Structure) -> int:
    """How many colours the units of an energy need, or are found to do with.

    A group whose units do not interact is one node of the graph; of two groups of which units interact, all
    units are taken to.
    """
    nodes = {group: range(len(structure.within.get(group, "1"))) for group in structure.groups}
    graph = nx.Graph()
    graph.add_nodes_from((group, unit) for group, units in nodes.items() for unit in units)
    for group, pairs in structure.within.items():
        graph.add_edges_from(((group, int(i)), (group, int(j))) for i, j in np.argwhere(np.triu(pairs)))
    for a, b in (sorted(pair) for pair in structure.between):
        graph.add_edges_from(product(((a, i) for i in nodes[a]), ((b, j) for j in nodes[b])))
    return max(coloured(graph).values(), default=-1) + 1


def coloured(graph: nx.Graph) -> Mapping[Hashable, int]:
    """Two colours where that is possible, else those that DSATUR finds (Brélaz 1979)."""
    if nx.is_bipartite(graph):
        colours: Mapping[Hashable, int] = nx.bipartite.color(graph)
        return colours
    found: Mapping[Hashable, int] = nx.greedy_color(graph, "DSATUR")
    return found
