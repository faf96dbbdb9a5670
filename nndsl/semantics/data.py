"""The `data` statement: what inputs and targets are given."""

from __future__ import annotations

from nndsl.diagnostics.catalogue.names import UnknownColumnFunction, UnknownOption
from nndsl.diagnostics.catalogue.training import (
    BoundTwice,
    NoSuchFold,
    NotAColumnExpression,
    NotAPort,
    SplitShares,
    WrongPort,
)
from nndsl.diagnostics.catalogue.types import WrongArgumentCount
from nndsl.semantics import model as m
from nndsl.semantics.context import Draftbook
from nndsl.semantics.draft import DraftValue
from nndsl.semantics.expressions import OPERATORS
from nndsl.semantics.finish import finish_value
from nndsl.semantics.model import ValueKind
from nndsl.semantics.scope import NetworkParameter, Scope
from nndsl.semantics.sizes import constant, whole_number
from nndsl.source import Span
from nndsl.syntax import tree

# the sequence functions on columns, with how many arguments each takes
COLUMN_FUNCTIONS = {
    "window": ("column", "length"),
    "next": ("column",),
    "previous": ("column",),
    "after": ("column", "length"),
    "tokens": ("column",),
    "abs": ("column",),
    "exp": ("column",),
    "log": ("column",),
    "sqrt": ("column",),
    "join": ("column", "..."),
}
"""What may be asked of columns, with the names of the arguments; `...` stands for more of the same."""
_PORTS = (ValueKind.INPUT, ValueKind.TARGET)


class DataReader:
    """Reads the `data` statement against the ports of a network."""

    def __init__(self, book: Draftbook, scope: Scope) -> None:
        self._book, self._scope = book, scope

    def bindings(self, data: tree.Data) -> list[tuple[DraftValue, m.ColumnExpression, Span]]:
        """What each port is given; a port that the spec leaves out is bound to the column of its name."""
        found: dict[str, tuple[DraftValue, m.ColumnExpression, Span]] = {}
        for binding in data.bindings:
            value = self.port(binding.name, _PORTS)
            expression = self._column(binding.value)
            if value is None or expression is None:
                continue
            if value.name in found:
                first = found[value.name][2]
                self._book.diagnostics.add(BoundTwice(value.name, first, span=binding.span))
            value.used = True
            found[value.name] = (value, expression, binding.span)
        for value in self._book.values:
            if value.kind in _PORTS and value.name not in found:
                found[value.name] = (value, m.Column(value.name, span=data.span), data.span)
        return list(found.values())

    def port(self, name: tree.Name, kinds: tuple[ValueKind, ...]) -> DraftValue | None:
        value = self._scope.names.get(name.name)
        if isinstance(value, DraftValue) and value.kind in kinds:
            return value
        if isinstance(value, DraftValue):
            wanted = " or ".join(kinds)
            self._book.diagnostics.add(WrongPort(name.name, value.kind, wanted, value.span, span=name.span))
            return None
        known = tuple(v.name for v in self._book.values if v.kind in kinds)
        self._book.diagnostics.add(NotAPort(name.name, known, span=name.span))
        return None

    def _column(self, syntax: tree.Expression) -> m.ColumnExpression | None:
        span = syntax.span
        match syntax:
            case tree.Name(name):
                known = self._scope.names.get(name)
                if isinstance(known, NetworkParameter) and isinstance(known.value, int | float):
                    known.used = True
                    return m.Number(float(known.value), span=span)
                return m.Column(name, span=span)
            case tree.String(value):
                return m.Column(value, span=span)
            case tree.Number(value):
                return m.Number(float(value), span=span)
            case tree.Unary(operator, operand):
                return self._transform("negate" if operator == "-" else "not", (operand,), span)
            case tree.Binary(operator, left, right):
                return self._transform(OPERATORS[operator], (left, right), span)
            case tree.Call():
                return self._function(syntax)
        self._book.diagnostics.add(NotAColumnExpression(span.text, span=span))
        return None

    def _function(self, call: tree.Call) -> m.ColumnExpression | None:
        name = call.function.name
        names = COLUMN_FUNCTIONS.get(name)
        if names is None:
            known = tuple(COLUMN_FUNCTIONS)
            self._book.diagnostics.add(UnknownColumnFunction(name, known, span=call.function.span))
            return None
        for option in call.options:
            self._book.diagnostics.add(UnknownOption(name, option.name.name, (), span=option.name.span))
        fits = len(call.arguments) == len(names) or (names[-1] == "..." and call.arguments)
        if not fits:
            self._book.diagnostics.add(WrongArgumentCount(name, names, len(call.arguments), span=call.span))
            return None
        if names[-1] == "length":
            length = whole_number(call.arguments[1], self._scope)
            column = self._column(call.arguments[0])
            if length is None or column is None:
                return None
            number = m.Number(float(length), span=call.arguments[1].span)
            return m.Transform(name, (column, number), span=call.span)
        return self._transform(name, call.arguments, call.span)

    def _transform(
        self, name: str, syntax: tuple[tree.Expression, ...], span: Span
    ) -> m.ColumnExpression | None:
        arguments = tuple(self._column(part) for part in syntax)
        known = tuple(argument for argument in arguments if argument is not None)
        return m.Transform(name, known, span=span) if len(known) == len(arguments) else None

    # --- the split -----------------------------------------------------------------------

    def shares(self, split: tree.Split | tree.Fold | None) -> tuple[float, float, float] | None:
        """Shares of training, validation and test; two shares leave out validation."""
        if not isinstance(split, tree.Split):
            return None
        numbers = [float(share.value) for share in split.shares]
        if len(numbers) == 2:
            numbers = [numbers[0], 0.0, numbers[1]]
        if len(numbers) != 3 or min(numbers) < 0 or numbers[0] <= 0:
            self._book.diagnostics.add(SplitShares(len(numbers), span=split.span))
            return None
        total = sum(numbers)
        first, second, third = (number / total for number in numbers)
        return first, second, third

    def fold(self, split: tree.Split | tree.Fold | None) -> m.Fold | None:
        """Which part of how many is the test part."""
        if not isinstance(split, tree.Fold):
            return None
        number, count = (constant(part, self._scope) for part in (split.number, split.count))
        if number is None or count is None:
            return None
        whole = all(isinstance(found, int) and not isinstance(found, bool) for found in (number, count))
        if not whole or count < 2 or not 0 <= number < count:
            self._book.diagnostics.add(NoSuchFold(str(number), str(count), span=split.span))
            return None
        return m.Fold(number, count)


def finish_dataset(
    data: tree.Data,
    bindings: list[tuple[DraftValue, m.ColumnExpression, Span]],
    shares: tuple[float, float, float] | None,
    fold: m.Fold | None,
) -> m.Dataset:
    path = isinstance(data.source, tree.String)
    source = data.source.value if isinstance(data.source, tree.String) else data.source.name
    return m.Dataset(
        source,
        path,
        tuple(m.Bind(finish_value(value), expression, span=span) for value, expression, span in bindings),
        shares,
        isinstance(data.split, tree.Split) and data.split.in_order,
        fold,
        span=data.span,
    )
