"""Training stages: what each learns, how, and for how long."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from typing import Any

from nndsl.diagnostics.catalogue.names import UnknownFunction, UnknownName
from nndsl.diagnostics.catalogue.training import (
    ClauseTwice,
    IdleClause,
    LearnFixed,
    NestedStages,
    NoObjective,
    NotAnInfer,
    NotLearnable,
    UnknownClause,
    UnknownOptimizer,
    UnknownRule,
)
from nndsl.diagnostics.catalogue.types import WrongOptionValue
from nndsl.functions.catalogue import Function, OptionParameter, family
from nndsl.semantics import calls, expressions, queries
from nndsl.semantics import model as m
from nndsl.semantics.context import Context, Draftbook, Owner
from nndsl.semantics.draft import (
    Apply,
    Draft,
    DraftEnergy,
    DraftParameter,
    DraftValue,
    Query,
    Ref,
    Statement,
    Wrong,
)
from nndsl.semantics.options import Options, fits, read_options
from nndsl.semantics.scope import Scope, parameters_of
from nndsl.semantics.settings import Settings
from nndsl.semantics.sizes import constant, whole_number
from nndsl.semantics.stages import DraftAlternate, DraftRule, DraftStage
from nndsl.semantics.units import Units
from nndsl.source import Span
from nndsl.syntax import tree


class Trainer:
    """Reads the `train` statements of a network."""

    def __init__(self, book: Draftbook, scope: Scope, settings: Settings) -> None:
        self._book, self._scope, self._settings = book, scope, settings
        self._context = Context(scope, Statement(), Owner("train", ("train",)))

    def stages(self, statements: Sequence[tree.Train]) -> list[DraftStage | DraftAlternate]:
        return [self._train(statement) for statement in statements]

    def _train(self, train: tree.Train) -> DraftStage | DraftAlternate:
        name = train.name.name if train.name else "train"
        if not train.alternate:
            return self._stage(train, name)
        inner = [clause for clause in train.clauses if isinstance(clause, tree.Train)]
        others = [clause for clause in train.clauses if not isinstance(clause, tree.Train)]
        epochs = 1
        for clause in others:
            if isinstance(clause, tree.Setting) and clause.name.name == "epochs":
                epochs = whole_number(clause.value, self._scope) or 1
            else:
                self._book.diagnostics.add(NestedStages(clause.span.text, span=clause.span))
        if not inner:
            self._book.diagnostics.add(NoObjective(name, span=train.span))
        named = "alternate" if train.name is None else name
        epochs = self._number(named, "epochs", epochs, train.span) or 1
        stages = [self._stage(stage, stage.name.name if stage.name else "train", True) for stage in inner]
        return DraftAlternate(name, train.span, stages, epochs)

    def _stage(self, train: tree.Train, name: str, alternates: bool = False) -> DraftStage:
        stage = DraftStage(name, train.span)
        seen: dict[str, Span] = {}
        for clause in train.clauses:
            word = _word(clause)
            if word in seen:
                self._book.diagnostics.add(ClauseTwice(word, seen[word], span=clause.span))
            seen[word] = clause.span
        for clause in sorted(train.clauses, key=lambda clause: not isinstance(clause, tree.Learn)):
            self._clause(stage, clause)
        idle = _idle(stage, alternates)
        for word, span in seen.items():
            if word in idle:
                self._book.diagnostics.add(IdleClause(word, name, idle[word], span=span))
        self._override(stage, idle)
        if not any((stage.objective, stage.rule, stage.likelihood)):
            self._book.diagnostics.add(NoObjective(name, span=train.span))
        return stage

    def _clause(self, stage: DraftStage, clause: object) -> None:
        match clause:
            case tree.Learn():
                self._learn(stage, clause)
            case tree.Minimize(objective):
                stage.objective = self._objective(stage, objective)
            case tree.Maximize():
                self._maximize(stage, clause)
            case tree.Setting():
                self._setting(stage, clause)
            case tree.Report(measures):
                for measure in measures:
                    stage.measures.append((measure.span.text, self._measure(stage, measure)))
            case tree.Train(span=span):
                self._book.diagnostics.add(NestedStages("train", span=span))

    # --- what is learned -------------------------------------------------------------

    def _learn(self, stage: DraftStage, learn: tree.Learn) -> None:
        if learn.names is not None:
            stage.explicit = True
            stage.learned = _unique(p for name in learn.names for p in self._named(name))
        else:
            excepted = {id(p) for name in learn.excepted for p in self._named(name, False)}
            stage.learned = [p for p in self._all() if id(p) not in excepted]
        if learn.rule is not None:
            stage.rule = self._rule(learn.rule, stage)

    def _all(self) -> list[DraftParameter]:
        return [parameter for parameter in self._book.parameters if parameter.learned]

    def _named(self, name: tree.Name, learned: bool = True) -> list[DraftParameter]:
        """The parameters that a name stands for: itself, or all that a layer or a shared block owns."""
        entity = self._scope.find(name.name)
        match entity:
            case DraftParameter():
                if learned and not entity.learned:
                    self._book.diagnostics.add(LearnFixed(name.name, entity.span, span=name.span))
                    return []
                return [entity]
            case None:
                known = tuple(self._scope.names)
                self._book.diagnostics.add(
                    UnknownName(name.name, "layer or parameter", known, span=name.span)
                )
                return []
        found = [parameter for parameter in parameters_of(entity) if parameter.learned]
        if not found:
            span = getattr(entity, "span", name.span)
            self._book.diagnostics.add(NotLearnable(name.name, span, span=name.span))
        return found

    # --- how -------------------------------------------------------------------------

    def _objective(self, stage: DraftStage, syntax: tree.Expression) -> Draft:
        return expressions.expression(self._book, syntax, self._context)

    def _measure(self, stage: DraftStage, syntax: tree.Expression) -> Draft:
        if isinstance(syntax, tree.Call):
            name = syntax.function.name
            function = family("measure").get(name)
            if function is not None:
                measure = calls.call(self._book, function, syntax, self._context)
                _take_options(measure, stage.rule, syntax)
                return measure
            if not expressions.is_callable(name, self._context):
                known = (*family("measure"), *family("function"), *family("query"))
                mistake = UnknownFunction(name, known, span=syntax.function.span)
                return self._book.refuse(mistake)
        return expressions.expression(self._book, syntax, self._context)

    def _maximize(self, stage: DraftStage, maximize: tree.Maximize) -> None:
        objective = expressions.expression(self._book, maximize.objective, self._context)
        if maximize.rule is None and not isinstance(objective, Query | Wrong):
            function = family("function")["negate"]
            stage.objective = expressions.apply(self._book, function, (objective,), maximize.objective.span)
            return
        if maximize.rule is not None:
            stage.rule = self._rule(maximize.rule, stage)
        if isinstance(objective, Query) and objective.query == "likelihood":
            stage.likelihood = objective
        elif not isinstance(objective, Wrong):
            text = maximize.objective.span.text
            self._book.diagnostics.add(NotAnInfer(text, span=maximize.objective.span))
        else:
            stage.objective = objective

    def _rule(self, call: tree.Call, stage: DraftStage) -> DraftRule | None:
        function = family("rule").get(call.function.name)
        if function is None:
            known = tuple(family("rule"))
            name = call.function
            self._book.diagnostics.add(UnknownRule(name.name, known, span=name.span))
            stage.objective = Wrong(span=call.span, units=Units.mistaken())
            return None
        energy, clamped, options = self._clamped(call)
        values = function.signature.values[len(clamped) :]
        plain = call.arguments[1:] if energy is not None else call.arguments
        checked = tree.Call(call.function, False, plain, options, span=call.span)
        if len(plain) < len(values):
            calls.right_count(self._book, function, checked, self._context)
            return DraftRule(function.name, call.span, (), ())
        arguments = tuple(
            calls.argument(self._book, parameter, part, self._context)
            for parameter, part in zip(values, plain, strict=False)
        )
        given = (*(draft for _, draft in clamped), *arguments)
        if given and not any(isinstance(part, Wrong) for part in given):
            self._match_units(function, given, call.span)
        read = read_options(
            function.name, function.signature.options, plain[len(values) :], options, self._scope, call.span
        )
        read = self._overridden(stage.name, function, read, call.span)
        return DraftRule(function.name, call.span, given, read, energy, clamped)

    def _match_units(self, function: Function, given: Sequence[Draft], span: Span) -> None:
        signature = function.signature
        variables = [name for parameter in signature.values for name in parameter.units]
        if len(given) != len(signature.values) or len(set(variables)) == len(variables):
            return  # nothing that the values have in common
        result = signature.result or replace(signature.values[0], name="result", domain="real", units=())
        calls.typed(self._book, replace(function, signature=replace(signature, result=result)), given, span)

    def _clamped(
        self, call: tree.Call
    ) -> tuple[DraftEnergy | None, tuple[tuple[str, Draft], ...], tuple[tree.Option, ...]]:
        """`hebb(E, v = x)`, `hebb(v = x)`: unit groups or layers that are held at a value."""
        first = call.arguments[0] if call.arguments else None
        if isinstance(first, tree.Name) and isinstance(self._scope.names.get(first.name), DraftEnergy):
            energy = queries.find_energy(self._book, first, self._context)
            assert energy is not None
            clamped, others = queries.clamps(self._book, energy, call.options, self._context)
            return energy, clamped, others
        pairs: list[tuple[str, Draft]] = []
        others_left: list[tree.Option] = []
        for option in call.options:
            value = self._scope.names.get(option.name.name)
            if isinstance(value, DraftValue) and value.definition is not None:
                value.used = True
                given = expressions.expression(self._book, option.value, self._context)
                self._hold(value, given)
                pairs.append((value.name, given))
            else:
                others_left.append(option)
        return None, tuple(pairs), tuple(others_left)

    def _hold(self, value: DraftValue, given: Draft) -> None:
        reference = Ref(span=given.span, units=value.units, value=value)
        self._book.solver.equal(
            value.units, given.units, lambda: expressions.elementwise_mismatch("=", reference, given, given)
        )

    # --- settings ----------------------------------------------------------------------

    def _setting(self, stage: DraftStage, setting: tree.Setting) -> None:
        name, words = setting.name.name, [word.name for word in setting.words]
        expected = {"early_stop": ["after"], "clip": ["norm"]}.get(name, [])
        if name == "optimizer":
            stage.optimizer = self._optimizer(setting, stage.name)
            return
        if words != expected and not (name == "window" and words in ([], ["carry"])):
            legal = expected or ["carry"]
            self._book.diagnostics.add(UnknownClause(name, " ".join(words), tuple(legal), span=setting.span))
            return
        if name == "clip":
            value = constant(setting.value, self._scope)
            if value is not None and (isinstance(value, bool | str | tuple) or value <= 0):
                mistake = WrongOptionValue(
                    "clip", "norm", "a number above 0", setting.value.span.text, span=setting.value.span
                )
                self._book.diagnostics.add(mistake)
            stage.numbers["clip_norm"] = value
            return
        stage.numbers[name] = whole_number(setting.value, self._scope)
        if name == "window":
            stage.numbers["carry"] = words == ["carry"]

    def _optimizer(self, setting: tree.Setting, stage: str) -> m.OptimizerSettings | None:
        call = setting.value
        assert isinstance(call, tree.Call)
        function = family("optimizer").get(call.function.name)
        if function is None:
            known = tuple(family("optimizer"))
            self._book.diagnostics.add(UnknownOptimizer(call.function.name, known, span=call.function.span))
            return None
        legal = function.signature.options
        read = read_options(function.name, legal, call.arguments, call.options, self._scope, call.span)
        read = self._overridden(stage, function, read, call.span)
        return m.OptimizerSettings(function.name, read, span=call.span)

    def _overridden(self, stage: str, function: Function, read: Options, span: Span) -> Options:
        """Options as set from outside, checked like those of the spec."""
        found: list[tuple[str, Any]] = []
        for option, (name, value) in zip(function.signature.options, read, strict=True):
            set_value = self._settings.training(stage, name, value, option=True)
            if set_value is not value and not fits(option, set_value):
                mistake = WrongOptionValue(function.name, name, option.type, str(set_value), span=span)
                self._book.diagnostics.add(mistake)
            found.append((name, set_value))
        return tuple(found)

    def _override(self, stage: DraftStage, idle: Container[str]) -> None:
        """Clauses as set from outside, but for those that the stage does not go by."""
        for name in ("batch", "epochs", "early_stop", "window"):
            found = stage.numbers.setdefault(name, None)
            if name not in idle:
                stage.numbers[name] = self._number(stage.name, name, found, stage.span)
        clip = stage.numbers.setdefault("clip_norm", None)
        if "clip" in idle:
            return
        found = self._settings.training(stage.name, "clip_norm", clip)
        if found is not clip and (not fits(OptionParameter("clip_norm", "number"), found) or found <= 0):
            mistake = WrongOptionValue(
                stage.name, "clip_norm", "a number above 0", str(found), span=stage.span
            )
            self._book.diagnostics.add(mistake)
        stage.numbers["clip_norm"] = found

    def _number(self, stage: str, name: str, value: int | None, span: Span) -> int | None:
        found = self._settings.training(stage, name, value)
        option = OptionParameter(name, "integer")
        if found is not value and (not fits(option, found) or found < 1):
            mistake = WrongOptionValue(stage, name, "a whole number above 0", str(found), span=span)
            self._book.diagnostics.add(mistake)
            return value
        return None if found is None else int(found)


def _take_options(measure: Draft, rule: DraftRule | None, syntax: tree.Call) -> None:
    """A measure of what a rule learns takes from the rule what it does not say itself: the grid of a map."""
    if not isinstance(measure, Apply) or rule is None:
        return
    said = {option.name.name for option in syntax.options}
    own = {name: value for name, value in rule.options if name not in said}
    if len(syntax.arguments) == len(measure.function.signature.values):
        measure.options = tuple((name, own.get(name, value)) for name, value in measure.options)


def _idle(stage: DraftStage, alternates: bool) -> dict[str, str]:
    """The clauses that a stage does not go by, and why."""
    found: dict[str, str] = {}
    if stage.likelihood is not None:
        found["early_stop"] = "a likelihood is followed without being computed"
    elif stage.rule is not None:
        reason = f"the rule '{stage.rule.name}' changes the weights itself, and descends no loss"
        found |= dict.fromkeys(("optimizer", "clip", "early_stop"), reason)
    if alternates:
        found |= dict.fromkeys(("epochs", "early_stop"), "stages that take turns end together")
    return found


def _word(clause: object) -> str:
    match clause:
        case tree.Setting(name=name):
            return name.name
        case tree.Train(span=span):
            return f"train {span}"
    return type(clause).__name__.lower()


def _unique(parameters: Iterable[DraftParameter]) -> list[DraftParameter]:
    return list({id(parameter): parameter for parameter in parameters}.values())
