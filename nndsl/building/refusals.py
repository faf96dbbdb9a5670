"""Finds what a model asks for that cannot be run yet, each at its place in the spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nndsl.diagnostics.catalogue.execution import (
    BatchStatisticsNotExecutable,
    ClockNotExecutable,
    ConstructNotExecutable,
    DataGraphNotExecutable,
    DelayNotExecutable,
    DrawNotExecutable,
    EnergyNotExecutable,
    GenerationNotExecutable,
    LearningRuleNotExecutable,
)
from nndsl.diagnostics.diagnostic import Diagnostic
from nndsl.functions.catalogue import family
from nndsl.semantics.model import (
    Alternate,
    Apply,
    At,
    Connect,
    ConnectionKind,
    Definition,
    Expression,
    Infer,
    Likelihood,
    Minimize,
    Model,
    Reference,
    Rule,
    Sample,
    Stage,
    Value,
)
from nndsl.semantics.walk import children
from nndsl.types import SetKind


def refused(model: Model) -> tuple[Diagnostic, ...]:
    """Everything in a model that cannot be run yet, in the order of the text."""
    found = [*_values(model.inputs), *_values(model.targets)]
    for definition in model.definitions:
        found += refused_definition(definition, training=bool(model.stages))
    for stage in stages(model):
        found += refused_stage(stage)
    if model.generation is not None:
        found.append(GenerationNotExecutable(span=model.generation.span))
    return in_order(found)


def in_order(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Diagnostics in the order of the text, each once; of values over one data graph or clock, the first."""
    kept: dict[object, Diagnostic] = {}
    for diagnostic in sorted(found, key=_start):
        match diagnostic:
            case DataGraphNotExecutable(graph=graph):
                kept.setdefault(graph, diagnostic)
            case ClockNotExecutable(clock=clock):
                kept.setdefault(clock, diagnostic)
            case _:
                kept.setdefault((diagnostic.code, diagnostic.span), diagnostic)
    return tuple(kept.values())


def stages(model: Model) -> Iterator[Stage]:
    """All training stages, those of an alternation one by one."""
    for stage in model.stages:
        yield from stage.stages if isinstance(stage, Alternate) else (stage,)


def refused_definition(definition: Definition, *, training: bool) -> Iterator[Diagnostic]:
    """What a layer asks for that cannot be run yet."""
    yield from _values((definition.value,))
    yield from refused_expression(definition.expression, training=training)


def refused_stage(stage: Stage, *, training: bool = True) -> Iterator[Diagnostic]:
    """What a training stage asks for that cannot be run yet, beside the layers that it needs."""
    match stage.how:
        case Minimize(objective=objective):
            yield from refused_expression(objective, training=training)
        case Rule(name=name, span=span, arguments=arguments):
            if not family("rule")[name].executable:
                yield LearningRuleNotExecutable(span=span, rule=name)
            for argument in arguments:
                yield from refused_expression(argument, training=training)
        case Likelihood(method=method, span=span):
            yield LearningRuleNotExecutable(span=span, rule=method)
    for measure in stage.measures:
        yield from refused_expression(measure.expression, training=training)


def refused_expression(expression: Expression, *, training: bool) -> Iterator[Diagnostic]:
    """What an expression asks for that cannot be run yet; what is inside of such a thing is not looked at."""
    pending = [expression]
    while pending:
        part = pending.pop()
        found = _refused(part, training)
        if found is not None:
            yield found
        else:
            pending.extend(children(part))


def _refused(part: Expression, training: bool) -> Diagnostic | None:
    match part:
        case At(value=Reference(value=value)) if part.delay:
            return DelayNotExecutable(span=part.span, value=value.name, delay=part.delay)
        case At() if part.delay:
            return DelayNotExecutable(span=part.span, value=part.span.text, delay=part.delay)
        case Reference(value=value):
            return next(_values((value,)), None)
        case Infer(query=query, energy=energy):
            return EnergyNotExecutable(span=part.span, query=query, energy=energy)
        case Sample(distribution=distribution):
            return DrawNotExecutable(span=part.span, what=distribution)
        case Apply(function="dropout") if training:
            return DrawNotExecutable(span=part.span, what="dropout")
        case Apply(function="batch_norm"):
            return BatchStatisticsNotExecutable(span=part.span)
        case Apply(function=name) if name in family("function") and not family("function")[name].executable:
            return ConstructNotExecutable(span=part.span, construct=f"the function '{name}'")
        case Connect(kind=ConnectionKind.SPARSE):
            return ConstructNotExecutable(span=part.span, construct="a random wiring, 'sparse'")
        case _:
            return None


def _values(values: Iterable[Value]) -> Iterator[Diagnostic]:
    for value in values:
        for axis in value.type.space:
            if axis.set.graph is not None:
                yield DataGraphNotExecutable(span=value.span, value=value.name, graph=axis.set.graph)
                break
            if axis.set.kind is SetKind.CLOCK:
                yield ClockNotExecutable(span=value.span, value=value.name, clock=axis.set.name)
                break


def _start(diagnostic: Diagnostic) -> int:
    return diagnostic.span.start if diagnostic.span is not None else 0
