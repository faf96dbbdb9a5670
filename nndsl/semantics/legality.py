"""What local learning rules, and windows that carry state on, ask of the topology."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nndsl.diagnostics.catalogue.training import (
    CarriesNothing,
    CarryBackwards,
    LearnsOneMatrix,
    OddTorus,
    RuleTopology,
)
from nndsl.semantics.draft import (
    Apply,
    At,
    Connect,
    Draft,
    DraftDefinition,
    DraftParameter,
    ParameterRef,
    Ref,
    walk,
)
from nndsl.semantics.model import ConnectionKind
from nndsl.semantics.storage import check_storage
from nndsl.source import Span
from nndsl.types import SetKind

if TYPE_CHECKING:
    from nndsl.semantics.context import Draftbook
    from nndsl.semantics.options import Options
    from nndsl.semantics.stages import DraftRule


def check_rule(rule: DraftRule, learned: list[DraftParameter], book: Draftbook) -> None:
    """Reports where a rule's topology is not the one that it works on."""
    if any(argument.units.is_wrong for argument in rule.arguments) or not rule.arguments:
        return
    match rule.name:
        case "perceptron":
            _perceptron(rule, learned, book)
        case "kmeans":
            _clusters(rule, learned, book)
        case "competitive" | "lvq" | "som" | "batch_som":
            _competition(rule, learned, book)
        case "hebb" | "pseudo_inverse":
            parameter = _only(rule, learned, book)
            if parameter is not None:
                check_storage(rule, parameter, book)
        case "oja":
            _oja(rule, learned, book)


def check_sheet(sheet: Draft, options: Options, span: Span, book: Draftbook) -> None:
    """Reports a hexagonal torus, of units in rows and columns, that cannot be closed."""
    sizes, said = sheet.units.known or (), dict(options)
    if said.get("torus") and said.get("grid") == "hexagonal" and len(sizes) == 2 and sizes[0] % 2:
        book.diagnostics.add(OddTorus(sizes[0], span=span))


def check_carry(span: Span, name: str, drafts: Iterable[Draft], book: Draftbook) -> None:
    """Reports where a stage, which rests on some expressions, has no state that could be carried forward."""
    delayed = False
    for draft in drafts:
        for part in walk(draft):
            if isinstance(part, At):
                along = [p for p in part.picked if p.set.kind is SetKind.SEQUENCE]
                delayed = delayed or any(pick.shift < 0 for pick in along)
                if any(pick.shift > 0 for pick in along):
                    book.diagnostics.add(CarryBackwards(span, span=part.span))
                    return
    if not delayed:
        book.diagnostics.add(CarriesNothing(name, span=span))


def _perceptron(rule: DraftRule, learned: list[DraftParameter], book: Draftbook) -> None:
    units = rule.arguments[0]
    definition = _definition(units)
    step = definition.expression if definition else units
    if not (isinstance(step, Apply) and step.function.name in ("step", "sign")):
        _refuse(rule, units, "threshold units: `layer y = step(net)`", book)
        return
    net = _net_input(step.arguments[0])
    parts = _summands(net)
    weights = [
        part.parameter for part in parts if isinstance(part, Connect) and part.kind is ConnectionKind.FULL
    ]
    biases = [part.parameter for part in parts if isinstance(part, ParameterRef)]
    if len(weights) + len(biases) < len(parts) or not weights:
        _refuse(rule, net, "a full connection and a bias before the step", book)
        return
    allowed = {id(parameter) for parameter in (*weights, *biases)}
    for parameter in learned:
        if id(parameter) not in allowed:
            book.diagnostics.add(
                RuleTopology(
                    rule.name, parameter.name, "weights of the net input", rule.span, span=parameter.span
                )
            )


def _prototypes(rule: DraftRule, learned: list[DraftParameter], book: Draftbook) -> Connect | None:
    """Prototypes: the weights of one `distance2`, which it gives back."""
    parameter = _only(rule, learned, book)
    if parameter is None:
        return None
    kind = ConnectionKind.DISTANCE2
    uses = [use.connection for use in parameter.uses if use.connection.kind is kind]
    if not uses:
        book.diagnostics.add(
            RuleTopology(
                rule.name, parameter.name, "the weights of a `distance2`", rule.span, span=parameter.span
            )
        )
        return None
    parameter.from_examples = parameter.distribution is None and parameter.given is None
    return uses[0]


def _clusters(rule: DraftRule, learned: list[DraftParameter], book: Draftbook) -> None:
    """The examples whose means the prototypes become are what the `distance2` is fed."""
    connection, x = _prototypes(rule, learned, book), rule.arguments[0]
    if connection is None:
        return
    source = connection.source
    both_named = isinstance(source, Ref) and isinstance(x, Ref)
    if (both_named and not _same(source, x)) or source.units.known != x.units.known:
        _refuse(rule, x, f"what the `distance2` is fed, '{source.span.text}'", book)


def _competition(rule: DraftRule, learned: list[DraftParameter], book: Draftbook) -> None:
    """The units that hold the prototypes compete: the rule's first argument is their layer."""
    connection, match = _prototypes(rule, learned, book), rule.arguments[0]
    if connection is None:
        return
    definition = _definition(match)
    expression = definition.expression if definition else match
    if expression is not connection:
        _refuse(rule, match, f"the layer `distance2(x, {connection.parameter.name})`", book)
    elif rule.name in ("som", "batch_som"):
        _sheet(rule, match, book)


def _sheet(rule: DraftRule, match: Draft, book: Draftbook) -> None:
    if len(match.units.sizes or ()) != 2:
        _refuse(rule, match, "units on a sheet: `layer match[20, 20]`", book)
    check_sheet(match, rule.options, rule.span, book)


def _oja(rule: DraftRule, learned: list[DraftParameter], book: Draftbook) -> None:
    parameter = _only(rule, learned, book)
    if parameter is None:
        return
    y, x = rule.arguments
    uses = [use.connection.kind for use in parameter.uses]
    if ConnectionKind.FULL not in uses:
        book.diagnostics.add(
            RuleTopology(
                rule.name, parameter.name, "the weights of a full connection", rule.span, span=parameter.span
            )
        )
        return
    net = _net_input(y)
    if not isinstance(net, Connect) or net.parameter is not parameter or not _same(net.source, x):
        _refuse(rule, y, f"the layer `full({x.span.text}, {parameter.name})`", book)


def _only(rule: DraftRule, learned: list[DraftParameter], book: Draftbook) -> DraftParameter | None:
    if len(learned) == 1:
        return learned[0]
    names = tuple(parameter.name for parameter in learned)
    book.diagnostics.add(LearnsOneMatrix(rule.name, names, span=rule.span))
    return None


def _refuse(rule: DraftRule, found: Draft, needed: str, book: Draftbook) -> None:
    definition = _definition(found)
    span = definition.span if definition else found.span
    book.diagnostics.add(RuleTopology(rule.name, found.span.text, needed, rule.span, span=span))


def _definition(draft: Draft) -> DraftDefinition | None:
    return draft.value.definition if isinstance(draft, Ref) else None


def _same(first: Draft, second: Draft) -> bool:
    """Whether both name one value."""
    return isinstance(first, Ref) and isinstance(second, Ref) and first.value is second.value


def _net_input(draft: Draft) -> Draft:
    definition = _definition(draft)
    return definition.expression if definition else draft


def _summands(draft: Draft) -> list[Draft]:
    """The parts of a sum."""
    if isinstance(draft, Apply) and draft.function.name in ("add", "subtract"):
        return [part for argument in draft.arguments for part in _summands(argument)]
    return [draft]
