"""What Hebb's rule correlates: states that are clamped, at both ends of the weights that are learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nndsl.building.connections import connection
from nndsl.building.layout import Layout
from nndsl.building.scope import Scope
from nndsl.building.term import Term
from nndsl.energies.energy import Energy, state
from nndsl.semantics.model import At, Connect, Model, Parameter, Reference, Rule
from nndsl.semantics.walk import walk


def agreement(scope: Scope, model: Model, rule: Rule, learned: Parameter, states: Mapping[str, Term]) -> Term:
    """A number for each example, in which each learned weight w_ij stands with the product x_i x_j of the
    states at its ends: −E, or, where the rule names layers, Σ_i x_i net_i, each pair of units counted once.
    """
    if rule.energy is not None:
        return -Energy(scope.energies[rule.energy], scope).of(states)
    found = list(_connections(model, learned, states))
    terms = [
        (states[layer] * connection(connect, states[_source(connect)], scope.parameter(learned))).sum_units()
        for layer, connect in found
    ]
    total = sum(terms[1:], start=terms[0])
    return total * (1 / (len(terms) * (1 + learned.symmetric)))


def clamped(scope: Scope, model: Model, rule: Rule) -> dict[str, Term]:
    """The states that a rule clamps unit groups of its energy at, or layers, at every step alike."""
    if rule.energy is not None:
        return Energy(scope.energies[rule.energy], scope).states(rule.clamped)
    values = {definition.value.name: definition.value for definition in model.definitions}
    types = {name: values[name].type for name, _ in rule.clamped}
    layouts = {name: Layout(batch=True, units=type.units) for name, type in types.items()}
    return {name: state(scope, given, types[name].domain, layouts[name]) for name, given in rule.clamped}


def _connections(
    model: Model, learned: Parameter, states: Mapping[str, Term]
) -> Iterator[tuple[str, Connect]]:
    """The connections by the learned weights between clamped layers, with the layer that each leads to."""
    for definition in model.definitions:
        if definition.value.name in states:
            for part in walk(definition.expression):
                if isinstance(part, Connect) and part.weights == learned:
                    yield definition.value.name, part


def _source(connect: Connect) -> str:
    """The layer that a connection leads from, at whatever step."""
    source = connect.source.value if isinstance(connect.source, At) else connect.source
    assert isinstance(source, Reference), "other rules' topology"
    return source.value.name
