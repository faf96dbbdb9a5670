"""Blocks: each use is expanded into layers of its own, under the path of the block.

A block sees nothing of its caller but its arguments: inputs are values, constants are
expressions read where the call stands, sizes and set names are variables that the inputs bind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from nndsl.diagnostics.catalogue.names import DuplicateName, UnknownFunction, UnknownName, UnknownOption
from nndsl.diagnostics.catalogue.topology import BlockInReduction, RecursiveBlock, TooManyLayers
from nndsl.diagnostics.catalogue.types import (
    BlockInputMismatch,
    MissingBlockConstant,
    OptionGivenTwice,
    RepeatedResults,
    WrongArgumentCount,
    WrongResultCount,
)
from nndsl.semantics import expressions, sets, statements
from nndsl.semantics.context import Context, Draftbook, InputSpace
from nndsl.semantics.draft import Draft, DraftDefinition, DraftValue, Ref, Wrong, mistaken
from nndsl.semantics.model import ValueKind
from nndsl.semantics.places import GraphTerm, Place, SetTerm
from nndsl.semantics.scope import BlockConstant, Scope, SharedBlock, SizeVariable
from nndsl.semantics.sizes import size_of, whole_number
from nndsl.semantics.units import Size, Units
from nndsl.source import Span
from nndsl.syntax import tree
from nndsl.types import SetKind

MOST_LAYERS = 10_000


def single(book: Draftbook, call: tree.Call, context: Context) -> Draft:
    """A block used as an expression: it must have one result."""
    results = use(book, call, context)
    if results is None:
        return mistaken(call.span)
    if len(results) != 1:
        mistake = WrongResultCount(call.function.name, len(results), 1, span=call.span)
        return book.refuse(mistake)
    return Ref(span=call.span, units=results[0].units, value=results[0])


def repeated(book: Draftbook, syntax: tree.Repeated, context: Context) -> Draft:
    results = repeated_use(book, syntax, context)
    if results is None or len(results) != 1:
        if results is not None:
            name = syntax.call.function.name
            book.diagnostics.add(WrongResultCount(name, len(results), 1, span=syntax.span))
        return mistaken(syntax.span)
    return Ref(span=syntax.span, units=results[0].units, value=results[0])


def several(book: Draftbook, syntax: tree.Expression, context: Context) -> tuple[DraftValue, ...] | None:
    """The results of a block that has several: the right side of `layer h, e = …`."""
    match syntax:
        case tree.Call():
            if find(syntax, context.scope) is not None:
                return use(book, syntax, context)
        case tree.Repeated():
            return repeated_use(book, syntax, context)
    draft = expressions.expression(book, syntax, context)
    if not isinstance(draft, Wrong):
        book.diagnostics.add(WrongResultCount(syntax.span.text, 1, 2, span=syntax.span))
    return None


def find(call: tree.Call, scope: Scope) -> tree.Block | SharedBlock | None:
    entity = scope.names.get(call.function.name)
    if isinstance(entity, SharedBlock):
        entity.used = True
        return entity
    return scope.blocks.get(call.function.name)


# --- one use ---------------------------------------------------------------------------


def use(book: Draftbook, call: tree.Call, context: Context) -> tuple[DraftValue, ...] | None:
    """Expands one use of a block or of a shared block and gives its results."""
    return _used(book, call, context, 1, False, call.span)


def repeated_use(book: Draftbook, syntax: tree.Repeated, context: Context) -> tuple[DraftValue, ...] | None:
    """A chain of uses: results replace the leading inputs."""
    count = whole_number(syntax.count, context.scope)
    if find(syntax.call, context.scope) is None:
        known = tuple(context.scope.blocks)
        name = syntax.call.function
        book.diagnostics.add(UnknownFunction(name.name, known, span=name.span))
        return None
    if count is None:
        return None
    return _used(book, syntax.call, context, count, syntax.shared, syntax.span, chain=True)


def _used(
    book: Draftbook,
    call: tree.Call,
    context: Context,
    count: int,
    same_weights: bool,
    span: Span,
    chain: bool = False,
) -> tuple[DraftValue, ...] | None:
    found = find(call, context.scope)
    assert found is not None
    block = found.block if isinstance(found, SharedBlock) else found
    bound = _bind(book, block, call, context, _fixed(found))
    if bound is None:
        return None
    inputs, constants = bound
    if chain and not 1 <= len(block.results) <= len(inputs):
        mistake = RepeatedResults(block.name.name, len(block.results), len(inputs), span=span)
        book.diagnostics.add(mistake)
        return None
    scopes = _Scopes(call.function.name, found, context.scope, same_weights, count_uses(block.body))
    results: tuple[DraftValue, ...] | None = None
    for number in range(1, count + 1):
        if len(book.definitions) > MOST_LAYERS:
            book.diagnostics.add(TooManyLayers(block.name.name, MOST_LAYERS, span=span))
            return None
        scope = scopes.scope(number if chain else None)
        results = _expand(book, block, (inputs, constants), scope, span, context)
        if results is None:
            return None
        inputs = [*results, *inputs[len(results) :]]
    if isinstance(found, SharedBlock):
        found.parameters = list(found.weights.values())
    return results


def _fixed(found: tree.Block | SharedBlock) -> Fixed:
    """The constants that `share` gives."""
    if not isinstance(found, SharedBlock):
        return {}
    return {option.name.name: (option.value, found.scope) for option in found.call.options}


class _Scopes:
    """The scopes of one use of a block, or of a chain of uses: paths, and whose weights they take."""

    def __init__(
        self,
        name: str,
        found: tree.Block | SharedBlock,
        outer: Scope,
        same_weights: bool,
        counts: dict[str, int],
    ) -> None:
        self._outer, self._counts, self._same_weights = outer, counts, same_weights
        self._block = found.block if isinstance(found, SharedBlock) else found
        self._path, self._shared_path = _path(name, outer)
        self._weights, self._store_path = outer.weights, outer.store_path
        if isinstance(found, SharedBlock):
            self._weights, self._same_weights, self._shared_path = found.weights, True, ()
            self._store_path = (*found.scope.path, found.name)
        elif same_weights and outer.weights is None:
            self._weights, self._store_path, self._shared_path = {}, self._path, ()

    def scope(self, number: int | None) -> Scope:
        """The scope of one use; `number` is its place in a chain."""
        step = () if number is None else (str(number),)
        return Scope(
            self._outer.diagnostics,
            self._outer.blocks,
            (*self._path, *step),
            weights=self._weights,
            shared_path=self._shared_path if self._same_weights else (*self._shared_path, *step),
            store_path=self._store_path,
            inside=(*self._outer.inside, self._block.name.name),
            in_block=True,
            block_counts=self._counts,
        )


def _path(name: str, scope: Scope) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where the layers of a use are put; numbered where the scope uses the block more than once."""
    scope.block_uses[name] = scope.block_uses.get(name, 0) + 1
    last: tuple[str, ...] = (name,)
    if scope.block_counts.get(name, 1) > 1:
        last = (name, str(scope.block_uses[name]))
    return (*scope.path, *last), (*scope.shared_path, *last)


