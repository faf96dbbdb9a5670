"""What can be said once spaces and units are found: undetermined sizes, loops, targets, unused names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

from nndsl.diagnostics.catalogue.names import UnusedLayer, UnusedParameter
from nndsl.diagnostics.catalogue.topology import (
    DilatedNotCausal,
    FlattenUnknownExtent,
    InputSpaceMismatch,
    LoopDirections,
    TargetUsed,
    UnsharedUnknownExtent,
)
from nndsl.diagnostics.catalogue.types import (
    DefinitionMismatch,
    DomainMismatch,
    EnergyNotScalar,
    TooLarge,
    UndeterminedParameter,
    UndeterminedUnits,
)
from nndsl.semantics import model as m
from nndsl.semantics.context import Draftbook
from nndsl.semantics.draft import (
    Apply,
    At,
    Connect,
    Draft,
    DraftDefinition,
    DraftParameter,
    DraftValue,
    Places,
    Query,
    Reduce,
    Ref,
    uses,
    walk,
)
from nndsl.semantics.elements import text_of
from nndsl.semantics.finish import finish, finish_value
from nndsl.semantics.initial import Initials, finish_parameter
from nndsl.semantics.model import ValueKind
from nndsl.semantics.order import dependencies
from nndsl.semantics.scope import NetworkParameter, Scope
from nndsl.semantics.units import Constraint, Part, Size, Solver, Units
from nndsl.types import Domain, IndexSet, SetKind

LARGEST_BYTES = 16 * 2**30
_NUMBER_BYTES = 4


def _roots(book: Draftbook, others: Iterable[Draft]) -> list[Draft]:
    """Every expression of the network, in dependency order."""
    found: list[Draft] = []
    for definition in book.definitions:
        found.append(definition.expression)
        if definition.start is not None:
            found.append(definition.start)
    return [*found, *others]


# --- spaces --------------------------------------------------------------------------


def check_inputs(book: Draftbook) -> None:
    """An argument must be over the sets that the block declares for it."""
    for given in book.input_spaces:
        found = given.value.places or ()
        declared = [place for term, _ in given.over for place in term.places() or ()]
        wanted = {place.set: place.extent for place in declared}
        missing = not declared and bool(given.over)
        differs = any(wanted[p.set] not in (None, p.extent) for p in found if p.set in wanted)
        if missing or differs or not set(wanted) <= {place.set for place in found}:
            text = ", ".join(term.text for term, _ in given.over)
            span = given.span
            book.diagnostics.add(
                InputSpaceMismatch(given.block, text, text_of(found), given.over[0][0].span, span=span)
            )


def size_flattened(book: Draftbook, others: Iterable[Draft]) -> None:
    """`flatten` joins all units and the grid into one axis."""
    for root in _roots(book, others):
        for draft in walk(root):
            if isinstance(draft, Apply) and draft.function.name == "flatten":
                _flatten(book, draft)


def _flatten(book: Draftbook, draft: Apply) -> None:
    grid = [place for place in draft.arguments[0].places or () if place.set.kind is SetKind.GRID]
    extents = [place.extent.known for place in grid if place.extent is not None]
    if None in extents or len(extents) < len(grid):
        book.diagnostics.add(FlattenUnknownExtent(text_of(grid), span=draft.span))
        draft.units.blame()
        return
    positions = prod(extent for extent in extents if extent is not None)
    book.solver.require(_Flattened(book.solver, draft, positions))


class _Flattened(Constraint):
    """The result has as many units as the source has at all its positions together."""

    def __init__(self, solver: Solver, draft: Apply, positions: int) -> None:
        self._solver, self._draft, self._positions = solver, draft, positions

    def variables(self) -> Iterable[Part]:
        return (self._draft.arguments[0].units, self._draft.units)

    def advance(self) -> bool:
        source, result = self._draft.arguments[0].units, self._draft.units
        if source.is_wrong or result.is_wrong:
            result.blame()
            return True
        if source.known is None:
            return False
        found = Units((Size(prod(source.known) * self._positions),))
        span = self._draft.span
        self._solver.equal(
            result, found, lambda: DefinitionMismatch("flatten", str(result), span, str(found), span=span)
        )
        return True


# --- units and domains ------------------------------------------------------------------


def find_domains(book: Draftbook, others: Iterable[Draft]) -> None:
    """Domains flow forward; a declared one must be able to hold what defines the layer."""
    for definition in book.definitions:
        value = definition.value
        found = _domain(definition.expression)
        value.domain = value.declared_domain or found
        _check_domain(book, value, definition.expression)
        if definition.start is not None:
            _domain(definition.start)
    for draft in others:
        _domain(draft)
    for root in _roots(book, others):
        for draft in walk(root):
            if isinstance(draft, Query):
                for name, given in (*draft.clamped, *draft.start):
                    _check_domain(book, draft.energy.groups[name], given)


def _domain(root: Draft) -> Domain:
    """The domain of an expression, noted in all its parts."""
    for child in root.children():
        _domain(child)
    match root:
        case Ref(value=value):
            root.domain = value.domain or value.declared_domain or Domain.REAL
        case At(value=inner):
            root.domain = inner.domain
        case Reduce(operation="last", body=body):
            root.domain = body.domain
    return root.domain


def _check_domain(book: Draftbook, value: DraftValue, given: Draft) -> None:
    """Whether what is declared can hold what it is given."""
    declared = value.declared_domain
    if declared is not None and not _holds(declared, given):
        name = value.name.rpartition(".")[2]
        book.diagnostics.add(DomainMismatch(name, declared, value.span, given.domain, span=given.span))


def _holds(declared: Domain, given: Draft) -> bool:
    """Reals may stand for means of any domain, and a truth for either of two states."""
    if declared is Domain.REAL or given.domain in (declared, Domain.REAL):
        return True
    truth = isinstance(given, Apply) and given.domain is Domain.BINARY
    return declared is Domain.BIPOLAR and truth


def report_undetermined(book: Draftbook, others: Iterable[Draft]) -> None:
    """Where nothing determines the units, and nothing else is wrong with them."""
    for parameter in book.parameters:
        sizeless = parameter.form is None and _open(parameter.units)
        if parameter.used and sizeless and not book.diagnostics.errors:
            parameter.units.blame()
            book.diagnostics.add(UndeterminedParameter(parameter.name, span=parameter.span))
    for definition in book.definitions:
        for draft in reversed(list(walk(definition.expression))):
            if isinstance(draft, Connect):
                _undetermined(book, draft.units, draft)
        _undetermined_value(book, definition.value)
    for root in _roots(book, others):
        for draft in walk(root):
            _undetermined(book, draft.units, draft)


def _open(units: Units) -> bool:
    return units.known is None and not units.is_wrong


def _undetermined(book: Draftbook, units: Units, draft: Draft) -> None:
    if _open(units):
        units.blame()
        if not book.diagnostics.errors or isinstance(draft, Connect):
            book.diagnostics.add(
                UndeterminedUnits(draft.span.text, isinstance(draft, Connect), span=draft.span)
            )


def _undetermined_value(book: Draftbook, value: DraftValue) -> None:
    if _open(value.units):
        value.units.blame()
        book.diagnostics.add(UndeterminedUnits(value.name, False, span=value.span))


def check_energies(book: Draftbook) -> None:
    for energy in book.energies:
        expression = energy.expression
        if (
            expression is not None
            and expression.units.known not in (None, (1,))
            and not expression.units.is_wrong
        ):
            book.diagnostics.add(EnergyNotScalar(energy.name, str(expression.units), span=expression.span))


# --- loops -------------------------------------------------------------------------------


def check_loops(components: Sequence[Sequence[DraftDefinition]], book: Draftbook) -> None:
    """All delays of one feedback loop must go one way along one ordered set."""
    for component in components:
        inside = {id(member) for member in component}
        if len(component) == 1 and not any(d.on is component[0] for d in dependencies(component[0])):
            continue
        first: tuple[int, IndexSet | None, Draft] | None = None
        for member in component:
            for ref, shift, along in uses(member.expression):
                if not shift or ref.value.definition is None or id(ref.value.definition) not in inside:
                    continue
                if first is None:
                    first = (shift, along, ref)
                elif (first[0] > 0) != (shift > 0) or first[1] != along:
                    names = tuple(other.value.name for other in component)
                    book.diagnostics.add(LoopDirections(names, first[2].span, span=ref.span))
                    break


def check_targets(book: Draftbook) -> None:
    """A target is known in training only, so no layer may read it."""
    for definition in book.definitions:
        for ref, _, _ in uses(definition.expression):
            if ref.value.kind is ValueKind.TARGET:
                book.diagnostics.add(
                    TargetUsed(ref.value.name, definition.value.name, ref.value.span, span=ref.span)
                )


# --- warnings ----------------------------------------------------------------------------


def warn_unused(book: Draftbook, scope: Scope) -> None:
    """Parameters and layers that nothing uses; not told where a mistake may be the reason."""
    if book.diagnostics.errors:
        return
    read = {d.span for d in book.definitions if d.value.used or d.value.kind is not ValueKind.LAYER}
    for definition in book.definitions:
        if definition.span not in read and definition.value.written:
            book.diagnostics.add(UnusedLayer(definition.value.name, span=definition.value.span))
    for parameter in book.parameters:
        if not parameter.used:
            book.diagnostics.add(UnusedParameter(parameter.name, "parameter", span=parameter.span))
    for entity in scope.names.values():
        if isinstance(entity, NetworkParameter) and not entity.used:
            book.diagnostics.add(UnusedParameter(entity.name, "network parameter", span=entity.span))


def warn_dilated(book: Draftbook) -> None:
    """Dilation along time without `causal`."""
    for definition in book.definitions:
        for draft in walk(definition.expression):
            if isinstance(draft, Connect) and any(side > 1 for side in draft.dilation) and not draft.causal:
                for place in draft.places or ():
                    if place.set.ordered and len(draft.window) == 1:
                        book.diagnostics.add(DilatedNotCausal(place.set.name, span=draft.span))


# --- sizes and the parameters of the model ---------------------------------------------------


def check_sizes(book: Draftbook) -> None:
    """Refuses what no machine could hold, before memory is asked for."""
    for value in book.values:
        units = value.units.known
        if units is not None:
            extents = [p.extent.known or 1 for p in value.places or () if p.extent is not None]
            size_bytes = prod(units) * prod(extents) * _NUMBER_BYTES
            _limit(book, value.name, str(value.units), size_bytes, value)
    for parameter in book.parameters:
        shape = _parameter_sizes(parameter)
        text = "[" + ", ".join(map(str, shape)) + "]"
        _limit(book, parameter.name, text, prod(shape) * _NUMBER_BYTES, parameter)
    book.diagnostics.raise_if_errors()


def _limit(
    book: Draftbook, name: str, shape: str, size_bytes: int, owner: DraftValue | DraftParameter
) -> None:
    if size_bytes > LARGEST_BYTES:
        book.diagnostics.add(
            TooLarge(name, shape, size_bytes / 2**30, LARGEST_BYTES / 2**30, span=owner.span)
        )


def _parameter_sizes(parameter: DraftParameter) -> tuple[int, ...]:
    form = parameter.form
    if form is None:
        return parameter.units.known or (1,)
    source = form.source.known if form.source is not None else None
    positions = tuple(p.extent.known or 1 for p in _unshared(parameter) if p.extent is not None)
    return (*positions, *(form.out.known or ()), *(source or ()), *form.window)


def _unshared(parameter: DraftParameter) -> Places:
    """The positions that have weights of their own."""
    for use in parameter.uses:
        connection = use.connection
        if connection.unshared:
            places = connection.places or ()
            grid = tuple(place for place in places if place.set.kind is SetKind.GRID)
            return grid or tuple(place for place in places if place.set.ordered)
    return ()


def finish_parameters(book: Draftbook, others: Sequence[Draft]) -> None:
    """Gives every used parameter its shape and initial values."""
    initials = Initials(book.definitions, others)
    for parameter in book.parameters:
        if not parameter.used:
            continue
        positions: list[int] = []
        for place in _unshared(parameter):
            known = place.extent.known if place.extent is not None else None
            if known is None:
                span = parameter.uses[0].span
                book.diagnostics.add(UnsharedUnknownExtent(text_of((place,)), span=span))
            positions.append(known or 1)
        parameter.parameter = finish_parameter(parameter, initials, tuple(positions), book.diagnostics)


def finish_energies(book: Draftbook) -> tuple[m.EnergyModel, ...]:
    found: list[m.EnergyModel] = []
    for energy in book.energies:
        assert energy.expression is not None
        groups = tuple(finish_value(group) for group in energy.groups.values())
        found.append(m.EnergyModel(energy.name, groups, finish(energy.expression), span=energy.span))
    return tuple(found)


def sets_of(book: Draftbook) -> tuple[IndexSet, ...]:
    """Every index set of the network, in the order in which values are over them."""
    found: dict[IndexSet, None] = {}
    for value in book.values:
        for place in value.places or ():
            found.setdefault(place.set)
    return tuple(found)
