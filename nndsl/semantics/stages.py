"""Training stages once units are known: what they learn and reach, and the stages of the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nndsl.diagnostics.catalogue.training import (
    LearnsNothing,
    NotScalar,
    OneExampleAtATime,
    UnreachedParameter,
)
from nndsl.functions.catalogue import family
from nndsl.semantics import legality
from nndsl.semantics import model as m
from nndsl.semantics.context import Draftbook
from nndsl.semantics.draft import (
    Apply,
    Connect,
    Draft,
    DraftEnergy,
    DraftParameter,
    ParameterRef,
    Query,
    Ref,
    Weights,
    Wrong,
    walk,
)
from nndsl.semantics.finish import finish, finish_parameter, finish_value, type_of
from nndsl.semantics.options import Options
from nndsl.source import Span
from nndsl.types import Type


@dataclass(eq=False, slots=True)
class DraftStage:
    """A stage while types are open. `how` is an objective, a rule, or a likelihood."""

    name: str
    span: Span
    objective: Draft | None = None
    rule: DraftRule | None = None
    likelihood: Query | None = None
    learned: list[DraftParameter] = field(default_factory=list)
    explicit: bool = False
    optimizer: m.OptimizerSettings | None = None
    measures: list[tuple[str, Draft]] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)

    def drafts(self) -> list[Draft]:
        """Every expression of the stage."""
        found = [draft for _, draft in self.measures]
        found += [draft for draft in (self.objective, self.likelihood) if draft is not None]
        return found + (list(self.rule.arguments) if self.rule else [])


@dataclass(eq=False, slots=True)
class DraftRule:
    """`by perceptron(y, digit, rate = 1)`: a local rule, or a way to follow a likelihood."""

    name: str
    span: Span
    arguments: tuple[Draft, ...]
    options: Options
    energy: DraftEnergy | None = None
    clamped: tuple[tuple[str, Draft], ...] = ()


@dataclass(eq=False, slots=True)
class DraftAlternate:
    name: str
    span: Span
    stages: list[DraftStage]
    epochs: int


def reached(drafts: Iterable[Draft]) -> list[DraftParameter]:
    """Every parameter that expressions depend on, through all definitions that they read."""
    parts = (part for draft in with_definitions(drafts) for part in walk(draft))
    return list({id(parameter): parameter for part in parts for parameter in _direct(part)}.values())


def with_definitions(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """Expressions, and those of all definitions that they read."""
    pending = list(drafts)
    seen: set[int] = set()
    while pending:
        yield (expression := pending.pop())
        for draft in walk(expression):
            definition = draft.value.definition if isinstance(draft, Ref) else None
            if definition is not None and id(definition) not in seen:
                seen.add(id(definition))
                pending.append(definition.expression)
                if definition.start is not None:
                    pending.append(definition.start)


def _direct(draft: Draft) -> Sequence[DraftParameter]:
    match draft:
        case ParameterRef(parameter=parameter) | Connect(parameter=parameter):
            return (parameter,)
        case Apply(parameters=parameters) | Weights(parameters=parameters):
            return parameters
        case Query(energy=energy):
            return energy.parameters
    return ()


def decide_learned(stage: DraftStage, book: Draftbook) -> None:
    """`learn` left out is everything that the objective depends on; what is named must be among it."""
    drafts = [draft for draft in (stage.objective, stage.likelihood) if draft is not None]
    if stage.rule is not None and stage.likelihood is None:
        stage.learned = stage.learned or []
    elif not any(isinstance(draft, Wrong) for draft in drafts):
        reachable = {id(parameter): parameter for parameter in reached(drafts)}
        if stage.explicit:
            for parameter in stage.learned:
                if id(parameter) not in reachable:
                    mistake = UnreachedParameter(parameter.name, stage.name, stage.span, span=parameter.span)
                    book.diagnostics.add(mistake)
        else:
            candidates = stage.learned or [p for p in book.parameters if p.learned]
            stage.learned = [parameter for parameter in candidates if id(parameter) in reachable]
        if not stage.learned and not book.diagnostics.errors:
            book.diagnostics.add(LearnsNothing(stage.name, span=stage.span))
    _fill_weights(stage)


def _fill_weights(stage: DraftStage) -> None:
    weights = [p for p in stage.learned if p.role is m.ParameterRole.WEIGHTS]
    for draft in stage.drafts():
        for part in walk(draft):
            if isinstance(part, Weights):
                part.parameters = [p for p in weights if part.of is None or p in part.of]


def check_stage(stage: DraftStage, book: Draftbook) -> None:
    """What can be said once units are known: one number an example, and the rule's topology."""
    objective = stage.objective
    if objective is not None and objective.units.known not in (None, (1,)) and not objective.units.is_wrong:
        book.diagnostics.add(NotScalar(str(objective.units), span=objective.span))
    if stage.rule is not None:
        legality.check_rule(stage.rule, stage.learned, book)
        batch = stage.numbers["batch"]
        single = family("rule")[stage.rule.name].asks("example") or stage.rule.name == "pseudo_inverse"
        if single and batch not in (None, 1):
            book.diagnostics.add(OneExampleAtATime(stage.rule.name, batch, span=stage.rule.span))
    for _, measure in stage.measures:
        if isinstance(measure, Apply) and measure.function.name == "topographic_error":
            legality.check_sheet(measure.arguments[0], measure.options, measure.span, book)
    if stage.numbers.get("carry") and not book.diagnostics.errors:
        legality.check_carry(stage.span, stage.name, with_definitions(stage.drafts()), book)


