"""A network's loops in time, written out: a graph without cycles, one copy of the loop's nodes a step."""

from __future__ import annotations

import networkx as nx

import nndsl


def test_an_elman_net_unfolds_into_copies() -> None:
    network = nndsl.compile("specs/elman.nn")
    folded, unfolded = network.graph, network.unrolled(4)
    assert not nx.is_directed_acyclic_graph(folded)
    assert nx.is_directed_acyclic_graph(unfolded)
    copies = [name for name in unfolded if name.startswith("h.tanh[")]
    assert copies == [f"h.tanh[{place}]" for place in range(4)]
    assert nx.has_path(unfolded, "h.tanh[0]", "h.tanh[3]")
    assert not nx.has_path(unfolded, "h.tanh[3]", "h.tanh[0]")
