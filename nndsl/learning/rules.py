"""What the bodies of local learning rules are written with: sums over a batch, and updates from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nndsl.building.term import Term
from nndsl.differentiation.reverse import vector_jacobian
from nndsl.graph.builder import Builder
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import TensorType
from nndsl.operators.leaves import Input, ParameterLeaf
from nndsl.semantics.model import Parameter

Updating = Callable[..., Node]
"""A function `(build, old parameter, **sums) -> new parameter`."""


@dataclass
class Statistics:
    """One batch's contribution to a local learning rule.

    `learned` are the parameters that it changes, with their terms in the graph; `net` is the net input of the
    units that its first argument names. A rule that descends fills
    `sums` with the gradient of each of them; any other fills it with sums of its own, and
    `update` with the graph of what the parameters become from these after each epoch.
    """

    build: Builder
    learned: Sequence[tuple[Parameter, Term]]
    net: Term
    sums: dict[str, Node] = field(default_factory=dict)
    update: Graph | None = None

    def descend(self, result: Term, cotangent: Term) -> None:
        """The learned parameters go against the gradient that they have where that of `result` is
        `cotangent`,
        summed over the examples of the batch."""
        wanted = [term.node for _, term in self.learned]
        found = vector_jacobian(self.build, {result.node: cotangent.node}, wanted)
        self.sums = {parameter.name: found[term.node] for parameter, term in self.learned}

    def become(self, sums: Mapping[str, Node], update: Updating) -> None:
        """After an epoch the one learned parameter becomes `update(build, parameter, **sums over all
        examples)`.
        """
        ((parameter, term),) = self.learned
        self.sums = dict(sums)
        build = Builder()
        old = build(ParameterLeaf(parameter.name, term.node.type), name=parameter.name)
        leaves = {name: _fed(build, name, node.type) for name, node in sums.items()}
        self.update = build.graph({parameter.name: update(build, old, **leaves)})


def _fed(build: Builder, name: str, type: TensorType) -> Node:
    return build(Input(name, type), name=name)