def finish_stage(stage: DraftStage | DraftAlternate) -> m.Stage | m.Alternate:
    """The stage of the model; those of an alternation last as long as it."""
    if isinstance(stage, DraftAlternate):
        for inner in stage.stages:
            inner.numbers["epochs"] = stage.epochs
        stages = tuple(s for s in map(finish_stage, stage.stages) if isinstance(s, m.Stage))
        return m.Alternate(stage.name, stages, stage.epochs, span=stage.span)
    numbers = stage.numbers
    return m.Stage(
        stage.name,
        _how(stage),
        tuple(map(finish_parameter, stage.learned)),
        stage.optimizer,
        numbers["batch"],
        numbers["epochs"] or 1,
        numbers["early_stop"],
        numbers["clip_norm"],
        numbers["window"],
        bool(numbers.get("carry")),
        tuple(m.Measure(text, finish(draft), span=draft.span) for text, draft in stage.measures),
        span=stage.span,
    )


def _how(stage: DraftStage) -> m.Minimize | m.Rule | m.Likelihood:
    rule = stage.rule
    if stage.likelihood is not None:
        objective = finish(stage.likelihood)
        assert isinstance(objective, m.Infer)
        method, options = (rule.name, rule.options) if rule else (m.EXACT, ())
        chains = tuple(_chains(stage, dict(options)))
        return m.Likelihood(objective, method, options, chains, span=stage.likelihood.span)
    if rule is not None:
        energy = rule.energy.name if rule.energy else None
        clamped = tuple((name, finish(draft)) for name, draft in rule.clamped)
        arguments = tuple(map(finish, rule.arguments))
        return m.Rule(rule.name, arguments, energy, clamped, rule.options, span=rule.span)
    assert stage.objective is not None
    return m.Minimize(summed(stage.objective), span=stage.objective.span)


def _chains(stage: DraftStage, options: Mapping[str, m.Setting]) -> Iterator[m.Parameter]:
    """The states of a stage's persistent chains, of each group: `[chain, places…, units…]`, zero at first."""
    count = options.get("chains")
    if not isinstance(count, int) or stage.likelihood is None:
        return
    for group in map(finish_value, stage.likelihood.energy.groups.values()):
        places = tuple(axis.extent.offset for axis in group.type.space)
        shape = (count, *places, *group.type.units)
        axes = ("chain", *(f"axis{place}" for place in range(len(shape) - 1)))
        zero = m.Initial("constant", (0.0,))
        name, role = f"{stage.name}.{group.name}", m.ParameterRole.STATE
        yield m.Parameter(name, shape, axes, role, zero, learned=False, span=group.span)


def chains(entries: Iterable[m.Stage | m.Alternate]) -> Iterator[m.Parameter]:
    """The states of all persistent chains."""
    for entry in entries:
        for stage in entry.stages if isinstance(entry, m.Alternate) else (entry,):
            if isinstance(stage.how, m.Likelihood):
                yield from stage.how.chains


def summed(objective: Draft) -> m.Expression:
    """The objective as one number an example: summed over what index space is left."""
    expression = finish(objective)
    space = type_of(objective).space
    if not space:
        return expression
    return m.Reduce("sum", expression, space, type=Type((1,)), span=objective.span)
