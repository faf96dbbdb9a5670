"""Expressions and heads of statements, printed: the least parentheses, and lines that may break."""

from __future__ import annotations

from collections.abc import Sequence

from nndsl.syntax import tree
from nndsl.syntax.builder import ESCAPES
from nndsl.syntax.layout import Doc, Group, Line, Nest, joined

_LEVELS = {"or": 1, "and": 2, "+": 5, "-": 5, "*": 6, "/": 6, "^": 8}
_NOT, _COMPARISON, _MINUS, _REPEATED, _ATOM = 3, 4, 7, 8, 9
_INDENT = 4


def expression(node: tree.Expression, least: int = 0, *, tight: bool = False) -> Doc:
    """The expression, in parentheses if it binds less than `least`; `tight` ones have no blanks: `h[t-1]`."""
    if level(node) < least:
        return ("(", _unbracketed(node, tight), ")")
    return _unbracketed(node, tight)


def level(node: tree.Expression) -> int:
    """How strongly an expression binds: higher is stronger."""
    match node:
        case tree.Binary():
            return _LEVELS.get(node.operator, _COMPARISON)
        case tree.Unary():
            return _NOT if node.operator == "not" else _MINUS
        case tree.Repeated():
            return _REPEATED
        case _:
            return _ATOM


def _unbracketed(node: tree.Expression, tight: bool) -> Doc:
    match node:
        case tree.Number():
            return number(node)
        case tree.String():
            return string(node)
        case tree.Truth():
            return "yes" if node.value else "no"
        case tree.Extents():
            return "x".join(map(str, node.sizes))
        case tree.Name():
            return node.name
        case tree.Member():
            return f"{node.owner.name}.{node.name.name}"
        case tree.Transposed():
            return f"{node.value.name}'"
        case tree.Index():
            return (expression(node.value, _ATOM), units(node.picks))
        case tree.Unary():
            return _unary(node, tight)
        case tree.Binary():
            return _binary(node, tight)
        case tree.Ramp():
            return (expression(node.start), " -> ", expression(node.end))
        case tree.Tuple():
            return _listed("(", [expression(item) for item in node.items], ")")
        case tree.Array():
            return _listed("[", [expression(item) for item in node.items], "]")
        case tree.Call():
            return call(node)
        case tree.Repeated():
            return (call(node.call), " repeated ", _count(node.count), " shared" if node.shared else "")
        case tree.Reduce():
            return _reduce(node)
        case _:
            return _argument(node)


def _count(node: tree.Expression) -> Doc:
    plain = isinstance(node, tree.Name) or (isinstance(node, tree.Number) and isinstance(node.value, int))
    return expression(node) if plain else ("(", expression(node), ")")


def _argument(node: tree.To | tree.Along | tree.Rule | tree.Given | tree.From) -> Doc:
    match node:
        case tree.To():
            return ("to ", expression(node.units[0]) if len(node.units) == 1 else units(node.units))
        case tree.Along():
            return f"along {node.axis.name}"
        case tree.Rule():
            pair = f"({node.source.name} -> {node.target.name})"
            return (pair, " where ", expression(node.condition))
        case tree.Given():
            return f"{node.unit.name} | {node.energy.name}"
        case tree.From():
            return (f"{node.unit.name} from ", expression(node.value))


def number(node: tree.Number) -> str:
    """As it is written, `1e-3` or `0.001`, where it is known how."""
    written = node.span.text
    if isinstance(node.value, float) and _is_float(written) and float(written) == node.value:
        return written
    return repr(node.value)


def _is_float(text: str) -> bool:
    return text[:1].isdigit() and not text.isdigit()


def string(node: tree.String) -> str:
    written = {char: escape for escape, char in ESCAPES.items()}
    return f'"{"".join(written.get(char, char) for char in node.value)}"'


def _unary(node: tree.Unary, tight: bool) -> Doc:
    if node.operator == "not":
        return ("not ", expression(node.operand, _NOT, tight=tight))
    return ("-", expression(node.operand, _MINUS, tight=tight))


