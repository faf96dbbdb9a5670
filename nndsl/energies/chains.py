"""Chains that go on from step to step, beside the examples of a minibatch and in another number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from nndsl.building.scope import Scope
from nndsl.building.term import Term
from nndsl.energies.energy import Energy
from nndsl.graph.builder import Builder, prune
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import BATCH, TensorType
from nndsl.graph.unroll import fixed
from nndsl.operators.leaves import Fed, ParameterLeaf
from nndsl.semantics.model import Parameter


def chain(energy: Energy, group: str, parameter: Parameter) -> Term:
    """The states of a group in all chains, each chain as an example."""
    layout, build = energy.layout(group), energy.scope.build
    return Term(build, build.leaf(ParameterLeaf(parameter.name, TensorType(layout.dimensions))), layout)


def among(scope: Scope, count: int, derive: Callable[[Scope], Mapping[str, Term]]) -> dict[str, Term]:
    """What is derived for `count` examples instead of a batch, as a part of the graph of a scope."""
    inner = replace(scope, build=Builder(), values={}, parameters={})
    terms = derive(inner)
    graph = prune(inner.build.graph({name: term.node for name, term in terms.items()}))
    found = written(scope.build, fixed(graph, {BATCH: count}), {})
    return {name: replace(term, build=scope.build, node=found[name]) for name, term in terms.items()}


def written(build: Builder, graph: Graph, handed: Mapping[str, Node]) -> dict[str, Node]:
    """The outputs of a graph, written into another one; leaves are what is `handed`, or are fed as before."""
    new = dict[Node, Node]()
    for node in graph:
        with build.at(node.layer, node.span):
            match node.operator:
                case Fed() as leaf:
                    new[node] = handed.get(leaf.key) or build.leaf(leaf)
                case operator:
                    new[node] = build(operator, *(new[operand] for operand in node.inputs))
    return {name: new[node] for name, node in graph.outputs.items()}
