"""Finds what a model asks for that cannot be run yet, each at its place in the spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nndsl.building.components import components, depends, direction, is_loop
from nndsl.diagnostics.catalogue.execution import (
    ConstructNotExecutable,
)
from nndsl.diagnostics.diagnostic import Diagnostic
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
    Stage,
)
from nndsl.semantics.walk import children
from nndsl.types import Axis, IndexSet, SetKind

ONE_PLACE = frozenset({"competitive", "lvq", "som", "batch_som", "kmeans", "oja"})
"""The rules whose units see each example once, and not at each of several places."""


def refused(model: Model) -> tuple[Diagnostic, ...]:
    """Everything in a model that cannot be run yet, in the order of the text."""
    refusals = Refusals(model)
    found: list[Diagnostic] = []
    for definition in model.definitions:
        found += refusals.definition(definition)
    for stage in stages(model):
        found += refusals.stage(stage)
    return in_order(found)


def in_order(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Diagnostics in the order of the text, each once."""
    kept: dict[object, Diagnostic] = {}
    for diagnostic in sorted(found, key=_start):
        kept.setdefault((diagnostic.code, diagnostic.span), diagnostic)
    return tuple(kept.values())


def stages(model: Model) -> Iterator[Stage]:
    """All training stages, those of an alternation one by one."""
    for stage in model.stages:
        yield from stage.stages if isinstance(stage, Alternate) else (stage,)


class Refusals:
    """What the parts of a model ask for that cannot be run yet."""

    def __init__(self, model: Model) -> None:
        self._feedback = feedback(model.definitions)
        self._over_graph = any(found.graph is not None for found in model.sets)
        self._started = {d.value.name for d in model.definitions if d.start is not None}

    def definition(self, definition: Definition) -> Iterator[Diagnostic]:
        """What a layer asks for."""
        yield from self.expression(definition.expression, self._feedback.get(definition.value.name))
        if definition.start is not None:
            yield from self.expression(definition.start)

    def stage(self, stage: Stage) -> Iterator[Diagnostic]:
        """What a training stage asks for, beside the layers that it needs."""
        match stage.how:
            case Minimize(objective=objective):
                yield from self.expression(objective)
            case Rule(name=name, span=span, arguments=arguments):
                if name in ONE_PLACE and any(argument.type.space for argument in arguments):
                    construct = f"the rule '{name}' at each place of an index set"
                    yield ConstructNotExecutable(span=span, construct=construct)
                for argument in arguments:
                    yield from self.expression(argument)
            case Likelihood(objective=objective):
                for _, given in objective.clamped:
                    yield from self.expression(given)
        for measure in stage.measures:
            yield from self.expression(measure.expression)
        if stage.window is not None and self._over_graph:
            yield ConstructNotExecutable(span=stage.span, construct="'window' over a data graph")

    def expression(self, expression: Expression, loop: Feedback | None = None) -> Iterator[Diagnostic]:
        """What an expression in a feedback loop asks for; what is inside of such a thing is not looked at."""
        pending = [expression]
        while pending:
            part = pending.pop()
            found = self._refused(part, loop)
            if found is not None:
                yield found
            else:
                pending.extend(children(part))

    def _refused(self, part: Expression, loop: Feedback | None) -> Diagnostic | None:
        span = part.span
        if loop is not None and (construct := loop.refused(part)):
            return ConstructNotExecutable(span=span, construct=construct)
        inside = loop.members if loop is not None else frozenset()
        match part:
            case At(value=Reference(value=value)) if part.delay > 0 and value.name in self._started - inside:
                construct = f"a later step of '{value.name}', which has a start"
                return ConstructNotExecutable(span=span, construct=construct)
            case Reduce(operation="argmin" | "argmax" as name, axes=(Axis(set=IndexSet(graph=str())),)):
                return ConstructNotExecutable(span=span, construct=f"'{name}' over a data graph")
            case Reduce(operation="argmin" | "argmax" as name, axes=axes) if len(axes) > 1 and any(
                axis.extent.known is None for axis in axes
            ):
                construct = f"'{name}' over several sets whose sizes the data tell"
                return ConstructNotExecutable(span=span, construct=construct)
            case _:
                return None


@dataclass(frozen=True)
class Feedback:
    """A loop in time as one of its members sees it: `own` is the member's axis of time."""

    members: frozenset[str]
    own: Axis

    def refused(self, part: Expression) -> str | None:
        """What a part of the member's definition asks for that cannot be done step by step."""
        if isinstance(part, Apply) and part.function == "batch_norm":
            return "'batch_norm' in a feedback loop"
        if isinstance(part, Infer) and depends(part, self.members):
            return f"'{part.query}' of an energy in a feedback loop"
        if depends(part, self.members) and self._sees_other_steps(part):
            return "a feedback loop that sees its own steps other than by a delay"
        return None

    def _sees_other_steps(self, part: Expression) -> bool:
        match part:
            case At(value=value, picks=picks):
                times = [pick for pick in picks if value.type.space[pick.axis].set == self.own.set]
                return any(pick.element not in (None, self.own.element) for pick in times)
            case Reduce(axes=axes) if not part.window:
                return any(axis.set == self.own.set for axis in axes)
            case Reduce(body=seen) | Connect(kind=ConnectionKind.LOCAL, source=seen):
                return all(axis.set.kind is not SetKind.GRID for axis in seen.type.space)
            case _:
                return False


def feedback(definitions: Sequence[Definition]) -> Mapping[str, Feedback]:
    """For each layer that depends on itself, through delays, what its loop is to it."""
    found: dict[str, Feedback] = {}
    for component in filter(is_loop, components(definitions)):
        members = frozenset(definition.value.name for definition in component)
        time, _ = direction(component)
        for value in (definition.value for definition in component):
            own = next(axis for axis in value.type.space if axis.set == time)
            found[value.name] = Feedback(members, own)
    return found


def _start(diagnostic: Diagnostic) -> int:
    return diagnostic.span.start if diagnostic.span is not None else 0
