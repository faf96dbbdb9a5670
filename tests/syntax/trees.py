"""Syntax trees at random, as hypothesis draws them: everything that the grammar can say."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from nndsl.source import Source, Span
from nndsl.syntax import tree
from nndsl.syntax.grammar import keywords

NOWHERE = Span(Source("<drawn>", ""), 0, 0)


def node(kind: type[tree.Node], *parts: SearchStrategy) -> SearchStrategy:
    return st.builds(lambda *values: kind(*values, span=NOWHERE), *parts)


def several(part: SearchStrategy, least: int = 0, most: int = 3) -> SearchStrategy:
    return st.lists(part, min_size=least, max_size=most).map(tuple)


def maybe(part: SearchStrategy) -> SearchStrategy:
    return st.none() | part


yes_or_no = st.booleans()
names = node(
    tree.Name, st.from_regex(r"[A-Za-z_][a-z0-9_]{0,8}", fullmatch=True).filter(lambda w: w not in keywords())
)
whole = node(tree.Number, st.integers(0, 10**6))
numbers = whole | node(tree.Number, st.floats(0, allow_infinity=False, allow_nan=False))
strings = node(tree.String, st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
truths = node(tree.Truth, yes_or_no)
sizes = st.integers(1, 99)
extents = node(tree.Extents, several(sizes, 2))
members = node(tree.Member, names, names)

expressions = st.deferred(lambda: _leaves | _trees)
_leaves = numbers | strings | truths | extents | names | members | node(tree.Transposed, names)

# --- index sets

set_ranges = node(tree.SetRange, whole | names, expressions, yes_or_no)
index_sets = (
    names
    | members
    | node(tree.Extents, several(sizes, 1))
    | set_ranges
    | node(tree.SetCall, names, names)
    | node(tree.Window, node(tree.Extents, several(sizes, 1)) | names)
)
bare = node(tree.Element, st.none(), st.none(), names)
elements = (
    node(tree.Element, maybe(names), st.none(), index_sets)
    | node(tree.Element, names, names, index_sets)
    | bare
)
grids = node(tree.Over, several(bare, 1), st.just(True))
crossed = several(elements, 1).filter(
    lambda found: len(found) == 1 or any(e.name or not isinstance(e.of, tree.Name) for e in found)
)
overs = grids | node(tree.Over, crossed, st.just(False))

# --- expressions

options = node(tree.Option, names, expressions | node(tree.Ramp, expressions, expressions))
arguments = (
    expressions
    | node(tree.To, several(expressions.filter(lambda e: not isinstance(e, tree.Array)), 1))
    | node(tree.Along, names)
    | node(tree.Rule, names, names, expressions)
    | node(tree.Given, names, names)
    | node(tree.From, names, expressions)
)
_window = st.just(tree.Name("window", span=NOWHERE))
calls = node(tree.Call, names, yes_or_no, several(arguments), several(options, most=2)) | node(
    tree.Call, _window, st.just(False), several(arguments), several(options, most=2)
)
_trees = (
    node(tree.Index, expressions, several(expressions, 1))
    | node(tree.Unary, st.sampled_from(["-", "not"]), expressions)
    | node(
        tree.Binary,
        st.sampled_from(["+", "-", "*", "/", "^", "<", "<=", ">", ">=", "==", "!=", "and", "or"]),
        expressions,
        expressions,
    )
    | node(tree.Tuple, several(expressions, 2))
    | node(tree.Array, several(expressions, 1))
    | calls
    | node(tree.Repeated, calls, expressions, yes_or_no)
    | node(tree.Reduce, names, expressions, overs, maybe(expressions), several(options, most=2))
)

# --- declarations

units = several(expressions, 1)
declared = node(tree.Declared, names, maybe(units), maybe(names), maybe(overs))
block_inputs = declared.filter(lambda d: d.units or d.domain or d.over)
constants = node(tree.ParameterDefault, names, maybe(expressions))
plain = node(tree.Declared, names, maybe(units), st.none(), st.none())
distributions = node(tree.Distribution, calls.filter(lambda call: call.function.name != "window"))
uses = node(tree.Call, names, yes_or_no, several(arguments, 1), several(options)) | node(
    tree.Call, names, st.just(False), st.just(()), st.just(())
)
layers = node(
    tree.Layer, st.sampled_from(["layer", "output"]), several(declared, 1), expressions | distributions
)
declarations = (
    node(tree.Graph, several(names, 1))
    | node(tree.Port, st.sampled_from(["input", "target"]), declared)
    | node(tree.Param, several(plain, 1), several(names), maybe(expressions), maybe(distributions))
    | layers
    | node(tree.Start, names, expressions)
    | node(tree.Share, names, calls)
    | node(tree.Energy, names, several(declared, 1), expressions)
)

# --- training and data


def setting(words: SearchStrategy, count: SearchStrategy, value: SearchStrategy) -> SearchStrategy:
    return node(tree.Setting, words.map(lambda word: tree.Name(word, span=NOWHERE)), count, value)


clauses = (
    node(tree.Learn, several(names, 1), st.just(()), maybe(uses))
    | node(tree.Learn, st.none(), several(names), maybe(uses))
    | node(tree.Minimize, expressions)
    | node(tree.Maximize, expressions, maybe(uses))
    | node(tree.Report, several(expressions, 1))
    | setting(st.just("optimizer"), st.just(()), uses)
    | setting(st.sampled_from(["batch", "epochs"]), st.just(()), expressions)
    | setting(st.sampled_from(["early_stop", "clip"]), several(names, 1, 1), expressions)
    | setting(st.just("window"), several(names, 0, 1), expressions)
)
stages = node(tree.Train, maybe(names), st.just(False), several(clauses))
trains = stages | node(tree.Train, maybe(names), yes_or_no, several(clauses | stages))
splits = node(tree.Split, yes_or_no, several(numbers, 2)) | node(tree.Fold, expressions, expressions)
data = node(tree.Data, names | strings, several(node(tree.Binding, names, expressions)), maybe(splits))
generates = node(tree.Generate, names, names, names, maybe(uses), maybe(strings), maybe(expressions))
statements = declarations | trains | data | generates
bodies = several(statements, most=5)

items = (
    node(tree.Import, strings)
    | node(tree.Use, several(names, 1), names)
    | node(tree.Block, names, several(block_inputs | constants), several(names, 1), bodies)
    | node(tree.Network, names, several(constants), bodies)
)
specs = st.builds(lambda found: tree.Spec(NOWHERE.source, found, (), span=NOWHERE), several(items, 0, 3))
