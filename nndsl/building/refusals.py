"""Finds what a model asks for that cannot be run yet, each at its place in the spec."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

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
from nndsl.functions.catalogue import entry_of, family
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
    Reduce,
    Reference,
    Rule,
    Sample,
    Stage,
    Value,
)
from nndsl.semantics.order import strongly_connected
from nndsl.semantics.walk import children, values_of
from nndsl.types import SetKind


def refused(model: Model) -> tuple[Diagnostic, ...]:
    """Everything in a model that cannot be run yet, in the order of the text."""
    refusals = Refusals(model, training=bool(model.stages))
    found = [*_values(model.inputs), *_values(model.targets)]
    for definition in model.definitions:
        found += refusals.definition(definition)
    for stage in stages(model):
        found += refusals.stage(stage)
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


class Refusals:
    """What the parts of a model ask for that cannot be run yet, in training or outside of it."""

    def __init__(self, model: Model, *, training: bool) -> None:
        self._training = training
        self._feedback = feedback(model.definitions)
        self._started = {d.value.name for d in model.definitions if d.start is not None}

    def definition(self, definition: Definition) -> Iterator[Diagnostic]:
        """What a layer asks for."""
        yield from _values((definition.value,))
        loop = self._feedback.get(definition.value.name, frozenset())
        yield from self.expression(definition.expression, loop)

    def stage(self, stage: Stage) -> Iterator[Diagnostic]:
        """What a training stage asks for, beside the layers that it needs."""
        match stage.how:
            case Minimize(objective=objective):
                yield from self.expression(objective)
            case Rule(name=name, span=span, arguments=arguments):
                if not family("rule")[name].executable:
                    yield LearningRuleNotExecutable(span=span, rule=name)
                for argument in arguments:
                    yield from self.expression(argument)
            case Likelihood(method=method, span=span):
                yield LearningRuleNotExecutable(span=span, rule=method)
        for measure in stage.measures:
            yield from self.expression(measure.expression)

    def expression(self, expression: Expression, loop: Collection[str] = frozenset()) -> Iterator[Diagnostic]:
        """What an expression in a feedback loop asks for; what is inside of such a thing is not looked at."""
        pending = [expression]
        while pending:
            part = pending.pop()
            found = self._refused(part, loop)
            if found is not None:
                yield found
            else:
                pending.extend(children(part))

    def _refused(self, part: Expression, loop: Collection[str]) -> Diagnostic | None:
        span = part.span
        match part:
            case At(value=Reference(value=value)) if part.delay and value.name in loop:
                return DelayNotExecutable(span=span, value=value.name, delay=part.delay)
            case At(value=Reference(value=value)) if part.delay and value.name in self._started:
                return ConstructNotExecutable(span=span, construct=f"a delayed '{value.name}' with a start")
            case Reference(value=value):
                return next(_values((value,)), None)
            case Infer(query=query, energy=energy):
                return EnergyNotExecutable(span=span, query=query, energy=energy)
            case Sample(distribution=distribution):
                return DrawNotExecutable(span=span, what=distribution)
            case Apply(function="dropout") if self._training:
                return DrawNotExecutable(span=span, what="dropout")
            case Apply(function="batch_norm"):
                return BatchStatisticsNotExecutable(span=span)
            case Apply(function=name) if name != "weights" and not entry_of(name).executable:
                return ConstructNotExecutable(span=span, construct=f"the function '{name}'")
            case Connect(kind=ConnectionKind.SPARSE):
                return ConstructNotExecutable(span=span, construct="a random wiring, 'sparse'")
            case Reduce(operation="argmin" | "argmax" as name, axes=axes) if len(axes) > 1:
                return ConstructNotExecutable(span=span, construct=f"'{name}' over a grid of several sides")
            case _:
                return None


def feedback(definitions: Iterable[Definition]) -> Mapping[str, frozenset[str]]:
    """For each layer that depends on itself, through delays, all layers of its loop."""
    by_name = {definition.value.name: definition for definition in definitions}

    def read(definition: Definition) -> list[Definition]:
        names = (value.name for value in values_of(definition.expression))
        return [by_name[name] for name in names if name in by_name]

    found: dict[str, frozenset[str]] = {}
    for component in strongly_connected(by_name.values(), read):
        if len(component) > 1 or component[0] in read(component[0]):
            members = frozenset(definition.value.name for definition in component)
            found.update(dict.fromkeys(members, members))
    return found


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
