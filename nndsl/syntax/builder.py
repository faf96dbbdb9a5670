"""The parser's tree, turned into the syntax tree: one method a rule of the grammar."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from lark import Token
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive, v_args

from nndsl.diagnostics.catalogue.syntax import SecondSplit, UnknownEscape
from nndsl.diagnostics.diagnostic import Diagnostics
from nndsl.source import Source, Span
from nndsl.syntax import tree

ESCAPES = {r"\n": "\n", r"\t": "\t", r"\"": '"', r"\\": "\\"}
_ESCAPE = re.compile(r"\\.")


@v_args(meta=True)
class TreeBuilder(Transformer_NonRecursive[Token, Any]):
    """Builds the items of a `Spec`; each method gets the children of its rule, which are built already.

    `diagnostics` holds the mistakes that the grammar cannot see. It is iterative, so
    that the length of a file costs no stack.
    """

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self.diagnostics = Diagnostics()

    # --- places and terminals

    def _token(self, token: Token) -> Span:
        return Span(self._source, token.start_pos or 0, token.end_pos or 0)

    def _place(self, meta: Meta) -> Span:
        return Span(self._source, 0, 0) if meta.empty else Span(self._source, meta.start_pos, meta.end_pos)

    def _word(self, token: Token) -> tree.Name:
        return tree.Name(str(token), span=self._token(token))

    def NAME(self, token: Token) -> tree.Name:
        return self._word(token)

    def INT(self, token: Token) -> tree.Number:
        return tree.Number(int(token), span=self._token(token))

    def FLOAT(self, token: Token) -> tree.Number:
        return tree.Number(float(token), span=self._token(token))

    def YES(self, token: Token) -> tree.Truth:
        return tree.Truth(True, span=self._token(token))

    def NO(self, token: Token) -> tree.Truth:
        return tree.Truth(False, span=self._token(token))

    def EXTENTS(self, token: Token) -> tree.Extents:
        return tree.Extents(tuple(map(int, token.split("x"))), span=self._token(token))

    def STRING(self, token: Token) -> tree.String:
        span = self._token(token)
        return tree.String(_ESCAPE.sub(lambda match: self._unescaped(match, span), token[1:-1]), span=span)

    def _unescaped(self, match: re.Match[str], string: Span) -> str:
        if match[0] not in ESCAPES:
            start = string.start + 1 + match.start()
            place = Span(self._source, start, start + len(match[0]))
            self.diagnostics.add(UnknownEscape(match[0], span=place))
        return ESCAPES.get(match[0], "")

    # --- a file

    def start(self, meta: Meta, items: list[Any]) -> tuple[Any, ...]:
        return tuple(items)

    def import_(self, meta: Meta, children: list[Any]) -> tree.Import:
        return tree.Import(children[0], span=self._place(meta))

    def use(self, meta: Meta, children: list[Any]) -> tree.Use:
        return tree.Use(*children, span=self._place(meta))

    def block(self, meta: Meta, children: list[Any]) -> tree.Block:
        return tree.Block(*children, span=self._place(meta))

    def network(self, meta: Meta, children: list[Any]) -> tree.Network:
        name, constants, body = children
        return tree.Network(name, constants or (), body, span=self._place(meta))

    def _sequence(self, meta: Meta, children: list[Any]) -> tuple[Any, ...]:
        return tuple(child for child in children if child is not None)

    block_parameters = constants = results = body = declarations = _sequence
    parameter_names = attributes = units = names = _sequence

    def block_input(self, meta: Meta, children: list[Any]) -> tree.Declared:
        return tree.Declared(*children, span=self._place(meta))

    def block_input_inferred(self, meta: Meta, children: list[Any]) -> tree.Declared:
        name, domain, over = children
        return tree.Declared(name, None, domain, over, span=self._place(meta))

    def block_input_over(self, meta: Meta, children: list[Any]) -> tree.Declared:
        name, over = children
        return tree.Declared(name, None, None, over, span=self._place(meta))

    def constant(self, meta: Meta, children: list[Any]) -> tree.ParameterDefault:
        return tree.ParameterDefault(*children, span=self._place(meta))

    # --- declarations

    def graph(self, meta: Meta, children: list[Any]) -> tree.Graph:
        return tree.Graph(*children, span=self._place(meta))

    def port(self, meta: Meta, children: list[Any]) -> tree.Port:
        kind, declared = children
        return tree.Port(str(kind), declared, span=self._place(meta))

    def declared(self, meta: Meta, children: list[Any]) -> tree.Declared:
        return tree.Declared(*children, span=self._place(meta))

    def parameter_name(self, meta: Meta, children: list[Any]) -> tree.Declared:
        name, units = children
        return tree.Declared(name, units, None, None, span=self._place(meta))

    def param(self, meta: Meta, children: list[Any]) -> tree.Param:
        declared, attributes, value, call = children
        distribution = None if call is None else tree.Distribution(call, span=call.span)
        return tree.Param(declared, attributes, value, distribution, span=self._place(meta))

    def layer(self, meta: Meta, children: list[Any]) -> tree.Layer:
        kind, declared, definition = children
        return tree.Layer(str(kind), declared, definition, span=self._place(meta))

    def random_layer(self, meta: Meta, children: list[Any]) -> tree.Layer:
        kind, declared, call = children
        distribution = tree.Distribution(call, span=call.span)
        return tree.Layer(str(kind), declared, distribution, span=self._place(meta))

    def start_value(self, meta: Meta, children: list[Any]) -> tree.Start:
        return tree.Start(*children, span=self._place(meta))

    def share(self, meta: Meta, children: list[Any]) -> tree.Share:
        return tree.Share(*children, span=self._place(meta))

    def energy(self, meta: Meta, children: list[Any]) -> tree.Energy:
        return tree.Energy(*children, span=self._place(meta))

    def bare_call(self, meta: Meta, children: list[Any]) -> tree.Call:
        return tree.Call(children[0], False, (), (), span=self._place(meta))

    # --- index sets

    def over(self, meta: Meta, children: list[Any]) -> tree.Over:
        return tree.Over((children[0],), False, span=self._place(meta))

    def over_several(self, meta: Meta, children: list[Any]) -> tree.Over:
        grid = all(element.name is None and isinstance(element.of, tree.Name) for element in children)
        return tree.Over(tuple(children), grid, span=self._place(meta))

    def element(self, meta: Meta, children: list[Any]) -> tree.Element:
        name, index_set = children
        return tree.Element(name, None, index_set, span=self._place(meta))

    def edge(self, meta: Meta, children: list[Any]) -> tree.Element:
        source, target, index_set = children
        return tree.Element(target, source, index_set, span=self._place(meta))

    def one_extent(self, meta: Meta, children: list[Any]) -> tree.Extents:
        return tree.Extents((children[0].value,), span=self._place(meta))

    def range(self, meta: Meta, children: list[Any]) -> tree.SetRange:
        first, last, stable = children
        return tree.SetRange(first, last, stable is not None, span=self._place(meta))

    def until_stable(self, meta: Meta, children: list[Any]) -> bool:
        return True

    def set_call(self, meta: Meta, children: list[Any]) -> tree.SetCall:
        return tree.SetCall(*children, span=self._place(meta))

    def window(self, meta: Meta, children: list[Any]) -> tree.Window:
        return tree.Window(*children, span=self._place(meta))

    # --- expressions

    def binary(self, meta: Meta, children: list[Any]) -> tree.Binary:
        left, operator, right = children
        return tree.Binary(str(operator), left, right, span=self._place(meta))

    def unary(self, meta: Meta, children: list[Any]) -> tree.Unary:
        operator, operand = children
        return tree.Unary(str(operator), operand, span=self._place(meta))

    def index(self, meta: Meta, children: list[Any]) -> tree.Index:
        return tree.Index(children[0], tuple(children[1:]), span=self._place(meta))

    def member(self, meta: Meta, children: list[Any]) -> tree.Member:
        return tree.Member(*children, span=self._place(meta))

    def transposed(self, meta: Meta, children: list[Any]) -> tree.Transposed:
        return tree.Transposed(children[0], span=self._place(meta))

    def tuple(self, meta: Meta, children: list[Any]) -> tree.Tuple:
        return tree.Tuple(tuple(children), span=self._place(meta))

    def array(self, meta: Meta, children: list[Any]) -> tree.Array:
        return tree.Array(tuple(children), span=self._place(meta))

    def ramp(self, meta: Meta, children: list[Any]) -> tree.Ramp:
        return tree.Ramp(*children, span=self._place(meta))

    def call(self, meta: Meta, children: list[Any]) -> tree.Call:
        return self._call(meta, children, transposed=False)

    def transposed_call(self, meta: Meta, children: list[Any]) -> tree.Call:
        return self._call(meta, children, transposed=True)

    def _call(self, meta: Meta, children: list[Any], *, transposed: bool) -> tree.Call:
        function, *given = children
        if isinstance(function, Token):  # `window` is a keyword and a function on columns
            function = self._word(function)
        options, arguments = _parted(given)
        return tree.Call(function, transposed, arguments, options, span=self._place(meta))

    def repeated(self, meta: Meta, children: list[Any]) -> tree.Repeated:
        call, count, shared = children
        return tree.Repeated(call, count, shared is not None, span=self._place(meta))

    def reduce(self, meta: Meta, children: list[Any]) -> tree.Reduce:
        operation, body, over, condition, *options = children
        return tree.Reduce(operation, body, over, condition, tuple(options), span=self._place(meta))

    def option(self, meta: Meta, children: list[Any]) -> tree.Option:
        return tree.Option(*children, span=self._place(meta))

    def to(self, meta: Meta, children: list[Any]) -> tree.To:
        units = children[0]
        several = units.items if isinstance(units, tree.Array) else (units,)
        return tree.To(several, span=self._place(meta))

    def along(self, meta: Meta, children: list[Any]) -> tree.Along:
        return tree.Along(*children, span=self._place(meta))

    def rule(self, meta: Meta, children: list[Any]) -> tree.Rule:
        return tree.Rule(*children, span=self._place(meta))

    def given(self, meta: Meta, children: list[Any]) -> tree.Given:
        return tree.Given(*children, span=self._place(meta))

    def from_(self, meta: Meta, children: list[Any]) -> tree.From:
        return tree.From(*children, span=self._place(meta))

    # --- training

    def train(self, meta: Meta, children: list[Any]) -> tree.Train:
        alternate, name, *clauses = children
        return tree.Train(name, alternate is not None, tuple(clauses), span=self._place(meta))

    def learn(self, meta: Meta, children: list[Any]) -> tree.Learn:
        names, rule = children
        return tree.Learn(names, (), rule, span=self._place(meta))

    def learn_all(self, meta: Meta, children: list[Any]) -> tree.Learn:
        excepted, rule = children
        return tree.Learn(None, excepted or (), rule, span=self._place(meta))

    def minimize(self, meta: Meta, children: list[Any]) -> tree.Minimize:
        return tree.Minimize(*children, span=self._place(meta))

    def maximize(self, meta: Meta, children: list[Any]) -> tree.Maximize:
        return tree.Maximize(*children, span=self._place(meta))

    def report(self, meta: Meta, children: list[Any]) -> tree.Report:
        return tree.Report(tuple(children), span=self._place(meta))

    def setting(self, meta: Meta, children: list[Any]) -> tree.Setting:
        keyword, value = children
        return tree.Setting(self._word(keyword), (), value, span=self._place(meta))

    def setting_of(self, meta: Meta, children: list[Any]) -> tree.Setting:
        keyword, word, value = children
        return tree.Setting(self._word(keyword), (word,), value, span=self._place(meta))

    def setting_with(self, meta: Meta, children: list[Any]) -> tree.Setting:
        keyword, value, *words = children
        return tree.Setting(self._word(keyword), tuple(words), value, span=self._place(meta))

    # --- data

    def data(self, meta: Meta, children: list[Any]) -> tree.Data:
        source, *items = children
        bindings = tuple(item for item in items if isinstance(item, tree.Binding))
        splits = [item for item in items if isinstance(item, tree.Split | tree.Fold)]
        for second in splits[1:]:
            self.diagnostics.add(SecondSplit(splits[0].span, span=second.span))
        return tree.Data(source, bindings, splits[0] if splits else None, span=self._place(meta))

    def binding(self, meta: Meta, children: list[Any]) -> tree.Binding:
        return tree.Binding(*children, span=self._place(meta))

    def shares(self, meta: Meta, children: list[Any]) -> tree.Split:
        in_order, *shares = children
        return tree.Split(in_order is not None, tuple(shares), span=self._place(meta))

    def fold(self, meta: Meta, children: list[Any]) -> tree.Fold:
        return tree.Fold(*children, span=self._place(meta))

    def generate(self, meta: Meta, children: list[Any]) -> tree.Generate:
        return tree.Generate(*children, span=self._place(meta))


def _parted(given: Sequence[Any]) -> tuple[tuple[tree.Option, ...], tuple[Any, ...]]:
    """A call's options and its arguments, each in order."""
    options = tuple(child for child in given if isinstance(child, tree.Option))
    arguments = tuple(child for child in given if child is not None and not isinstance(child, tree.Option))
    return options, arguments
