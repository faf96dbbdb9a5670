"""Which units are updated at once: the colours of the graph of units that interact."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from itertools import combinations, product

import networkx as nx
import numpy as np

from nndsl.energies.lattice import Colour, colours_on_lattice
from nndsl.energies.structure import Structure

Part = tuple[str, Colour | None]
"""Units that do not interact: a group, or its units of one colour."""

Classes = tuple[tuple[Part, ...], ...]
"""What is updated at once, in the order of the updates."""


def schedule(structure: Structure, groups: Collection[str], last: str = "") -> Classes | None:
    """Units by colour: those of one colour do not interact. A colour of the group `last` is the last.

    None where units within a group interact so that only a search would tell their colours.
    """
    parts = {group: _parts(structure, group) for group in groups}
    if not all(parts.values()):
        return None
    graph = nx.Graph()
    for own in parts.values():
        graph.add_nodes_from(own)
        graph.add_edges_from(combinations(own, 2))
    for a, b in combinations(groups, 2):
        if structure.interact(a, b):
            graph.add_edges_from(product(parts[a], parts[b]))
    colours = coloured(graph)
    final = colours[parts[last][-1]] if last in parts else None
    order = sorted(set(colours.values()), key=lambda colour: (colour == final, colour))
    return tuple(tuple(part for part in graph if colours[part] == colour) for colour in order)


def _parts(structure: Structure, group: str) -> tuple[Part, ...]:
    if group not in structure.within:
        return ((group, None),)
    found = colours_on_lattice(structure.within[group], structure.sizes[group])
    return tuple((group, colour) for colour in found)


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