def count_uses(body: Sequence[tree.Statement]) -> dict[str, int]:
    """How often each name is called in the statements."""
    counts: dict[str, int] = {}
    pending: list[object] = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, tuple):
            pending.extend(node)
        elif isinstance(node, tree.Node):
            if isinstance(node, tree.Call):
                counts[node.function.name] = counts.get(node.function.name, 0) + 1
            pending.extend(getattr(node, part.name) for part in fields(node) if part.name != "span")
    return counts


# --- arguments ---------------------------------------------------------------------------

Fixed = dict[str, tuple[tree.Expression, Scope]]
Bound = tuple[list[DraftValue], dict[str, tuple[tree.Expression, Scope]]]


def _bind(
    book: Draftbook, block: tree.Block, call: tree.Call, context: Context, fixed: Fixed
) -> Bound | None:
    """Values for the inputs and expressions for the constants; None after a mistake."""
    if block.name.name in context.scope.inside:
        path = (*context.scope.inside, block.name.name)
        book.diagnostics.add(RecursiveBlock(path, span=call.span))
        return None
    if context.bound:
        book.diagnostics.add(BlockInReduction(call.function.name, span=call.span))
        return None
    given = _by_name(book, block, call, context, fixed)
    if given is None:
        return None
    inputs: list[DraftValue] = []
    constants: dict[str, tuple[tree.Expression, Scope]] = {}
    for parameter in block.parameters:
        name = parameter.name.name
        syntax, scope = given.get(name, (None, context.scope))
        if isinstance(parameter, tree.Declared):
            assert syntax is not None
            value = _input(book, block, parameter, syntax, context)
            if value is None:
                return None
            inputs.append(value)
        elif syntax is not None:
            constants[name] = (syntax, scope)
    return inputs, constants


