"""Arithmetic on sizes and constants: `2 * c`, `d/heads`, `4 * d`.

A size may wait for what binds its names; a constant must be known where it stands. Both are
exact: a division of sizes that leaves a rest is a mistake.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

from nndsl.diagnostics.catalogue.names import NotAConstant, UnknownName
from nndsl.diagnostics.catalogue.types import (
    InexactDivision,
    NotASize,
    SizeNotPositive,
    SizesDiffer,
    UnknownHere,
)
from nndsl.semantics.scope import BlockConstant, NetworkParameter, Scope, SizeVariable
from nndsl.semantics.units import Constraint, Part, Size, Solver
from nndsl.source import Span
from nndsl.syntax import tree

_LARGEST_EXPONENT = 1024


def _power(base: float, exponent: float) -> float:
    """base ^ exponent, refused where the number would have no end or be complex."""
    if abs(exponent) > _LARGEST_EXPONENT or (base < 0 and not float(exponent).is_integer()):
        raise OverflowError
    power: float = base**exponent
    return power


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": _power,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
}
LARGEST_SIZE = 2**31 - 1


class _Mistake(Exception):
    """Ends the evaluation of a constant once its mistake is reported."""


def constant(expression: tree.Expression, scope: Scope) -> Any:
    """The number, truth or text that an expression stands for, or None after a mistake was reported."""
    try:
        return _value(expression, scope)
    except _Mistake:
        return None


def whole_number(expression: tree.Expression, scope: Scope, least: int | None = 1) -> int | None:
    """A constant that must be a whole number, of at least `least`."""
    value = constant(expression, scope)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        scope.diagnostics.add(NotASize(str(value), span=expression.span))
        return None
    if least is not None and value < least:
        scope.diagnostics.add(SizeNotPositive(value, least, span=expression.span))
        return None
    return value


def _value(expression: tree.Expression, scope: Scope) -> Any:
    match expression:
        case tree.Number(value) | tree.Truth(value) | tree.String(value):
            return value
        case tree.Name():
            return _named(expression, scope)
        case tree.Unary(op, operand):
            value = _value(operand, scope)
            return -value if op == "-" else not value
        case tree.Binary(op, left, right):
            return _combined(op, _value(left, scope), _value(right, scope), expression, scope)
        case tree.Tuple(items):
            return tuple(_value(item, scope) for item in items)
    scope.diagnostics.add(NotAConstant(expression.span.text, span=expression.span))
    raise _Mistake


def _combined(op: str, left: Any, right: Any, expression: tree.Expression, scope: Scope) -> Any:
    try:
        if op == "/" and isinstance(left, int) and isinstance(right, int) and right and not left % right:
            return left // right
        return _ARITHMETIC[op](left, right)
    except (ArithmeticError, TypeError, ValueError):
        scope.diagnostics.add(NotAConstant(expression.span.text, span=expression.span))
        raise _Mistake from None


def _named(name: tree.Name, scope: Scope) -> Any:
    match scope.find(name.name):
        case NetworkParameter(value=value):
            return value
        case BlockConstant(expression=expression, scope=outer):
            return _value(expression, outer)
        case SizeVariable(size=size):
            if size.value is not None:
                return size.value
            scope.diagnostics.add(UnknownHere(name.name, span=name.span))
        case None:
            known = tuple(scope.names)
            scope.diagnostics.add(UnknownName(name.name, "network parameter", known, span=name.span))
        case other:
            scope.diagnostics.add(NotAConstant(name.name, other.span, span=name.span))
    raise _Mistake


def size_of(expression: tree.Expression, scope: Scope, solver: Solver) -> Size:
    """The size that an expression in brackets stands for; not known yet where its names are not."""
    found = _size(expression, scope, solver)
    if isinstance(found, Size):
        return found
    return checked_size(found, expression.span, solver)


def _size(expression: tree.Expression, scope: Scope, solver: Solver) -> Any:
    """A number, or a `Size` where it depends on one that may not be known yet."""
    match expression:
        case tree.Name(name):
            entity = scope.names.get(name)
            if isinstance(entity, SizeVariable):
                return entity.size
            if isinstance(entity, BlockConstant):
                entity.used = True
                return _size(entity.expression, entity.scope, solver)
        case tree.Binary(op, left, right) if op in "+-*/^":
            parts = _size(left, scope, solver), _size(right, scope, solver)
            if any(isinstance(part, Size) for part in parts):
                return _later(op, parts, expression.span, solver)
            return _exact(op, parts, expression.span, solver)
    value = constant(expression, scope)
    return Size.mistaken() if value is None else value


def _exact(op: str, parts: tuple[Any, Any], span: Span, solver: Solver) -> Any:
    left, right = parts
    if op == "/" and isinstance(left, int) and isinstance(right, int):
        if right == 0 or left % right:
            solver.report(InexactDivision(left, right, span=span))
            return Size.mistaken()
        return left // right
    try:
        return _ARITHMETIC[op](left, right)
    except (ArithmeticError, TypeError):
        solver.report(NotASize(span.text, span=span))
        return Size.mistaken()


def _later(op: str, parts: tuple[Any, Any], span: Span, solver: Solver) -> Size:
    left, right = (part if isinstance(part, Size) else Size(part) for part in parts)
    result = Size()
    solver.require(_SizeArithmetic(solver, op, (left, right), result, span))
    return result


def checked_size(value: Any, span: Span, solver: Solver) -> Size:
    """A size that is known, refused where it is no possible number of units."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        solver.report(NotASize(str(value), span=span))
        return Size.mistaken()
    if not 1 <= value <= LARGEST_SIZE:
        solver.report(SizeNotPositive(value, 1, LARGEST_SIZE, span=span))
        return Size.mistaken()
    return Size(value)


class _SizeArithmetic(Constraint):
    """`result` is what the operator makes of two sizes."""

    def __init__(self, solver: Solver, op: str, parts: tuple[Size, Size], result: Size, span: Span) -> None:
        self._solver, self._op, self._parts, self._result, self._span = solver, op, parts, result, span

    def variables(self) -> Iterable[Part]:
        return self._parts

    def advance(self) -> bool:
        if any(part.root().wrong for part in self._parts):
            self._result.root().wrong = True
            return True
        left, right = (part.value for part in self._parts)
        if left is None or right is None:
            return False
        value = _exact(self._op, (left, right), self._span, self._solver)
        found = value if isinstance(value, Size) else checked_size(value, self._span, self._solver)
        if not self._result.become(found):
            self._solver.report(SizesDiffer(str(self._result), str(found), span=self._span))
        self._result.root().wrong |= found.wrong
        return True
