"""What kind of network it is, read off the topology itself."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import networkx as nx

from nndsl.topology.topology import Connection, Topology

WIRINGS = {
    "full": "fully",
    "distance2": "by distance",
    "local": "locally",
    "each": "one to one",
    "one-to-one": "one to one",
    "block-wise": "block-wise",
    "sparse": "sparsely",
    "wired": "by a rule",
}
"""How each kind of weighted connection, or what the rule of a `wired` one turned out to be, connects."""


@dataclass(frozen=True, slots=True)
class Loop:
    """Populations that feed back on each other: a shortest way round, and the delays on it."""

    members: tuple[str, ...]
    cycle: tuple[str, ...]
    delay: int
    along: str | None

    def __str__(self) -> str:
        way = " → ".join((*self.cycle, self.cycle[0]))
        steps = "one step" if abs(self.delay) == 1 else f"{abs(self.delay)} steps"
        side = "later" if self.delay > 0 else "earlier"
        others = [name for name in self.members if name not in self.cycle]
        more = f", in a loop with {_listed(tuple(others))}" if others else ""
        return f"{way}, {steps} {side} along {self.along}{more}"


@dataclass(frozen=True, slots=True)
class Classification:
    """`flow` is feedforward, feedback, undirected, or two of them."""

    flow: str
    loops: tuple[Loop, ...]
    wirings: tuple[str, ...]
    shared_over: tuple[str, ...]
    tied: tuple[str, ...]

    def __str__(self) -> str:
        sentence = self.flow.capitalize()
        if self.wirings:
            ways = dict.fromkeys(WIRINGS[wiring] for wiring in self.wirings)
            sentence += f", connected {_listed(tuple(ways))}"
        if self.shared_over:
            sentence += f"; weights shared over {_listed(self.shared_over)}"
        if self.tied:
            sentence += f"; {_listed(self.tied)} used by several connections"
        return f"{sentence}."


def _listed(names: tuple[str, ...]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]


def classify(topology: Topology) -> Classification:
    """The classification of a network. Cycles without a delay do not occur in a checked model."""
    loops = feedback(topology)
    undirected = any(connection.undirected for connection in topology.connections)
    directed = any(not c.undirected and c.kind in WIRINGS for c in topology.connections)
    flows = ["feedback"] if loops else ["feedforward"] if directed or not undirected else []
    weighted = [connection for connection in topology.connections if connection.parameter]
    tied = [connection.parameter for connection in weighted if connection.tied_to and connection.parameter]
    return Classification(
        " and ".join((*flows, *(["undirected"] if undirected else []))),
        loops,
        tuple(dict.fromkeys(connection.structure or connection.kind for connection in weighted)),
        tuple(dict.fromkeys(name for connection in weighted for name in connection.shared)),
        tuple(dict.fromkeys(tied)),
    )


def feedback(topology: Topology) -> tuple[Loop, ...]:
    """The strongly connected components of what is directed, each with one way round."""
    directed = nx.DiGraph()
    directed.add_nodes_from(topology)
    for connection in topology.connections:
        if not connection.undirected:
            directed.add_edge(connection.source, connection.target)
    order = {name: place for place, name in enumerate(topology)}
    loops = []
    for component in nx.strongly_connected_components(directed):
        members = tuple(sorted(component, key=order.__getitem__))
        if len(members) > 1 or members[0] in directed[members[0]]:
            loops.append(_loop(topology, directed, members))
    return tuple(sorted(loops, key=lambda loop: order[loop.members[0]]))


def _loop(topology: Topology, directed: nx.DiGraph, members: tuple[str, ...]) -> Loop:
    """The shortest way back over a delayed connection."""
    delayed = [c for c in topology.connections if c.delay and c.source in members and c.target in members]
    ways = [(nx.shortest_path(directed, c.target, c.source), c) for c in delayed]
    cycle, closing = min(ways, key=lambda way: len(way[0]))
    return Loop(members, tuple(cycle), _delay(topology, tuple(cycle), closing), closing.along)


def _delay(topology: Topology, cycle: tuple[str, ...], closing: Connection) -> int:
    """The least delay on the way round that `closing` ends."""
    steps = pairwise(cycle)
    return closing.delay + sum(min((c.delay for c in topology.between(*step)), key=abs) for step in steps)
