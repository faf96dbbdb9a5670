"""Feedback: definitions that depend on each other, through delays, as one loop in time.

Each definition is restated for one step: without the axis of time, values of the loop that it takes from
other steps replaced by what is carried, and all that does not depend on the loop by what is handed in, as it
is computed outside, for all of time at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nndsl.building.carrying import begin, is_carried, leave
from nndsl.building.components import Component, depends, direction
from nndsl.building.definitions import defined, started
from nndsl.building.expressions import lower
from nndsl.building.layout import Layout, dimension_of
from nndsl.building.scope import Scope
from nndsl.building.term import Term
from nndsl.graph.builder import Builder, prune
from nndsl.graph.graph import Graph, Node
from nndsl.graph.types import Element, TensorType
from nndsl.operators.broadcasting import Expand, filled
from nndsl.operators.comparisons import Where
from nndsl.operators.leaves import Fed
from nndsl.operators.loop import Carry, Loop
from nndsl.operators.movement import Transpose
from nndsl.operators.random import Draw
from nndsl.semantics.model import (
    Apply,
    At,
    Connect,
    Constant,
    Definition,
    Expression,
    Parameter,
    ParameterReference,
    Reduce,
    Reference,
    Sample,
    Value,
    ValueKind,
)
from nndsl.types import Axis, Domain, SetKind, Type


def define_loop(scope: Scope, component: Component) -> None:
    """Builds the members of a component as one loop; they are values of the scope then."""
    step = _Step(scope, component)
    for definition in component:
        started(scope, definition, step.time)
    for definition in component:
        step.define(definition)
    with scope.build.at(component[0].value.name, component[0].span):
        loop, operands = step.finish()
        node = scope.build(loop, *operands)
        if is_carried(scope, step.time):
            leave(scope, loop, node)
    for value in (definition.value for definition in component):
        with scope.build.at(value.name, value.span):
            taken = scope.build(loop.result(value.name), node)
            scope.values[value.name] = step.over_time(taken, value)


@dataclass(kw_only=True)
class StepScope(Scope):
    """What one step is built in; parameters and random numbers are handed in from outside."""

    step: _Step

    def parameter(self, parameter: Parameter) -> Term:
        return self.step.handed_in(self.step.outside.parameter(parameter))

    def drawn(self, operator: type[Draw], layout: Layout) -> Term:
        whole = replace(layout, space=(self.step.own, *layout.space))
        return self.step.handed_in(self.step.outside.drawn(operator, whole))


class _Step:
    """One step of a loop in the making. `own` is the axis of time as the definition at hand has it."""

    def __init__(self, scope: Scope, component: Component) -> None:
        self.outside = scope
        self.members = {definition.value.name: definition for definition in component}
        self.time, self.reverse = direction(component)
        self.own = self._own(component[0].value)
        self._layer = component[0].value.name
        self.build = Builder()
        self.scope = StepScope(self.build, energies=scope.energies, training=scope.training, step=self)
        self._depths: dict[str, int] = {}
        self._unnamed: dict[Expression, Definition] = {}  # for expressions that are carried: `(h + x)[t-1]`
        self._handed: dict[tuple[Node, Axis | None], Node] = {}
        self._operands: dict[str, Node] = {}  # what is handed in under each key
        self._inputs: set[str] = set()  # the keys of what differs from step to step
        for name in self.members:
            self.build.reserve(name)

    # --- definitions ----------------------------------------------------------------------

    def define(self, definition: Definition) -> None:
        """Builds what a definition says of one step."""
        value = definition.value
        self.own, self._layer = self._own(value), value.name
        with self.outside.build.at(value.name, value.span):
            expression = self._restated(definition.expression)
            stated = replace(value, type=self._timeless(value.type))
            definition = replace(definition, value=stated, expression=expression)
            self.scope.values[value.name] = self._kept(value, definition)

    def _kept(self, value: Value, stated: Definition) -> Term:
        """The value of a definition for one step; a sign of zero is that of the step before."""
        term = defined(self.scope, stated)
        match stated.expression:
            case Apply(function="sign", arguments=(net,)):
                before = self.scope.value(self._carried(value, 1))
                zero = lower(self.scope, net).apply("equal", self.scope.constant(0)).stretched(term.layout)
                return replace(term, node=self.build(Where(), zero.node, before.node, term.node))
            case _:
                return term

    def finish(self) -> tuple[Loop, list[Node]]:
        """The loop of all that has been defined, and its operands."""
        while waiting := [d for d in self._unnamed.values() if d.value.name not in self.scope.values]:
            self.define(waiting[0])
        body = self._body()
        carries = tuple(Carry(name, depth) for name, depth in self._depths.items())
        keys = {carry.key(delay) for carry in carries for delay in carry.delays}
        leaves = [node for node in body if isinstance(node.operator, Fed) and node.name not in keys]
        for node in leaves:
            if node.name not in self._operands:
                assert isinstance(node.operator, Fed)
                self._operands[node.name] = self.outside.build.leaf(node.operator)
        inputs = tuple(node.name for node in leaves if node.name in self._inputs)
        shared = tuple(node.name for node in leaves if node.name not in self._inputs)
        loop = Loop(body, dimension_of(self.own), carries, inputs, shared, self.reverse)
        initial = [self._initial(loop, carry) for carry in carries]
        return loop, [*initial, *(self._operands[key] for key in (*inputs, *shared))]

    def _body(self) -> Graph:
        """What one step computes; everything can be asked for."""
        named = [*self.members, *(definition.value.name for definition in self._unnamed.values())]
        outputs = {name: self.scope.values[name].node for name in named}
        body = prune(self.build.graph(outputs))
        return Graph(body.nodes, outputs | {node.name: node for node in body})

    def over_time(self, taken: Node, value: Value) -> Term:
        """All steps of a member, as its value lies outside of the loop."""
        keys = (self._own(value), *Layout.of(self._without(value.type, self._own(value))).keys)
        layout = Layout.of(value.type)
        order = tuple(keys.index(key) for key in layout.keys)
        return Term(self.outside.build, self.outside.build(Transpose(order), taken), layout)

    # --- expressions ------------------------------------------------------------------------

    def _restated(self, expression: Expression) -> Expression:
        """What an expression says of one step."""
        if isinstance(expression, Constant | ParameterReference):
            return expression
        if not depends(expression, self.members):
            return self._given(lower(self.outside, expression), expression)
        type = self._timeless(expression.type)
        match expression:
            case Reference():
                return replace(expression, type=type)
            case At():
                return self._picked(expression, type)
            case Apply(arguments=arguments) | Sample(arguments=arguments):
                return replace(expression, arguments=tuple(map(self._restated, arguments)), type=type)
            case Connect(source=source):
                return replace(expression, source=self._restated(source), type=type)
            case Reduce(body=body, condition=condition):
                condition = None if condition is None else self._restated(condition)
                return replace(expression, body=self._restated(body), condition=condition, type=type)
            case _:
                raise AssertionError(f"not refused: {expression}")

    def _picked(self, at: At, type: Type) -> Expression:
        """A value of another step is what is carried; picks along other axes stay."""
        own = next(k for k, axis in enumerate(at.value.type.space) if self._is_own(axis, at.value))
        delay = abs(next((pick.shift for pick in at.picks if pick.axis == own), 0))
        source = self._before(at.value, delay) if delay else self._restated(at.value)
        picks = (pick for pick in at.picks if pick.axis != own)
        rest = tuple(replace(pick, axis=pick.axis - (pick.axis > own)) for pick in picks)
        return replace(at, value=source, picks=rest, type=type)

    def _is_own(self, axis: Axis, expression: Expression) -> bool:
        if isinstance(expression, Reference):
            return axis == self._own(expression.value)
        return self._is_time(axis)

    def _before(self, expression: Expression, delay: int) -> Expression:
        """What an expression was so many steps before, in the direction of the loop."""
        value = expression.value if isinstance(expression, Reference) else self._named(expression)
        carried = self._carried(value, delay)
        return Reference(carried, type=carried.type, span=expression.span)

    def _carried(self, value: Value, delay: int) -> Value:
        """What a value was so many steps before."""
        depth = self._depths[value.name] = max(delay, self._depths.get(value.name, 0))
        key = Carry(value.name, depth).key(delay)
        type = self._without(value.type, self._own(value))
        if key not in self.scope.values:
            layout = Layout.of(type)
            element = Element.INDEX if type.domain is Domain.INDEX else Element.REAL
            leaf = self.build.argument(key, TensorType(layout.dimensions, element))
            self.scope.values[key] = self._begun(Term(self.build, leaf, layout), value, delay)
        return replace(value, name=key, type=type)

    def _named(self, expression: Expression) -> Value:
        """A value for an expression that is taken from another step."""
        if expression not in self._unnamed:
            name = f"{self._layer}.delayed{len(self._unnamed) + 1}"
            self.build.reserve(name)
            value = Value(name, ValueKind.LAYER, expression.type, span=expression.span)
            self._unnamed[expression] = Definition(value, expression, span=expression.span)
        return self._unnamed[expression].value

    # --- what comes from outside --------------------------------------------------------------

    def _given(self, term: Term, expression: Expression) -> Expression:
        """A reference to what is computed outside of the loop."""
        term = self.handed_in(term)
        self.scope.values[term.node.name] = term
        type = replace(expression.type, space=term.layout.space)
        value = Value(term.node.name, ValueKind.LAYER, type, span=expression.span)
        return Reference(value, type=type, span=expression.span)

    def handed_in(self, term: Term) -> Term:
        """A value from outside, as one step sees it."""
        space = term.layout.space
        own = next((axis for axis in space if self._is_time(axis)), None)
        layout = replace(term.layout, space=tuple(axis for axis in space if axis != own))
        if (term.node, own) not in self._handed:
            node = term.node if own is None else _in_front(term, own)
            dimensions = node.type.dimensions if own is None else node.type.dimensions[1:]
            leaf = self.build.argument(term.node.name, TensorType(dimensions, node.type.element))
            self._handed[term.node, own] = leaf
            self._operands[leaf.name] = node
            if own is not None:
                self._inputs.add(leaf.name)
        return Term(self.build, self._handed[term.node, own], layout)

    def _begun(self, term: Term, value: Value, delay: int) -> Term:
        """What is carried. Backwards, each example begins at its own end: until then it is the start."""
        if not (self.reverse and self.time.kind is SetKind.SEQUENCE):
            return term
        place = self.outside.constant(0).position(self.own)
        later = (place.real() + delay).apply("less", place.length(self.own).real())
        inside = self.handed_in(later).stretched(term.layout)
        start = self.outside.starts.get(value.name)
        before = filled(self.build, 0.0, term.node.type) if start is None else self.handed_in(start).node
        return replace(term, node=self.build(Where(), inside.node, term.node, before))

    def _initial(self, loop: Loop, carry: Carry) -> Node:
        """The values of a member from before the first step, outside."""
        build = self.outside.build
        type = loop.state(carry).type
        start = self.outside.starts.get(carry.output)
        if start is None:
            initial = filled(build, 0.0, type)
        else:
            initial = build(Expand((0,), type.dimensions[:1]), start.node)
        if is_carried(self.outside, self.time):
            return begin(self.outside, self.time, carry.output, initial)
        return initial

    # --- axes -----------------------------------------------------------------------------------

    def _own(self, value: Value) -> Axis:
        """The axis of time of a member."""
        return next(axis for axis in value.type.space if axis.set == self.time)

    def _is_time(self, axis: Axis) -> bool:
        """Whether an axis is that of the step itself, not one that a reduction runs along."""
        return axis.set == self.time and axis.element in (None, self.own.element)

    def _timeless(self, type: Type) -> Type:
        return self._without(type, next((axis for axis in type.space if self._is_time(axis)), None))

    def _without(self, type: Type, own: Axis | None) -> Type:
        return replace(type, space=tuple(axis for axis in type.space if axis != own))


def _in_front(term: Term, own: Axis) -> Node:
    """A value with the axis of time first."""
    place = term.layout.keys.index(own)
    rest = (axis for axis in range(term.node.type.rank) if axis != place)
    return term.build(Transpose((place, *rest)), term.node)
