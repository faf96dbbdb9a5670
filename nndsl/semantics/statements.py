"""The statements of a network or a block: first every name gets its meaning, then definitions are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nndsl.diagnostics.catalogue.names import (
    NotInABlock,
    StartOfNoLayer,
    UnknownAttribute,
    UnknownDistribution,
    UnknownDomain,
    UnknownFunction,
    UnknownOption,
)
from nndsl.diagnostics.catalogue.types import (
    DefinitionMismatch,
    NotANumber,
    RaggedNumbers,
    StartMismatch,
    WrongArgumentCount,
    WrongResultCount,
)
from nndsl.semantics import blocks, calls, expressions, sets
from nndsl.semantics.context import Context, Draftbook, Owner
from nndsl.semantics.draft import (
    Draft,
    DraftDefinition,
    DraftEnergy,
    DraftParameter,
    DraftValue,
    Ref,
    Statement,
    mistaken,
)
from nndsl.semantics.model import ValueKind
from nndsl.semantics.places import GraphTerm, Place
from nndsl.semantics.scope import Scope, SharedBlock
from nndsl.semantics.sizes import constant, size_of
from nndsl.semantics.units import Units
from nndsl.syntax import tree
from nndsl.types import Domain

ATTRIBUTES = ("symmetric", "no_self", "fixed")
_INITIAL = ("he", "glorot", "orthogonal")


def body(book: Draftbook, statements: Sequence[tree.Statement], scope: Scope, outer: Owner) -> None:
    """Reads all declarations of a scope. Parameters that it makes belong to `outer` as well."""
    if not scope.in_block:
        scope.block_counts = blocks.count_uses(statements)
    _declare_graphs(statements, scope)
    _declare_sets(statements, scope)
    _declare_names(book, statements, scope, outer)
    for energy in _of(tree.Energy, statements):
        _energy(book, energy, scope)
    _layers(book, _of(tree.Layer, statements), scope, outer)
    for start in _of(tree.Start, statements):
        _start(book, start, scope)


def _of(kind: type, statements: Sequence[tree.Statement]) -> list[Any]:
    return [statement for statement in statements if isinstance(statement, kind)]


# --- names -----------------------------------------------------------------------------


def _declare_graphs(statements: Sequence[tree.Statement], scope: Scope) -> None:
    for statement in _of(tree.Graph, statements):
        for name in statement.names:
            scope.declare(name, GraphTerm(name.name, name.span))


def _declare_sets(statements: Sequence[tree.Statement], scope: Scope) -> None:
    """Inputs and targets bring in sets; elements are known by the name under which they come first."""
    for port in _of(tree.Port, statements):
        if not scope.in_block:
            sets.declare_sets(port.declared.over, scope)
    for statement in statements:
        match statement:
            case tree.Port(declared=declared):
                sets.name_elements(declared.over, scope)
            case tree.Layer(declared=several):
                for declared in several:
                    sets.name_elements(declared.over, scope)


def _declare_names(book: Draftbook, statements: Sequence[tree.Statement], scope: Scope, outer: Owner) -> None:
    for statement in statements:
        match statement:
            case tree.Port():
                _port(book, statement, scope)
            case tree.Param():
                _params(book, statement, scope, outer)
            case tree.Layer():
                for declared in statement.declared:
                    _declare_value(book, declared, ValueKind(statement.kind), scope)
            case tree.Share():
                _share(book, statement, scope)
            case tree.Energy():
                _declare_energy(book, statement, scope)
            case tree.Train() | tree.Data() | tree.Generate() if scope.in_block:
                word = statement.span.text.split(maxsplit=1)[0]
                book.diagnostics.add(NotInABlock(word, span=statement.span))


def _declare_value(book: Draftbook, declared: tree.Declared, kind: ValueKind, scope: Scope) -> DraftValue:
    value = DraftValue(
        book.fresh(scope.qualified(declared.name.name)),
        kind,
        declared.name.span,
        _declared_units(book, declared, scope),
        unit_names=_unit_names(declared),
        declared_domain=domain(declared.domain, scope),
        scope=scope.path,
    )
    scope.declare(declared.name, value)
    book.values.append(value)
    return value


def _declared_units(book: Draftbook, declared: tree.Declared, scope: Scope) -> Units:
    if declared.units is None:
        return Units()
    return Units([size_of(unit, scope, book.solver) for unit in declared.units])


def _unit_names(declared: tree.Declared) -> tuple[str, ...]:
    """What the axes are called, one by one as written; nothing where all are numbers."""
    units = declared.units or ()
    if all(isinstance(unit, tree.Number) for unit in units):
        return ()
    return tuple(unit.span.text for unit in units)


def domain(name: tree.Name | None, scope: Scope) -> Domain | None:
    if name is None:
        return None
    try:
        return Domain(name.name)
    except ValueError:
        known = tuple(str(item) for item in Domain)
        scope.diagnostics.add(UnknownDomain(name.name, known, span=name.span))
        return None


def _port(book: Draftbook, port: tree.Port, scope: Scope) -> None:
    if scope.in_block:
        book.diagnostics.add(NotInABlock(port.kind, span=port.span))
        return
    value = _declare_value(book, port.declared, ValueKind(port.kind), scope)
    if port.declared.units is None:
        value.units.become(Units.scalar())
    value.places = declared_places(sets.statement(port.declared.over, scope))
    value.domain = value.declared_domain or Domain.REAL


def declared_places(statement: Statement) -> tuple[Place, ...]:
    """The space that an `over` says, elements named where a set occurs twice."""
    found = [(place, name) for term, name in statement.over or () for place in term.places() or ()]
    sets_found = [place.set for place, _ in found]
    return tuple(
        Place(place.set, place.extent, name if sets_found.count(place.set) > 1 else None)
        for place, name in found
    )


# --- parameters ----------------------------------------------------------------------------


def _params(book: Draftbook, param: tree.Param, scope: Scope, outer: Owner) -> None:
    attributes = frozenset(name.name for name in param.attributes)
    for name in param.attributes:
        if name.name not in ATTRIBUTES:
            book.diagnostics.add(UnknownAttribute(name.name, ATTRIBUTES, span=name.span))
    given = _given(param.value, scope) if param.value is not None else None
    start = _distribution(param.distribution, scope) if param.distribution is not None else None
    for declared in param.declared:
        key = (*scope.shared_path, declared.name.name)
        known = None if scope.weights is None else scope.weights.get(key)
        parameter = known or DraftParameter(
            book.fresh(scope.qualified_parameter(declared.name.name)),
            declared.name.span,
            units=_declared_units(book, declared, scope),
            attributes=attributes & set(ATTRIBUTES),
            given=given,
            distribution=start,
            declared_units=declared.units is not None,
        )
        if known is None:
            _remember(book, parameter, key, scope)
        outer.parameters.append(parameter)
        scope.declare(declared.name, parameter)


def _remember(book: Draftbook, parameter: DraftParameter, key: tuple[str, ...], scope: Scope) -> None:
    book.parameters.append(parameter)
    if scope.weights is not None:
        scope.weights[key] = parameter


def _given(syntax: tree.Expression, scope: Scope) -> Any:
    """A number, or nested tuples of numbers that are as long as each other."""
    if not isinstance(syntax, tree.Array):
        value = constant(syntax, scope)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            scope.diagnostics.add(NotANumber(syntax.span.text, span=syntax.span))
            return None
        return None if value is None else float(value)
    items = tuple(_given(item, scope) for item in syntax.items)
    if None in items:
        return None
    if len({expressions.shape_of(item) for item in items}) != 1:
        scope.diagnostics.add(RaggedNumbers(span=syntax.span))
        return None
    return items


def _distribution(syntax: tree.Distribution, scope: Scope) -> tuple[str, tuple[float, ...]] | None:
    """How a parameter starts: `~ normal(0, 0.01)`, `~ he`."""
    name = syntax.call.function
    known = ("normal", "uniform", *_INITIAL)
    if name.name not in known:
        scope.diagnostics.add(UnknownDistribution(name.name, known, span=name.span))
        return None
    numbers = tuple(constant(argument, scope) for argument in syntax.call.arguments)
    if None in numbers:
        return None
    expected = 0 if name.name in _INITIAL else 2
    if len(numbers) != expected:
        names = () if name.name in _INITIAL else ("first", "second")
        scope.diagnostics.add(WrongArgumentCount(name.name, names, len(numbers), span=syntax.span))
        return None
    return name.name, tuple(float(number) for number in numbers)


def _share(book: Draftbook, share: tree.Share, scope: Scope) -> None:
    block = scope.blocks.get(share.call.function.name)
    if block is None:
        name = share.call.function
        book.diagnostics.add(UnknownFunction(name.name, tuple(scope.blocks), span=name.span))
        scope.mistaken.add(share.name.name)
        return
    names = tuple(parameter.name.name for parameter in block.parameters)
    if share.call.arguments:
        count = len(share.call.arguments)
        book.diagnostics.add(WrongArgumentCount(block.name.name, (), count, span=share.call.span))
    for option in share.call.options:
        if option.name.name not in names:
            mistake = UnknownOption(block.name.name, option.name.name, names, span=option.name.span)
            book.diagnostics.add(mistake)
    scope.declare(share.name, SharedBlock(share.name.name, share.name.span, block, share.call, scope))


# --- energies --------------------------------------------------------------------------------


def _declare_energy(book: Draftbook, energy: tree.Energy, scope: Scope) -> None:
    groups: dict[str, DraftValue] = {}
    for declared in energy.units:
        value = DraftValue(
            f"{scope.qualified(energy.name.name)}.{declared.name.name}",
            ValueKind.UNITS,
            declared.name.span,
            _declared_units(book, declared, scope) if declared.units else Units.scalar(),
            unit_names=_unit_names(declared),
            declared_domain=domain(declared.domain, scope),
            scope=(*scope.path, energy.name.name),
            places=declared_places(sets.statement(declared.over, scope)),
            used=True,
        )
        value.domain = value.declared_domain or Domain.REAL
        groups[declared.name.name] = value
    name = scope.qualified(energy.name.name)
    scope.declare(energy.name, DraftEnergy(name, energy.name.span, groups))


def _energy(book: Draftbook, energy: tree.Energy, scope: Scope) -> None:
    """In the formula of an energy its unit groups are names too."""
    draft = scope.names.get(energy.name.name)
    if not isinstance(draft, DraftEnergy) or draft.expression is not None:
        return
    inner = Scope(scope.diagnostics, scope.blocks, scope.path, names={**scope.names, **draft.groups})
    inner.sets, inner.elements = scope.sets, scope.elements
    inner.weights, inner.shared_path, inner.inside = scope.weights, scope.shared_path, scope.inside
    owner = Owner(draft.name, (*scope.shared_path, energy.name.name))
    draft.expression = expressions.expression(book, energy.definition, Context(inner, Statement(), owner))
    draft.parameters = owner.parameters
    name_parameters(book, owner)
    book.energies.append(draft)


# --- layers ------------------------------------------------------------------------------------


def _layers(book: Draftbook, layers: list[tree.Layer], scope: Scope, outer: Owner) -> None:
    """Reads drawn layers first, since a distribution may be compared with them; keeps them as written."""
    runs: dict[int, list[DraftDefinition]] = {}
    start = len(book.definitions)
    drawn = [isinstance(layer.definition, tree.Distribution) for layer in layers]
    for position in sorted(range(len(layers)), key=lambda position: not drawn[position]):
        before = len(book.definitions)
        _layer(book, layers[position], scope, outer)
        runs[position] = book.definitions[before:]
    book.definitions[start:] = [definition for position in sorted(runs) for definition in runs[position]]


def _layer(book: Draftbook, layer: tree.Layer, scope: Scope, outer: Owner) -> None:
    values = [scope.names.get(declared.name.name) for declared in layer.declared]
    first = layer.declared[0].name.name
    key = (*scope.shared_path, first)
    owner = Owner(scope.qualified_parameter(first), key, scope.qualified(first))
    drafts = _definitions(book, layer, scope, owner)
    name_parameters(book, owner)
    outer.parameters.extend(owner.parameters)
    for declared, value, draft in zip(layer.declared, values, drafts, strict=False):
        if not isinstance(value, DraftValue) or value.span != declared.name.span:
            continue
        statement = sets.statement(declared.over, scope)
        definition = DraftDefinition(value, layer.span, statement, draft, owned=owner.parameters)
        definition.until_stable = _until_stable(declared.over)
        value.definition = definition
        book.definitions.append(definition)
        _agree(book, definition, draft)


def _definitions(book: Draftbook, layer: tree.Layer, scope: Scope, owner: Owner) -> list[Draft]:
    context = Context(scope, sets.statement(layer.declared[0].over, scope), owner)
    syntax = layer.definition
    if isinstance(syntax, tree.Distribution):
        return [calls.draw(book, syntax.call, context)]
    if len(layer.declared) == 1:
        return [expressions.expression(book, syntax, context)]
    results = blocks.several(book, syntax, context)
    if results is not None and len(results) != len(layer.declared):
        book.diagnostics.add(
            WrongResultCount(syntax.span.text, len(results), len(layer.declared), span=layer.span)
        )
    if results is None or len(results) != len(layer.declared):
        return [mistaken(syntax.span) for _ in layer.declared]
    return [Ref(span=syntax.span, units=result.units, value=result) for result in results]


def _until_stable(over: tree.Over | None) -> bool:
    return over is not None and any(
        isinstance(element.of, tree.SetRange) and element.of.until_stable for element in over.elements
    )


def _agree(book: Draftbook, definition: DraftDefinition, draft: Draft) -> None:
    value = definition.value
    declared, found = str(value.units), str(draft.units)

    def mismatch() -> DefinitionMismatch:
        name = value.name.rpartition(".")[2]
        return DefinitionMismatch(name, declared, value.span, found, span=draft.span)

    book.solver.equal(value.units, draft.units, mismatch)


def _start(book: Draftbook, start: tree.Start, scope: Scope) -> None:
    value = scope.find(start.name.name)
    if not isinstance(value, DraftValue) or value.definition is None:
        known = tuple(
            key for key, v in scope.names.items() if isinstance(v, DraftValue) and v.definition is not None
        )
        book.diagnostics.add(StartOfNoLayer(start.name.name, known, span=start.name.span))
        return
    key = (*scope.shared_path, start.name.name, "start")
    owner = Owner(f"{scope.qualified_parameter(start.name.name)}.start", key, value.name)
    draft = expressions.expression(book, start.value, Context(scope, Statement(), owner))
    name_parameters(book, owner)
    value.definition.start, value.definition.start_span = draft, start.span
    definition = value.definition
    definition.owned.extend(owner.parameters)
    mismatch = StartMismatch(start.name.name, str(value.units), str(draft.units), value.span, span=draft.span)
    if draft.units.is_scalar:
        return
    book.solver.equal(value.units, draft.units, lambda: mismatch)


# --- names of anonymous parameters ----------------------------------------------------------------


def name_parameters(book: Draftbook, owner: Owner) -> None:
    """`h.weights`, `h.bias`; of several, weights are told apart by where they come from."""
    kinds = [kind for _, kind, _ in owner.anonymous]
    for kind in dict.fromkeys(kinds):
        same = [(parameter, stem) for parameter, other, stem in owner.anonymous if other == kind]
        stems = [stem for _, stem in same]
        told = all(stems) and len(set(stems)) == len(stems)
        for number, (parameter, stem) in enumerate(same, 1):
            if len(same) == 1:
                name = f"{owner.name}.{kind}"
            elif told:
                name = f"{owner.name}.{stem}.{kind}"
            else:
                name = f"{owner.name}.{kind}{number}"
            parameter.name = book.fresh(name)
    owner.anonymous.clear()
