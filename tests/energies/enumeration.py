"""Energies by brute force: all states of a few units, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray

import nndsl
from nndsl.graph.graph import Graph
from nndsl.graph.interpret import interpret
from nndsl.graph.types import BATCH
from nndsl.network import Network
from nndsl.operators.random import SEED, STEP

Array = NDArray[np.float64]

VALUES = {"binary": (0.0, 1.0), "bipolar": (-1.0, 1.0)}


def network(text: str, seed: int = 0) -> Network:
    """A network with parameters that are far from zero."""
    made = nndsl.compile(text)
    made.initialise(precision="float64")
    random = np.random.default_rng(seed)
    for parameter in made.model.parameters:
        drawn = random.normal(size=parameter.shape)
        if parameter.symmetric:
            drawn = (drawn + drawn.T) / 2
        if parameter.no_self:
            np.fill_diagonal(drawn, 0)
        if parameter.learned:
            made.parameters[parameter.name][...] = drawn
    return made


def answers(made: Network, graph: Graph | None = None, seed: int = 0, **arrays: Array) -> dict[str, Array]:
    """All layers of a network, or the outputs of another graph of it, by the interpreter; of single units
    without the axis of units."""
    rows = len(next(iter(arrays.values())))
    run = {SEED: np.array(seed), STEP: np.array(0)}
    feeds = {**run, **made.parameters, **arrays}
    found = interpret(graph or made.forward_graph, feeds, {BATCH: rows})
    return {name: x[:, 0] if x.shape[1:] == (1,) else x for name, x in found.items()}


def states(**groups: tuple[str, int]) -> dict[str, Array]:
    """All joint states of groups, each of a domain and a size: `[states, size]` by group."""
    ranges = [
        np.eye(size) if domain == "onehot" else np.array(list(product(VALUES[domain], repeat=size)))
        for domain, size in groups.values()
    ]
    rows = list(product(*ranges))
    return {name: np.stack([row[place] for row in rows]) for place, name in enumerate(groups)}


def energy(made: Network, given: Mapping[str, Array]) -> Array:
    """E of each state, as the network's output `e` has it, whose inputs are called as the groups."""
    return answers(made, **given)["e"]


def boltzmann(energies: Array) -> Array:
    """p = exp(−E) / Z."""
    weights = np.exp(energies.min() - energies)
    return np.asarray(weights / weights.sum())
