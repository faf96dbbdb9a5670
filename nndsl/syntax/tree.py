"""The syntax tree: what a `.nn` file says, word for word, before any meaning is decided.

Every node is frozen and carries its span, which takes no part in equality, so two
trees are equal when they say the same. `Spec.comments` keeps the comments for the
formatter. Names are `Name` nodes, so that every mistake has a place.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nndsl.source import Source, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    span: Span = field(compare=False, repr=False)


# --- expressions -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number(Node):
    """`0.1`, `5`, `1e-3`: an int where it is written without point and exponent."""

    value: int | float


@dataclass(frozen=True, slots=True)
class String(Node):
    value: str


@dataclass(frozen=True, slots=True)
class Truth(Node):
    """`yes` or `no`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Extents(Node):
    """`5x5`, `24x24x3`: the size of a window or a grid; of one number after `over` and `window` only."""

    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Name(Node):
    name: str


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`G.nodes`."""

    owner: Name
    name: Name


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`h[t-1]`, `K[j]`, `A[t, j]`."""

    value: Expression
    picks: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Transposed(Node):
    """`W'`."""

    value: Name


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x`, `not x`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Arithmetic `+ - * / ^`, comparison `< <= > >= == !=`, and `and`, `or`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Option(Node):
    """`stride = 2` in a call. A bare word (`unshared`, `causal`) is a `Name` among the arguments."""

    name: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class Ramp(Node):
    """`10 -> 1`: a value that goes from one number to another over the training."""

    start: Expression
    end: Expression


@dataclass(frozen=True, slots=True)
class Tuple(Node):
    """`(0.9, 0.98)`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Array(Node):
    """`[[1, 2, 1], [0, 0, 0]]`: given numbers."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`full(x, W)`, `local'(x, 2x2, stride = 2)`, `full(x, to width)`, `E(v = x)`.

    The three argument forms with words of their own are `To`, `Along` and `Rule`.
    """

    function: Name
    transposed: bool
    arguments: tuple[Expression, ...]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class To(Node):
    """`to 64` or `to [heads, 16]` among the arguments of a connection."""

    units: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Along(Node):
    """`along tokens` among the arguments of a connection."""

    axis: Name


@dataclass(frozen=True, slots=True)
class Rule(Node):
    """`(j -> i) where abs(i - j) <= 2` among the arguments of `wired`."""

    source: Name
    target: Name
    condition: Expression


@dataclass(frozen=True, slots=True)
class Repeated(Node):
    """`encoder_layer(x, heads) repeated 6 shared`."""

    call: Call
    count: Expression
    shared: bool


@dataclass(frozen=True, slots=True)
class Reduce(Node):
    """`sum(m over j in neighbours(i) where …)`, `max(c over window 2x2, stride = 1)`, `last(h over T)`."""

    operation: Name
    body: Expression
    over: Over
    condition: Expression | None
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Given(Node):
    """`h | E, v = x`: a unit group of an energy given others; `settle(E, v from x)` uses `From`."""

    unit: Name
    energy: Name


@dataclass(frozen=True, slots=True)
class From(Node):
    """`v from x`: where a descent begins."""

    unit: Name
    value: Expression


Expression = (
    Number
    | String
    | Truth
    | Extents
    | Name
    | Member
    | Index
    | Transposed
    | Unary
    | Binary
    | Ramp
    | Tuple
    | Array
    | Call
    | To
    | Along
    | Rule
    | Repeated
    | Reduce
    | Given
    | From
)


# --- index sets --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetRange(Node):
    """`1..50 until stable`: a clock of its own."""

    first: Expression
    last: Expression
    until_stable: bool


@dataclass(frozen=True, slots=True)
class SetCall(Node):
    """`neighbours(i)`."""

    function: Name
    element: Name


@dataclass(frozen=True, slots=True)
class Window(Node):
    """`window 2x2`."""

    extents: Expression


IndexSet = Name | Member | Extents | SetRange | SetCall | Window


@dataclass(frozen=True, slots=True)
class Element(Node):
    """`t in T`, `(j -> i) in G.edges`, bare `T`, a grid `28x28`, or one named side of `(h, w)`.

    `source` is set for an edge only; `name` is None where the element is not named.
    """

    name: Name | None
    source: Name | None
    of: IndexSet


@dataclass(frozen=True, slots=True)
class Over(Node):
    """`over t in T`, `over (i in G.nodes, t in T)`, `over (h, w)`.

    `grid` tells the last form, a grid of unknown extents, whose sides are the elements' sets.
    """

    elements: tuple[Element, ...]
    grid: bool


# --- declarations ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Declared(Node):
    """`h[heads, d/heads] bipolar over t in T`: a name with whatever is said of its type."""

    name: Name
    units: tuple[Expression, ...] | None
    domain: Name | None
    over: Over | None


@dataclass(frozen=True, slots=True)
class Distribution(Node):
    """`~ normal(0, 0.01)`."""

    call: Call


@dataclass(frozen=True, slots=True)
class ParameterDefault(Node):
    """A network parameter `hidden = 128`, or a constant of a block `heads`, `causal = no`."""

    name: Name
    default: Expression | None


@dataclass(frozen=True, slots=True)
class Import(Node):
    path: String


@dataclass(frozen=True, slots=True)
class Use(Node):
    """`use attention, encoder_layer from std`."""

    names: tuple[Name, ...]
    library: Name


@dataclass(frozen=True, slots=True)
class Block(Node):
    """`block name(inputs, constants) -> results { … }`.

    A parameter with brackets or `over` is a `Declared` input; a bare one is a constant.
    """

    name: Name
    parameters: tuple[Declared | ParameterDefault, ...]
    results: tuple[Name, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Network(Node):
    name: Name
    parameters: tuple[ParameterDefault, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Graph(Node):
    """`graph G`."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Port(Node):
    """`input x[64]`, `target digit[10] onehot`."""

    kind: str
    declared: Declared