def _binary(node: tree.Binary, tight: bool) -> Doc:
    """A chain of operators of one level is one group, whose lines begin with the operators."""
    own = level(node)
    if node.operator == "^":
        return (expression(node.left, _ATOM, tight=tight), "^", expression(node.right, _MINUS, tight=tight))
    if own == _COMPARISON:
        sides = (expression(node.left, own + 1, tight=tight), expression(node.right, own + 1, tight=tight))
        return Group((sides[0], Line(), f"{node.operator} ", sides[1]))
    links: list[Doc] = []
    first: tree.Expression = node
    while isinstance(first, tree.Binary) and level(first) == own:
        right = expression(first.right, own + 1, tight=tight)
        spaced = not tight or first.operator in ("and", "or")
        links.append((Line(), f"{first.operator} ", right) if spaced else (first.operator, right))
        first = first.left
    return Group((expression(first, own, tight=tight), *reversed(links)))


def _listed(opening: str, docs: Sequence[Doc], closing: str) -> Doc:
    if not docs:
        return opening + closing
    return Group((opening, Nest(_INDENT, (Line(""), *joined((",", Line()), docs))), Line(""), closing))


def call(node: tree.Call) -> Doc:
    """A call; arguments and options in the order in which they are written."""
    parts: list[tree.Expression | tree.Option] = [*node.arguments, *node.options]
    ordered = sorted(parts, key=lambda part: part.span.start)
    mark = "'" if node.transposed else ""
    return (f"{node.function.name}{mark}", _listed("(", [_part(part) for part in ordered], ")"))


def use_of(node: tree.Call) -> Doc:
    """A call whose parentheses are left out when they are empty."""
    bare = not (node.arguments or node.options or node.transposed)
    return node.function.name if bare else call(node)


def _part(part: tree.Expression | tree.Option) -> Doc:
    return option(part) if isinstance(part, tree.Option) else expression(part)


def option(node: tree.Option) -> Doc:
    return (f"{node.name.name} = ", expression(node.value))


def _reduce(node: tree.Reduce) -> Doc:
    parts: list[Doc] = [expression(node.body), Line(), over(node.over)]
    if node.condition is not None:
        parts += [Line(), "where ", expression(node.condition)]
    for given in node.options:
        parts += [",", Line(), option(given)]
    return (node.operation.name, Group(("(", Nest(_INDENT, (Line(""), *parts)), Line(""), ")")))


# --- index sets and declarations ---------------------------------------------------


def over(node: tree.Over) -> Doc:
    elements = [_element(element) for element in node.elements]
    if len(elements) == 1 and not node.grid:
        return ("over ", elements[0])
    return ("over (", *joined(", ", elements), ")")


def _element(node: tree.Element) -> Doc:
    if node.name is None:
        return _index_set(node.of)
    name = f"({node.source.name} -> {node.name.name})" if node.source else node.name.name
    return (name, " in ", _index_set(node.of))


def _index_set(node: tree.IndexSet) -> Doc:
    match node:
        case tree.SetRange():
            ends = (expression(node.first, tight=True), "..", expression(node.last, _LEVELS["+"], tight=True))
            return (*ends, " until stable" if node.until_stable else "")
        case tree.SetCall():
            return f"{node.function.name}({node.element.name})"
        case tree.Window():
            return ("window ", expression(node.extents))
        case _:
            return expression(node)


def units(nodes: Sequence[tree.Expression]) -> Doc:
    """`[heads, d/heads]`."""
    return ("[", *joined(", ", [expression(node, tight=True) for node in nodes]), "]")


def declared(node: tree.Declared) -> Doc:
    parts: list[Doc] = [node.name.name]
    if node.units is not None:
        parts.append(units(node.units))
    if node.domain is not None:
        parts.append(f" {node.domain.name}")
    if node.over is not None:
        parts += [" ", over(node.over)]
    return tuple(parts)


def declarations(nodes: Sequence[tree.Declared]) -> Doc:
    return joined(", ", [declared(node) for node in nodes])


def parameter(node: tree.Declared | tree.ParameterDefault) -> Doc:
    if isinstance(node, tree.Declared):
        return declared(node)
    return node.name.name if node.default is None else (f"{node.name.name} = ", expression(node.default))


def parameters(nodes: Sequence[tree.Declared | tree.ParameterDefault]) -> Doc:
    """The head's list of inputs and constants, in parentheses."""
    return _listed("(", [parameter(node) for node in nodes], ")")


def names(nodes: Sequence[tree.Name]) -> str:
    return ", ".join(node.name for node in nodes)
