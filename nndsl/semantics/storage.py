"""What rules that store patterns in symmetric weights, `hebb` and `pseudo_inverse`, ask of a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nndsl.diagnostics.catalogue.recall import NotBipolar, StatesNotGiven
from nndsl.diagnostics.catalogue.training import RuleTopology
from nndsl.semantics.draft import Apply, At, Connect, Draft, DraftParameter, DraftValue, Ref, walk
from nndsl.semantics.model import ConnectionKind
from nndsl.types import Domain

if TYPE_CHECKING:
    from nndsl.semantics.context import Draftbook
    from nndsl.semantics.stages import DraftRule

SYMMETRIC = "symmetric weights without self-connection: `param W symmetric no_self`"
CONNECTING = "the weights of a full connection between units that are given, as `hebb(E, v = x)` gives 'v'"


def check_storage(rule: DraftRule, parameter: DraftParameter, book: Draftbook) -> None:
    """Reports where the learned weights do not connect units of −1 and +1 whose states the rule is given."""
    values = _held(rule, book)
    for name, value in values.items():
        if value.declared_domain is not Domain.BIPOLAR:
            domain = value.declared_domain or Domain.REAL
            book.diagnostics.add(NotBipolar(rule.name, name, domain, value.span, span=rule.span))
    if rule.energy is not None:
        for group in rule.energy.groups:
            if group not in values:
                book.diagnostics.add(StatesNotGiven(rule.name, group, rule.energy.span, span=rule.span))
    ends = list(_ends(rule, parameter, values))
    within = any(source is target for source, target in ends)
    marked = {"symmetric", "no_self"} <= parameter.attributes
    if not ends:
        _refuse(rule, parameter, CONNECTING, book)
    elif within and not marked:
        _refuse(rule, parameter, SYMMETRIC, book)
    elif rule.name == "pseudo_inverse" and not (within and len(values) == 1):
        _refuse(rule, parameter, "weights of one group of units to itself", book)


def _held(rule: DraftRule, book: Draftbook) -> dict[str, DraftValue]:
    """The unit groups or layers that the rule is given the states of."""
    if rule.energy is not None:
        return {name: rule.energy.groups[name] for name, _ in rule.clamped}
    layers = {definition.value.name: definition.value for definition in book.definitions}
    return {name: layers[name] for name, _ in rule.clamped}


def _ends(
    rule: DraftRule, parameter: DraftParameter, values: dict[str, DraftValue]
) -> Iterator[tuple[DraftValue, DraftValue]]:
    """Between what units the weights lead, source and target: of an energy, what a product joins."""
    if rule.energy is not None:
        assert rule.energy.expression is not None
        for part in walk(rule.energy.expression):
            if isinstance(part, Apply) and part.function.name in ("dot", "multiply"):
                one, other = (_through(argument, parameter) for argument in part.arguments)
                for source, target in ((one, part.arguments[1]), (other, part.arguments[0])):
                    if source is not None and isinstance(target, Ref):
                        yield source, target.value
        return
    for value in values.values():
        assert value.definition is not None
        for part in walk(value.definition.expression):
            source = _through(part, parameter)
            if source is not None and source in values.values():
                yield source, value


def _through(draft: Draft, parameter: DraftParameter) -> DraftValue | None:
    """The units that a full connection by these weights leads from."""
    if not (
        isinstance(draft, Connect) and draft.parameter is parameter and draft.kind is ConnectionKind.FULL
    ):
        return None
    source = draft.source.value if isinstance(draft.source, At) else draft.source
    return source.value if isinstance(source, Ref) else None


def _refuse(rule: DraftRule, parameter: DraftParameter, needed: str, book: Draftbook) -> None:
    book.diagnostics.add(RuleTopology(rule.name, parameter.name, needed, rule.span, span=parameter.span))