@dataclass(frozen=True, slots=True)
class Param(Node):
    """`param W1, b1`, `param W symmetric no_self ~ normal(0, 0.01)`, `param K fixed = [[…]]`.

    What follows the last name (attributes, value, distribution) belongs to every name.
    """

    declared: tuple[Declared, ...]
    attributes: tuple[Name, ...]
    value: Expression | None
    distribution: Distribution | None


@dataclass(frozen=True, slots=True)
class Layer(Node):
    """`layer h[128] = …`, `output y = …`, `layer h1, e1 = block(…)`, `layer z[20] ~ normal(mu, 1)`."""

    kind: str
    declared: tuple[Declared, ...]
    definition: Expression | Distribution


@dataclass(frozen=True, slots=True)
class Start(Node):
    """`start h = …`: the value before the beginning."""

    name: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class Share(Node):
    """`share decode = decoder()`."""

    name: Name
    call: Call


@dataclass(frozen=True, slots=True)
class Energy(Node):
    """`energy E(v[784] binary, h[500] binary) = …`."""

    name: Name
    units: tuple[Declared, ...]
    definition: Expression


# --- training ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Learn(Node):
    """`learn W, b`, `learn all except C`, `learn W by kmeans(x)`.

    `names` is None for `all`; `excepted` goes with it.
    """

    names: tuple[Name, ...] | None
    excepted: tuple[Name, ...]
    rule: Call | None


@dataclass(frozen=True, slots=True)
class Minimize(Node):
    objective: Expression


@dataclass(frozen=True, slots=True)
class Maximize(Node):
    """`maximize likelihood(E, v = x) by contrastive_divergence(k = 1)`."""

    objective: Expression
    rule: Call | None


@dataclass(frozen=True, slots=True)
class Setting(Node):
    """A clause of a keyword and its values: `optimizer adam(rate = 1e-3)`, `batch 32`, `epochs 40`,
    `early_stop after 5`, `clip norm 1.0`, `window 64 carry`.

    `words` are the bare words that stand with the value (`after`, `norm`, `carry`).
    """

    name: Name
    words: tuple[Name, ...]
    value: Expression


@dataclass(frozen=True, slots=True)
class Report(Node):
    measures: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Train(Node):
    """`train { … }`, `train first { … }`, `train alternate { train a { … } train b { … } epochs 5 }`."""

    name: Name | None
    alternate: bool
    clauses: tuple[Learn | Minimize | Maximize | Setting | Report | Train, ...]


@dataclass(frozen=True, slots=True)
class Generate(Node):
    """`generate next from words into given by beam(4) until "</s>" at_most 60`."""

    target: Name
    logits: Name
    into: Name
    search: Call | None
    until: String | None
    at_most: Expression | None


@dataclass(frozen=True, slots=True)
class Binding(Node):
    """`x = image / 16`."""

    name: Name
    value: Expression


@dataclass(frozen=True, slots=True)
class Split(Node):
    """`split in_order 0.7 : 0.1 : 0.2`."""

    in_order: bool
    shares: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Fold(Node):
    """`split fold 0 of 10`."""

    number: Expression
    count: Expression


@dataclass(frozen=True, slots=True)
class Data(Node):
    """`data digits { x = image / 16, digit = label }`; the source is a name or a path in quotes."""

    source: Name | String
    bindings: tuple[Binding, ...]
    split: Split | Fold | None


Statement = Graph | Port | Param | Layer | Start | Share | Energy | Train | Generate | Data


@dataclass(frozen=True, slots=True)
class Comment(Node):
    """`# …`, with the text as written. `own_line` is false for one that follows code."""

    text: str
    own_line: bool


@dataclass(frozen=True, slots=True)
class Spec(Node):
    """One file: its imports, blocks and networks in order, and its comments."""

    source: Source = field(compare=False, repr=False)
    items: tuple[Import | Use | Block | Network, ...]
    comments: tuple[Comment, ...] = field(compare=False)
