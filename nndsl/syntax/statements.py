"""Statements, printed: each as one or more units, the pieces that begin lines of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nndsl.source import Span
from nndsl.syntax import phrases, tree
from nndsl.syntax.layout import WIDTH, Doc, Line, Nest, flat_text, flat_width, joined

INDENT = 2
_CONTINUATION = 4
_PADDED = ("graph", "input", "target", "param", "layer", "output", "start", "share")


@dataclass(frozen=True, slots=True)
class Unit:
    """What begins a line: `doc` behind `head`, which is padded where heads of neighbours are aligned.

    `start` and `end` are its place in the source; `depth` its indentation, in steps.
    """

    depth: int
    doc: Doc
    start: int
    end: int
    head: str = ""
    begins_item: bool = False
    closes: bool = False


def item_units(item: tree.Import | tree.Use | tree.Block | tree.Network) -> Iterator[Unit]:
    match item:
        case tree.Import():
            yield _unit(0, ("import ", phrases.string(item.path)), item.span)
        case tree.Use():
            yield _unit(0, f"use {phrases.names(item.names)} from {item.library.name}", item.span)
        case tree.Block():
            yield from _body(f"block {item.name.name}", item)
        case tree.Network():
            yield from _body(f"network {item.name.name}", item)


def _body(head: str, item: tree.Block | tree.Network) -> Iterator[Unit]:
    doc: Doc = head
    if item.parameters or isinstance(item, tree.Block):
        doc = (doc, phrases.parameters(item.parameters))
    last = (item.name, *item.parameters)[-1]
    if isinstance(item, tree.Block):
        last = item.results[-1]
        names = phrases.names(item.results)
        doc = (doc, f" -> ({names})" if len(item.results) > 1 else f" -> {names}")
    opening = _opening_end(item.span, last.span)
    if not item.body:
        yield Unit(0, (doc, " {}"), item.span.start, item.span.end, begins_item=True)
        return
    yield Unit(0, (doc, " {"), item.span.start, opening, begins_item=True)
    width = max((len(word) for statement in item.body if (word := _keyword(statement)) in _PADDED), default=0)
    for statement in item.body:
        yield from statement_units(statement, width)
    yield _closing(0, item.span)


def _opening_end(whole: Span, last: Span) -> int:
    """The place behind the `{` that follows `last`."""
    return whole.source.text.find("{", last.end, whole.end) + 1 or last.end


def _closing(depth: int, span: Span) -> Unit:
    return Unit(depth, "}", max(span.end - 1, 0), span.end, closes=True)


def _unit(depth: int, doc: Doc, span: Span, head: str = "") -> Unit:
    return Unit(depth, doc, span.start, span.end, head)


def _keyword(statement: tree.Statement) -> str:
    match statement:
        case tree.Port() | tree.Layer():
            return statement.kind
        case _:
            return type(statement).__name__.lower()


def statement_units(statement: tree.Statement, width: int) -> Iterator[Unit]:
    """A declaration's units; its keyword is padded to `width`."""
    keyword = _keyword(statement).ljust(width if _keyword(statement) in _PADDED else 0)
    match statement:
        case tree.Train():
            yield from _train(statement, 1)
        case tree.Data():
            yield from _data(statement)
        case tree.Layer():
            head = flat_text((keyword, " ", phrases.declarations(statement.declared)))
            yield _unit(1, _definition(statement.definition), statement.span, head)
        case _:
            yield _unit(1, (keyword, " ", _declaration(statement)), statement.span)


def _definition(definition: tree.Expression | tree.Distribution) -> Doc:
    if isinstance(definition, tree.Distribution):
        return (" ~", Nest(_CONTINUATION, (Line(), phrases.use_of(definition.call))))
    return (" =", Nest(_CONTINUATION, (Line(), phrases.expression(definition))))


def _declaration(
    statement: tree.Graph | tree.Port | tree.Param | tree.Start | tree.Share | tree.Energy | tree.Generate,
) -> Doc:
    match statement:
        case tree.Graph():
            return phrases.names(statement.names)
        case tree.Port():
            return phrases.declared(statement.declared)
        case tree.Param():
            return _param(statement)
        case tree.Start():
            return (statement.name.name, _definition(statement.value))
        case tree.Share():
            return (statement.name.name, _definition(statement.call))
        case tree.Energy():
            units = phrases.declarations(statement.units)
            return (statement.name.name, "(", units, ")", _definition(statement.definition))
        case tree.Generate():
            return _generate(statement)


def _param(node: tree.Param) -> Doc:
    parts: list[Doc] = [phrases.declarations(node.declared)]
    parts += [f" {attribute.name}" for attribute in node.attributes]
    if node.value is not None:
        parts.append(_definition(node.value))
    if node.distribution is not None:
        parts.append(_definition(node.distribution))
    return tuple(parts)


def _generate(node: tree.Generate) -> Doc:
    parts: list[Doc] = [f"{node.target.name} from {node.logits.name} into {node.into.name}"]
    parts.append(_by(node.search))
    if node.until is not None:
        parts.append(f" until {phrases.string(node.until)}")
    if node.at_most is not None:
        parts += [" at_most ", phrases.expression(node.at_most)]
    return tuple(parts)


# --- training ----------------------------------------------------------------------

Clause = tree.Learn | tree.Minimize | tree.Maximize | tree.Setting | tree.Report | tree.Train


