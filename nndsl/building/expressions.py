"""Expression -> Term: what each construct of the language means as operators."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from nndsl.building.carrying import is_carried
from nndsl.building.chance import Distribution, Noise, State, random_wiring
from nndsl.building.connections import connection
from nndsl.building.data_graphs import end_of, position
from nndsl.building.delays import delayed
from nndsl.building.layout import Layout
from nndsl.building.reductions import both, reduction, summed_product
from nndsl.building.scope import Scope
from nndsl.building.term import Term, known
from nndsl.building.wired import structured
from nndsl.building.wiring import Structure, pairs_of, structure
from nndsl.functions.catalogue import entry_of, family
from nndsl.graph.builder import Builder
from nndsl.operators.lazy import Array
from nndsl.operators.lookup import Gather
from nndsl.operators.movement import Pad, Slice
from nndsl.semantics.model import (
    Apply,
    At,
    Connect,
    ConnectionKind,
    Constant,
    ElementPosition,
    Expression,
    Infer,
    ParameterReference,
    Pick,
    Reduce,
    Reference,
    Sample,
)
from nndsl.semantics.walk import children
from nndsl.types import Axis, Extent, IndexSet, SetKind, Type


def lower(scope: Scope, expression: Expression) -> Term:
    """The value of an expression. What cannot be run has been refused before (see `refusals`)."""
    match expression:
        case Constant(value=value):
            return scope.constant(value)
        case Reference(value=value):
            return _at(scope.value(value), expression)
        case At(value=value, picks=picks):
            return _at(at_ends(_moved(scope, value, picks), picks, expression.type), expression)
        case ParameterReference(parameter=parameter, transposed=transposed):
            term = scope.parameter(parameter)
            return term.transposed() if transposed else term
        case ElementPosition():
            return _position(scope, expression)
        case Apply():
            return _apply(scope, expression)
        case Sample():
            return _drawn(scope, expression)
        case Connect():
            return _connected(scope, expression)
        case Infer():
            from nndsl.energies.question import answer  # which lowers expressions in its turn

            return answer(scope, expression)
        case Reduce(body=body, condition=condition):
            product = _product(scope, expression)
            if product is not None:
                return product
            truth = None if condition is None else lower(scope, condition).truth()
            return reduction(expression, lower(scope, body), both(truth, present(scope, body)))
        case _:
            raise AssertionError(f"not refused: {expression}")


def _position(scope: Scope, expression: ElementPosition) -> Term:
    """The number of an element in its set, from zero; of a node, in its graph."""
    axis = expression.axis
    if axis is None:
        return scope.elements[expression.element]
    if axis.set.graph is None:
        return scope.constant(0).position(axis)
    return Term(scope.build, position(scope.build, axis, expression.end), Layout(space=(axis,)))


def _product(scope: Scope, reduce: Reduce) -> Term | None:
    """A sum over a sequence of the products of two values, which are made zero in the padding before."""
    match reduce:
        case Reduce(operation="sum", axes=axes, condition=None, neighbours=False) if axes:
            if isinstance(reduce.body, Apply) and reduce.body.function == "multiply":
                left, right = (lower(scope, factor) for factor in reduce.body.arguments)
                if present(scope, reduce.body) is None:
                    return summed_product(reduce, (left, right))
    return None


def present(scope: Scope, expression: Expression) -> Term | None:
    """Where no target that an expression reads is missing; None where none can be.

    What is inside of a reduction over an index set has been left out there.
    """
    found: Term | None = None
    pending = [expression]
    while pending:
        match pending.pop():
            case At(value=Reference(value=value), picks=picks) as at:
                term = scope.present(value)
                found = both(found, term and _at(at_ends(shifted(term, picks), picks, at.type), at))
            case Reference(value=value) as reference:
                term = scope.present(value)
                found = both(found, term and _at(term, reference))
            case Reduce(axes=axes) if axes:
                continue
            case part:
                pending.extend(children(part))
    return found


def _at(term: Term, expression: Reference | At) -> Term:
    """A value at elements of an index space: the same dimensions, called after these elements."""
    return replace(term, layout=replace(term.layout, space=expression.type.space))


def _ends(picks: Iterable[Pick]) -> list[tuple[int, str]]:
    """The axes that are picked at an end of an edge, and which end it is."""
    return [(pick.axis, pick.end) for pick in picks if pick.end is not None]


def at_ends(term: Term, picks: Iterable[Pick], type: Type) -> Term:
    """A value of nodes at the ends of edges: the axes picked become one, that of the edges."""
    if not (ends := _ends(picks)):
        return term
    (edges,) = (axis for axis in type.space if axis.set.kind is SetKind.EDGES)
    node, space = term.node, term.layout.space
    for axis, end in ends:
        picked, at_edge = term.layout.space[axis], edges in space
        node = term.build(Gather(space.index(picked), int(at_edge)), node, end_of(term.build, edges, end))
        space = (edges, *(axis for axis in space if axis not in (picked, edges)))
    rest = (axis for axis in type.space if axis != edges)
    found = replace(term, node=node, layout=replace(term.layout, space=(edges, *rest)))
    return found.stretched(replace(term.layout, space=type.space))


def _moved(scope: Scope, value: Expression, picks: Iterable[Pick]) -> Term:
    """A value some steps earlier or later; before the first step it is its start, or comes from the window
    before, as far as there are such."""
    term, rest = lower(scope, value), []
    start = scope.starts.get(value.value.name) if isinstance(value, Reference) else None
    for pick in picks:
        axis = term.layout.space[pick.axis]
        if pick.shift < 0 and (start is not None or is_carried(scope, axis.set)):
            term = delayed(scope, term, axis, -pick.shift, start)
        else:
            rest.append(pick)
    return shifted(term, rest)


def shifted(term: Term, picks: Iterable[Pick]) -> Term:
    """A value some steps earlier or later along an ordered set: zeros come in from beyond its ends."""
    for pick in picks:
        if pick.shift > 0:
            term = term.where(term.valid((term.layout.space[pick.axis],)), 0.0)
        axis, steps = term.layout.batch + pick.axis, abs(pick.shift)
        if pick.shift < 0:
            node = term.build(Pad(axis, steps, 0), term.build(Slice(axis, 0, steps), term.node))
        elif pick.shift > 0:
            node = term.build(Pad(axis, 0, steps), term.build(Slice(axis, steps, 0), term.node))
        else:
            continue
        term = replace(term, node=node)
    return term


def _connected(scope: Scope, connect: Connect) -> Term:
    """A connection. Of values at the ends of edges it is made at the nodes: there are fewer of them, and
    the map is the same for all."""
    match connect.source:
        case At(value=value, picks=picks) as at if connect.kind is not ConnectionKind.LOCAL and _ends(picks):
            made = _linear(scope, connect, _moved(scope, value, picks))
            return _at(at_ends(made, picks, at.type), at)
        case source:
            return _linear(scope, connect, lower(scope, source))


def _linear(scope: Scope, connect: Connect, source: Term) -> Term:
    """The map of a connection. Weights of pairs that a rule, or chance, leaves out are zero, or not read."""
    weights = scope.parameter(connect.weights)
    if connect.kind is ConnectionKind.WIRED:
        found = structure_of(connect)
        if found is not None and found.pays(connect.source.type.unit_count):
            return structured(connect, source, weights, found)
    if connect.kind in (ConnectionKind.WIRED, ConnectionKind.SPARSE):
        weights = weights * wiring(scope, connect).with_units(weights.units)
    return connection(connect, source, weights)


def wired_pairs(connect: Connect) -> Array:
    """Which pairs of units are joined: a truth for each unit here (rows) and each of the source (columns)."""
    pairs = pairs_of(wiring(Scope(Builder()), connect))
    return pairs.T if connect.transposed else pairs


def structure_of(connect: Connect) -> Structure | None:
    """What the rule of a `wired` connection turns out to be; None for other kinds."""
    return structure(wired_pairs(connect)) if connect.kind is ConnectionKind.WIRED else None


def wiring(scope: Scope, connect: Connect) -> Term:
    """Which units a `wired` or `sparse` connection joins, as a matrix of truths that lies as the weights."""
    if connect.kind is ConnectionKind.SPARSE:
        return random_wiring(scope, connect)
    assert connect.rule is not None and connect.rule_elements is not None
    sides = (connect.source.type.unit_count, connect.type.unit_count)
    source, target = (
        Axis(IndexSet(name, SetKind.NODES), Extent.of(size), name)
        for name, size in zip(connect.rule_elements, sides, strict=True)
    )
    for axis in (source, target):
        scope.elements[axis.set.name] = scope.constant(0).position(axis)
    table = Layout(space=(source, target) if connect.transposed else (target, source))
    wired = lower(scope, connect.rule).truth().stretched(table)
    return replace(wired, layout=Layout(units=tuple(known(axis.extent) for axis in table.space)))


def _apply(scope: Scope, apply: Apply) -> Term:
    """A function of the catalogue; of `weights` it is the sum over all of them."""
    body = entry_of(apply.function).lower
    options = {**dict(apply.options), **_owned(scope, apply)}
    match apply.arguments:
        case (Apply(function="weights", arguments=weights),):
            terms = [body(lower(scope, weight), **options) for weight in weights]
            total: Term = sum(terms[1:], start=terms[0]) if terms else scope.constant(0)
            return total
        case arguments:
            given = [_argument(scope, argument) for argument in arguments]
            result: Term = body(*given, **options, **_told(scope, apply, given))
            return result


def _owned(scope: Scope, apply: Apply) -> dict[str, Term | State]:
    """The parameters that a use of a function owns."""
    function = entry_of(apply.function)
    owned = {name: own for (name, _, _), own in zip(function.parameters, apply.parameters, strict=True)}
    return {
        name: State(scope, own) if name in function.states else scope.parameter(own)
        for name, own in owned.items()
    }


def _told(scope: Scope, apply: Apply, given: Iterable[Term | Distribution]) -> dict[str, object]:
    """What a function's body asks for beside what its signature says."""
    layout = Layout()
    for term in given:
        layout = layout.union(term.layout) if isinstance(term, Term) else layout
    told = {"units": apply.type.units, "noise": Noise(scope, layout), "training": scope.training}
    function = entry_of(apply.function)
    return {name: value for name, value in told.items() if function.asks(name)}


def _argument(scope: Scope, argument: Expression) -> Term | Distribution:
    """What a function is given; a distribution is compared there, not drawn from."""
    if not isinstance(argument, Sample):
        return lower(scope, argument)
    own = Layout(space=argument.type.space, units=argument.type.units)
    terms = (lower(scope, parameter).real() for parameter in argument.arguments)
    parameters = tuple(term.stretched(term.layout.union(own)) for term in terms)
    return Distribution(argument.distribution, parameters)


def _drawn(scope: Scope, sample: Sample) -> Term:
    """A draw, its own for each example and each entry."""
    layout = scope.layout(sample.type)
    parameters = (lower(scope, parameter).real() for parameter in sample.arguments)
    drawing = family("distribution")[sample.distribution]
    result: Term = drawing.lower(*parameters, noise=Noise(scope, layout))
    return result
