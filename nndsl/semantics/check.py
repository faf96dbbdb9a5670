"""Spec to model: the stages of the check, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nndsl.diagnostics.catalogue.names import SeveralStatements, UnknownNetwork
from nndsl.diagnostics.catalogue.training import MissingParameterValue, WrongSettingValue
from nndsl.diagnostics.diagnostic import Diagnostic, Diagnostics
from nndsl.semantics import closing, data, stages, statements, training
from nndsl.semantics import model as m
from nndsl.semantics.context import Draftbook, Owner
from nndsl.semantics.draft import Draft, Statement
from nndsl.semantics.files import FindImport, all_blocks, beside
from nndsl.semantics.finish import finish, finish_value
from nndsl.semantics.generation import check_generation, finish_generation, read_generation
from nndsl.semantics.order import in_order
from nndsl.semantics.scope import NetworkParameter, Scope
from nndsl.semantics.settings import Settings
from nndsl.semantics.sizes import constant
from nndsl.semantics.spaces import Spaces
from nndsl.semantics.stages import DraftAlternate, DraftStage
from nndsl.semantics.units import Solver
from nndsl.syntax import tree


@dataclass(frozen=True, slots=True)
class Checked:
    """A model, and what may be worth a second look."""

    model: m.Model
    warnings: tuple[Diagnostic, ...]


def check(
    spec: tree.Spec,
    settings: Mapping[str, Any] | None = None,
    *,
    network: str | None = None,
    find_import: FindImport = beside,
) -> Checked:
    """The model of a spec, with network parameters and training settings as given.

    `network`, or the setting of that name, chooses among several networks of a file; the last one is taken
    without it.
    Raises NNDSLError with all independent mistakes.
    """
    diagnostics = Diagnostics()
    blocks = all_blocks(spec, find_import, diagnostics)
    asked = network if network is not None else (settings or {}).get("network")
    chosen = _choose(spec, None if asked is None else str(asked), diagnostics)
    diagnostics.raise_if_errors()
    assert chosen is not None
    work = _Check(chosen, blocks, Settings(settings or {}), diagnostics)
    model = work.model(spec)
    return Checked(model, diagnostics.warnings)


def _choose(spec: tree.Spec, name: str | None, diagnostics: Diagnostics) -> tree.Network | None:
    networks = [item for item in spec.items if isinstance(item, tree.Network)]
    if name is None:
        return networks[-1]
    found = next((network for network in networks if network.name.name == name), None)
    if found is None:
        diagnostics.add(UnknownNetwork(name, tuple(network.name.name for network in networks)))
    return found


class _Check:
    """One check of one network: drafts, then spaces, then units, then the model."""

    def __init__(
        self,
        network: tree.Network,
        blocks: dict[str, tree.Block],
        settings: Settings,
        diagnostics: Diagnostics,
    ) -> None:
        self._network, self._settings, self._diagnostics = network, settings, diagnostics
        self._book = Draftbook(diagnostics, Solver(diagnostics))
        self._scope = Scope(diagnostics, blocks)

    def model(self, spec: tree.Spec) -> m.Model:
        body = self._network.body
        self._parameters()
        statements.body(self._book, body, self._scope, Owner("", ()))
        self._stages = training.Trainer(self._book, self._scope, self._settings).stages(
            _all(tree.Train, body)
        )
        self._data(body)
        self._settings.report_unused(self._diagnostics)
        components = in_order(self._book.definitions, self._diagnostics)
        self._book.definitions.sort(key=lambda definition: definition.position)
        self._spaces(components)
        self._units()
        self._close(components)
        self._diagnostics.raise_if_errors()
        model = self._finish(spec)
        self._diagnostics.raise_if_errors()
        return model

    # --- drafts ------------------------------------------------------------------------

    def _parameters(self) -> None:
        """Network parameters may be used in each other's defaults, in order."""
        for parameter in self._network.parameters:
            name = parameter.name.name
            default = None if parameter.default is None else constant(parameter.default, self._scope)
            value = self._settings.network_parameter(name, default)
            if value is None and parameter.default is None:
                self._diagnostics.add(MissingParameterValue(name, span=parameter.span))
            if value is not default and not _same_kind(value, default):
                self._diagnostics.add(WrongSettingValue(name, str(value), str(default), span=parameter.span))
                value = default
            entity = NetworkParameter(name, parameter.name.span, 1 if value is None else value)
            self._scope.declare(parameter.name, entity)

    def _data(self, body: tuple[tree.Statement, ...]) -> None:
        reader = data.DataReader(self._book, self._scope)
        self._dataset = self._only(_all(tree.Data, body))
        if self._dataset is not None:
            self._bindings = reader.bindings(self._dataset)
            self._shares = reader.shares(self._dataset.split)
            self._fold = reader.fold(self._dataset.split)
        self._generate = self._only(_all(tree.Generate, body))
        self._generated = None
        if self._generate is not None:
            self._generated = read_generation(self._generate, reader, self._book, self._scope)

    def _only(self, found: list[Any]) -> Any:
        for second in found[1:]:
            word = second.span.text.split(maxsplit=1)[0]
            self._diagnostics.add(SeveralStatements(word, found[0].span, span=second.span))
        return found[0] if found else None

    def _flat_stages(self) -> list[DraftStage]:
        found: list[DraftStage] = []
        for stage in self._stages:
            found += stage.stages if isinstance(stage, DraftAlternate) else [stage]
        return found

    def _others(self) -> list[Draft]:
        """Expressions that are no definitions: energies, objectives, measures, rules' arguments."""
        energies = [energy.expression for energy in self._book.energies if energy.expression is not None]
        return energies + [draft for stage in self._flat_stages() for draft in stage.drafts()]

    # --- types -------------------------------------------------------------------------

    def _spaces(self, components: list[list[Any]]) -> None:
        spaces = Spaces(self._diagnostics)
        for component in components:
            spaces.component(component)
        for draft in self._others():
            spaces.expression(draft, Statement())
        closing.check_inputs(self._book)

    def _units(self) -> None:
        closing.size_flattened(self._book, self._others())
        for agree in self._book.agreements:
            agree()
        self._book.solver.solve()
        closing.find_domains(self._book, self._others())
        closing.report_undetermined(self._book, self._others())

    def _close(self, components: list[list[Any]]) -> None:
        for stage in self._flat_stages():
            stages.decide_learned(stage, self._book)
            stages.check_stage(stage, self._book)
        closing.check_energies(self._book)
        closing.check_loops(components, self._book)
        closing.check_targets(self._book)
        if self._generated is not None:
            check_generation(self._generated, self._book)
        closing.warn_unused(self._book, self._scope)
        closing.warn_dilated(self._book)
        self._diagnostics.raise_if_errors()
        closing.check_sizes(self._book)
        closing.finish_parameters(self._book, self._others())

    # --- the model ---------------------------------------------------------------------

    def _finish(self, spec: tree.Spec) -> m.Model:
        book = self._book
        definitions = tuple(
            m.Definition(
                finish_value(d.value),
                finish(d.expression),
                finish(d.start) if d.start is not None else None,
                d.until_stable,
                span=d.span,
            )
            for d in book.definitions
        )
        finished = tuple(stages.finish_stage(stage) for stage in self._stages)
        parameters = tuple(p.parameter for p in book.parameters if p.parameter is not None)
        ports = [value for value in book.values if value.definition is None]
        dataset = self._finish_dataset()
        return m.Model(
            self._network.name.name,
            spec.source,
            {p.name: p.value for p in self._scope.names.values() if isinstance(p, NetworkParameter)},  # type: ignore[misc]
            closing.sets_of(book),
            tuple(finish_value(v) for v in ports if v.kind is m.ValueKind.INPUT),
            tuple(finish_value(v) for v in ports if v.kind is m.ValueKind.TARGET),
            definitions,
            (*parameters, *stages.chains(finished)),
            closing.finish_energies(book),
            finished,
            dataset,
            None if self._generated is None else finish_generation(self._generated, dataset, book),
        )

    def _finish_dataset(self) -> m.Dataset | None:
        if self._dataset is None:
            return None
        return data.finish_dataset(self._dataset, self._bindings, self._shares, self._fold)


def _all(kind: type, body: tuple[tree.Statement, ...]) -> list[Any]:
    return [statement for statement in body if isinstance(statement, kind)]


def _same_kind(value: Any, default: Any) -> bool:
    """Whether a setting may stand for a default: a number for a number, a truth for a truth."""
    if default is None:
        return isinstance(value, int | float | bool)
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, int | float):
        return isinstance(value, int | float)
    return isinstance(value, type(default))