def _train(node: tree.Train, depth: int) -> Iterator[Unit]:
    """On one line where it was written so and fits; the clauses of one line stay together."""
    head = _train_head(node)
    short = _one_line_train(node)
    if "\n" not in node.span.text and flat_width(short) <= WIDTH - INDENT * depth:
        yield _unit(depth, short, node.span)
        return
    first = node.name.span if node.name else Span(node.span.source, node.span.start, node.span.start)
    yield Unit(depth, f"{head} {{", node.span.start, _opening_end(node.span, first))
    rows = _rows(node.clauses, WIDTH - INDENT * (depth + 1))
    width = max((len(word) for row in rows if (word := _aligned_word(row[0]))), default=0)
    for row in rows:
        if isinstance(row[0], tree.Train):
            yield from _train(row[0], depth + 1)
        else:
            docs = [_clause(row[0], width), *(_clause(clause, 0) for clause in row[1:])]
            yield _unit(depth + 1, joined("  ", docs), row[0].span.to(row[-1].span))
    yield _closing(depth, node.span)


def _train_head(node: tree.Train) -> str:
    return "train" + (" alternate" if node.alternate else "") + (f" {node.name.name}" if node.name else "")


def _one_line_train(node: tree.Train) -> Doc:
    if not node.clauses:
        return f"{_train_head(node)} {{}}"
    docs = [_clause(clause, 0) for clause in node.clauses]
    return (f"{_train_head(node)} {{ ", *joined("  ", docs), " }")


def _rows(clauses: Sequence[Clause], width: int) -> list[list[Clause]]:
    """The clauses by lines, as they are written, where they fit."""
    rows: list[list[Clause]] = []
    for clause in clauses:
        stage = isinstance(clause, tree.Train) or (rows and isinstance(rows[-1][-1], tree.Train))
        if rows and not stage and _same_line(rows[-1][-1].span, clause.span):
            rows[-1].append(clause)
        else:
            rows.append([clause])
    return [part for row in rows for part in _fitting(row, width)]


def _fitting(row: list[Clause], width: int) -> list[list[Clause]]:
    if len(row) == 1:
        return [row]
    fits = flat_width(joined("  ", [_clause(clause, 0) for clause in row])) <= width
    return [row] if fits else [[clause] for clause in row]


def _same_line(first: Span, second: Span) -> bool:
    return "\n" not in first.source.text[first.end : second.start] and bool(second.source.text)


def _aligned_word(clause: Clause) -> str | None:
    """The word of a clause whose value is aligned: the objective's and the optimizer's."""
    match clause:
        case tree.Minimize() | tree.Maximize():
            return type(clause).__name__.lower()
        case tree.Setting() if clause.name.name == "optimizer":
            return clause.name.name
    return None


def _clause(clause: Clause, width: int) -> Doc:
    match clause:
        case tree.Learn():
            return _learn(clause)
        case tree.Minimize():
            return ("minimize".ljust(width), " ", phrases.expression(clause.objective))
        case tree.Maximize():
            objective = phrases.expression(clause.objective)
            return ("maximize".ljust(width), " ", objective, _by(clause.rule))
        case tree.Setting():
            return _setting(clause, width)
        case tree.Report():
            measures = joined((",", Line()), [phrases.expression(measure) for measure in clause.measures])
            return ("report ", Nest(_CONTINUATION, measures))
        case tree.Train():
            return _one_line_train(clause)


def _learn(node: tree.Learn) -> Doc:
    if node.names is not None:
        learned = phrases.names(node.names)
    else:
        learned = f"all except {phrases.names(node.excepted)}" if node.excepted else "all"
    return (f"learn {learned}", _by(node.rule))


def _by(rule: tree.Call | None) -> Doc:
    return "" if rule is None else (" by ", phrases.use_of(rule))


def _setting(node: tree.Setting, width: int) -> Doc:
    name = node.name.name
    if name == "optimizer":
        value = (
            phrases.use_of(node.value)
            if isinstance(node.value, tree.Call)
            else phrases.expression(node.value)
        )
        return (name.ljust(width), " ", value)
    words = "".join(f" {word.name}" for word in node.words)
    if name == "window":
        return (f"{name} ", phrases.expression(node.value), words)
    return (f"{name}{words} ", phrases.expression(node.value))


# --- data --------------------------------------------------------------------------


def _data(node: tree.Data) -> Iterator[Unit]:
    """On one line where it was written so and fits."""
    source = phrases.string(node.source) if isinstance(node.source, tree.String) else node.source.name
    split = [] if node.split is None else [node.split]
    parts: list[tree.Binding | tree.Split | tree.Fold] = [*node.bindings, *split]
    parts.sort(key=lambda part: part.span.start)
    if not parts:
        yield _unit(1, f"data {source}", node.span)
        return
    docs = [_binding(part) if isinstance(part, tree.Binding) else _split(part) for part in parts]
    short = (f"data {source} {{ ", *joined(", ", docs), " }")
    if "\n" not in node.span.text and flat_width(short) <= WIDTH - INDENT:
        yield _unit(1, short, node.span)
        return
    yield Unit(1, f"data {source} {{", node.span.start, _opening_end(node.span, node.source.span))
    for part in parts:
        if isinstance(part, tree.Binding):
            yield _unit(2, _definition(part.value), part.span, part.name.name)
        else:
            yield _unit(2, _split(part), part.span)
    yield _closing(1, node.span)


def _binding(node: tree.Binding) -> Doc:
    return (f"{node.name.name} = ", phrases.expression(node.value))


def _split(node: tree.Split | tree.Fold) -> Doc:
    if isinstance(node, tree.Fold):
        return ("split fold ", phrases.expression(node.number), " of ", phrases.expression(node.count))
    order = "in_order " if node.in_order else ""
    return f"split {order}{' : '.join(phrases.number(share) for share in node.shares)}"