def _by_name(
    book: Draftbook, block: tree.Block, call: tree.Call, context: Context, fixed: Fixed
) -> dict[str, tuple[tree.Expression, Scope]] | None:
    """Arguments by the names of the block's parameters, wherever they come from."""
    given: dict[str, tuple[tree.Expression, Scope]] = dict(fixed)
    names = [parameter.name.name for parameter in block.parameters]
    open_names = [name for name in names if name not in given]
    if len(call.arguments) > len(open_names):
        book.diagnostics.add(
            WrongArgumentCount(block.name.name, tuple(names), len(call.arguments), span=call.span)
        )
        return None
    for name, syntax in zip(open_names, call.arguments, strict=False):
        given[name] = (syntax, context.scope)
    for option in call.options:
        name = option.name.name
        if name not in names:
            book.diagnostics.add(UnknownOption(block.name.name, name, tuple(names), span=option.name.span))
            return None
        if name in given and name not in fixed:
            book.diagnostics.add(
                OptionGivenTwice(block.name.name, name, given[name][0].span, span=option.span)
            )
            return None
        given[name] = (option.value, context.scope)
    return given if _complete(book, block, call, given) else None


def _complete(
    book: Draftbook, block: tree.Block, call: tree.Call, given: dict[str, tuple[tree.Expression, Scope]]
) -> bool:
    for parameter in block.parameters:
        name = parameter.name.name
        if name in given:
            continue
        if isinstance(parameter, tree.Declared) or parameter.default is None:
            kind = "input" if isinstance(parameter, tree.Declared) else "constant"
            book.diagnostics.add(
                MissingBlockConstant(block.name.name, name, kind, parameter.span, span=call.span)
            )
            return False
    return True


def _input(
    book: Draftbook, block: tree.Block, declared: tree.Declared, syntax: tree.Expression, context: Context
) -> DraftValue | None:
    """The value that an argument is; an expression becomes a value of its own."""
    draft = expressions.expression(book, syntax, context)
    if isinstance(draft, Wrong):
        return None
    if isinstance(draft, Ref) and context.statement.over is None:
        draft.value.used = True
        return draft.value
    name = f"{block.name.name}.{declared.name.name}"
    value = DraftValue(
        book.fresh(context.scope.qualified(name)),
        ValueKind.LAYER,
        draft.span,
        draft.units,
        scope=(*context.scope.path, block.name.name),
        used=True,
        written=False,
    )
    value.definition = DraftDefinition(value, draft.span, context.statement, draft)
    book.values.append(value)
    book.definitions.append(value.definition)
    return value


# --- expansion -----------------------------------------------------------------------------


def _expand(
    book: Draftbook, block: tree.Block, bound: Bound, scope: Scope, span: Span, context: Context
) -> tuple[DraftValue, ...] | None:
    inputs, constants = bound
    declared = [parameter for parameter in block.parameters if isinstance(parameter, tree.Declared)]
    for parameter in block.parameters:
        if isinstance(parameter, tree.ParameterDefault):
            syntax, outer = constants.get(parameter.name.name, (parameter.default, scope))
            if syntax is not None:
                scope.declare(
                    parameter.name, BlockConstant(parameter.name.name, parameter.span, syntax, outer)
                )
    _declare_variables(declared, inputs, scope)
    for parameter_input, value in zip(declared, inputs, strict=True):
        if not _declare_input(book, block, parameter_input, value, scope, span):
            return None
    statements.body(book, block.body, scope, context.owner)
    return _results(book, block, scope)


def _results(book: Draftbook, block: tree.Block, scope: Scope) -> tuple[DraftValue, ...] | None:
    found: list[DraftValue] = []
    for name in block.results:
        value = scope.find(name.name)
        if not isinstance(value, DraftValue):
            known = tuple(key for key, other in scope.names.items() if isinstance(other, DraftValue))
            book.diagnostics.add(UnknownName(name.name, "layer", known, span=name.span))
            return None
        found.append(value)
    return tuple(found)


def _declare_variables(declared: list[tree.Declared], inputs: list[DraftValue], scope: Scope) -> None:
    """Brings in the sizes, sets and graphs that the inputs bind."""
    for parameter, value in zip(declared, inputs, strict=True):
        for unit in parameter.units or ():
            if isinstance(unit, tree.Name) and unit.name not in scope.names:
                scope.declare(unit, SizeVariable(unit.name, unit.span, Size()))
        elements = parameter.over.elements if parameter.over else ()
        for position, element in enumerate(elements):
            match element.of:
                case tree.Name(name):
                    known = scope.sets.get(name)
                    if known is None:
                        scope.sets[name] = _set_variable(
                            name, element.of.span, value, position, len(elements)
                        )
                case tree.Member(owner, _):
                    if owner.name not in scope.names:
                        scope.declare(owner, GraphTerm(owner.name, owner.span, variable=True))
                    graph = scope.names[owner.name]
                    if isinstance(graph, GraphTerm):
                        graph.bound_by.append(value)


def _set_variable(name: str, span: Span, value: DraftValue, position: int, count: int) -> SetTerm:
    """A set that is whatever the argument is over: at its position, all sides of a grid being one."""

    def find_places() -> tuple[Place, ...] | None:
        if value.places is None:
            return None
        groups = grouped(value.places)
        if count == 1 and len(groups) == 1:
            return groups[0]
        return groups[position] if count == len(groups) else ()

    return SetTerm(name, span, find_places, (value,))


def grouped(places: Sequence[Place]) -> list[tuple[Place, ...]]:
    """The axes of a space, all sides of a grid as one."""
    sides = tuple(place for place in places if place.set.kind is SetKind.GRID)
    found: list[tuple[Place, ...]] = [sides] if sides else []
    found += [(place,) for place in places if place.set.kind is not SetKind.GRID]
    return found


def _declare_input(
    book: Draftbook,
    block: tree.Block,
    declared: tree.Declared,
    value: DraftValue,
    scope: Scope,
    span: Span,
) -> bool:
    """Gives an input its name in the block; false where the value does not fit."""
    if declared.name.name in scope.names:
        book.diagnostics.add(
            DuplicateName(declared.name.name, scope.names[declared.name.name].span, span=declared.name.span)
        )
        return False
    scope.names[declared.name.name] = value
    if declared.units is not None:
        units = Units([size_of(unit, scope, book.solver) for unit in declared.units])
        found = str(value.units)
        if not value.units.become(units):
            expected = declared.span.text
            book.diagnostics.add(
                BlockInputMismatch(block.name.name, expected, str(units), found, declared.span, span=span)
            )
            return False
    sets.name_elements(declared.over, scope)
    if declared.over is not None:
        over = sets.statement(declared.over, scope).over
        book.input_spaces.append(InputSpace(value, over or (), block.name.name, span))
    return True
